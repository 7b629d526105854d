"""What does `workrail doctor` print, and how does it exit?"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workrail_engine.engine import StartRequest, open_engine
from workrail_engine.system import Locations
from workrail_mcp_server.cli import main

WORKFLOW = """\
id: team.build
name: Build a thing
description: Builds a thing.
version: 1.0.0
steps:
  - {id: make, title: Make it, prompt: Make the thing.}
"""
CHECKS = ["python", "versions", "permissions", "store", "disk", "git", "sources", "workflows"]


@pytest.fixture(name="home", autouse=True)
def home_of_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound, empty installation, with no client's program."""
    bundled, project = tmp_path / "bundled", tmp_path / "project"
    bundled.mkdir()
    project.mkdir()
    (bundled / "build.yaml").write_text(WORKFLOW)
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKRAIL_BUNDLED_DIR", str(bundled))
    monkeypatch.delenv("WORKRAIL_DATABASE_URL", raising=False)
    monkeypatch.delenv("CLAUDE_BIN", raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.chdir(project)
    return tmp_path / "home"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments])


def by_check(result: Result) -> dict[str, dict[str, str | None]]:
    return {one["check"]: one for one in json.loads(result.stdout)["findings"]}


@pytest.mark.rule("CLI-73")
def test_a_sound_installation_is_told_in_lines_and_exits_with_0(home: Path) -> None:
    result = run()

    lines = result.stdout.splitlines()
    assert result.exit_code == 0, result.output
    assert [line.split()[1] for line in lines if line[0] != " "] == [
        *CHECKS,
        "server",
        "claude-code",
    ]
    assert lines[-1].startswith("skipped  claude-code")
    assert "10 checked, " in result.stderr
    assert not home.exists(), "looking makes nothing"


@pytest.mark.rule("CLI-73")
def test_each_problem_and_each_warning_comes_with_a_remedy(home: Path) -> None:
    with open_engine(Locations.from_environment()) as engine:
        engine.start(StartRequest("team.build", "Build a shed"))
    home.chmod(0o755)
    (home / "sessions.db").chmod(0o666)
    flows = Path.cwd() / "workflows"
    flows.mkdir()
    (flows / "bad.yaml").write_text("steps: [")
    before = (home / "sessions.db").read_bytes()

    result, shown = run("--json", "--offline"), run("--offline")

    found = json.loads(result.stdout)
    wrong = [one for one in found["findings"] if one["status"] in ("warning", "problem")]
    assert (result.exit_code, shown.exit_code) == (1, 1)
    assert {one["check"] for one in wrong} >= {"permissions", "workflows"}
    assert all(one["remedy"] for one in wrong)
    assert found["problems"] == sum(one["status"] == "problem" for one in wrong)
    assert found["warnings"] == sum(one["status"] == "warning" for one in wrong)
    assert f"→ chmod 600 {home / 'sessions.db'}" in shown.stdout
    assert " problems, 1 warning." in shown.stderr
    assert (home / "sessions.db").read_bytes() == before
    assert (home / "sessions.db").stat().st_mode & 0o777 == 0o666


@pytest.mark.rule("CLI-73")
def test_a_warning_alone_exits_with_0(home: Path) -> None:
    home.mkdir(mode=0o755)
    home.chmod(0o755)

    result = run("--json", "--offline")

    assert by_check(result)["permissions"]["status"] == "warning"
    assert result.exit_code == 0


@pytest.mark.rule("CLI-73")
def test_a_home_that_is_a_file_is_told_and_the_rest_is_looked_at(home: Path) -> None:
    home.write_text("no folder")

    result = run("--json", "--offline")

    assert result.exit_code == 1, result.output
    assert by_check(result)["store"]["status"] == "problem"
    assert by_check(result)["permissions"]["status"] == "problem"
    assert by_check(result)["workflows"]["status"] == "ok"
    assert by_check(result)["server"]["status"] in ("ok", "warning")
    assert all(one["remedy"] for one in by_check(result).values() if one["status"] == "problem")


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may look anywhere")
@pytest.mark.rule("CLI-73")
def test_a_home_nobody_may_look_into_is_told(home: Path) -> None:
    home.mkdir(mode=0o000)

    result = run("--json", "--offline")

    home.chmod(0o700)
    assert result.exit_code == 1, result.output
    assert by_check(result)["store"]["status"] == "problem"


@pytest.mark.rule("CLI-74")
def test_no_output_holds_the_password_of_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKRAIL_DATABASE_URL", "postgresql://ada:s3cret@127.0.0.1:1/work")

    result, shown = run("--json", "--offline"), run("--offline")

    assert (result.exit_code, shown.exit_code) == (1, 1)
    assert by_check(result)["store"]["status"] == "problem"
    assert "s3cret" not in result.output + shown.output
    assert "disk" not in by_check(result)


def test_the_lines_go_to_stdout_and_the_sum_to_stderr_without_colours() -> None:
    program = Path(sys.executable).with_name("workrail")
    done = subprocess.run(
        [program, "doctor", "--offline"],
        capture_output=True,
        env={**os.environ, "NO_COLOR": "1"},
        check=True,
        timeout=120,
    )

    assert b"\x1b" not in done.stdout + done.stderr
    assert done.stdout.startswith(b"ok ")
    assert done.stderr.count(b"\n") == 1
