"""The real Claude Code, scenario by scenario.

Outside the folders that `make test` looks in, for it needs a wheel of 168 MB: `make e2e-claude` installs
it and plays everything; `pytest e2e/claude` then plays the same here.
"""

import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).with_name("run.py")
LONGEST_SECONDS = 400
ERAS = ("2025-11-25", "2026-07-28")
NOT_INSTALLED = 2


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the runner."""
    return subprocess.run(
        (sys.executable, RUN, *arguments),
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("scenario", run("--list").stdout.split())
def test_claude_code(scenario: str, era: str) -> None:
    """Each scenario holds in each era."""
    done = run("--only", scenario, "--era", era)
    if done.returncode == NOT_INSTALLED:
        pytest.skip(done.stdout.strip())

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"ok     {scenario} ({era})" in done.stdout
