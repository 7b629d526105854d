"""Does the demonstration show what it promises?"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from workrail_daemon.sandbox.choosing import possible


@pytest.mark.rule("DAEMON-5")
def test_the_demonstration_shows_a_lie_found_out_and_a_bug_mended(tmp_path: Path) -> None:
    names = ("PATH", "LANG", "HOME", "TMPDIR")
    environment = {name: os.environ[name] for name in names if name in os.environ}
    ended = subprocess.run(
        [Path(sys.executable).parent / "worktrain", "demo", "--keep", tmp_path / "here"],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert f"{possible().kind if possible().kind != 'none' else 'nothing'} holds" in ended.stdout
    assert "CHECK_FAILED (tests-pass)" in ended.stdout
    assert "The workflow is complete: 3 steps." in ended.stdout
    assert "the tests pass, and none was changed" in ended.stdout
    assert (tmp_path / "here" / "home").is_dir()
