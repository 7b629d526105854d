"""Does the demo show what it says, from an empty store to a completed session?"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "demo" / "run.py"
LONGEST_SECONDS = 120


def run_demo(home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(DEMO), "--home", str(home)],
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


@pytest.mark.crash
@pytest.mark.rule("RUN-80")
def test_the_demo_survives_the_kill_and_ends_with_a_completed_session(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = run_demo(home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\n  FAILED  " not in done.stdout
    for line in (
        "ok  list_workflows knows wr.bug-investigation",
        "ok  the refusal says that the notes are missing",
        "SIGKILL to process",
        "ok  the killed server answers no more",
        "ok  it stands where it stood: Experiment 2",
        "ok  the notes made before the kill are in the reply",
        "ok  all 11 steps are in the session",
        "ok  after the kill one step was shown again, none redone",
        "ok  everything held",
    ):
        assert line in done.stdout
    assert "\x1b[" not in done.stdout, "no colour codes in a file"
    session = re.search(r"Session (sess_[a-z2-7]{26}) is stored in (.+)", done.stdout)
    assert session
    assert session[2] == str(home)
    assert (home / "sessions.db").is_file()


def test_the_demo_fails_when_its_store_cannot_be_used(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("a file where a folder belongs")
    done = run_demo(home)
    assert done.returncode == 1
    assert "\n  FAILED  " in done.stdout
    assert "everything held" not in done.stdout
