"""`workrail lint` tells what valid files leave open, and is strict only when it is asked to be."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workrail_mcp_server.cli import main

OPEN = """\
id: team.open
name: Open
description: D
version: 1.0.0
steps:
  - id: one
    title: One
    prompt: Do it.
"""


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / ".workrail" / "workflows"
    folder.mkdir(parents=True)
    (folder / "open.yaml").write_text(OPEN)
    return folder / "open.yaml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["lint", *arguments])


@pytest.mark.rule("CHECK-46")
def test_warnings_fail_only_where_it_is_asked_to_be_strict(flow: Path) -> None:
    gentle, strict = run(str(flow)), run("--strict", str(flow))
    assert (gentle.exit_code, strict.exit_code) == (0, 1)
    assert gentle.stdout == strict.stdout
    assert f"{flow}:6: agent-word-only: step one has no gate" in gentle.stdout
    assert gentle.stderr == "1 file read, 1 warning.\n"


@pytest.mark.rule("CHECK-46")
def test_a_file_that_leaves_nothing_open_passes_when_strict(flow: Path) -> None:
    check = "    checks: [{id: d, kind: diff, mustChange: true}]\n"
    flow.write_text(OPEN + check)
    result = run("--strict")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 file read, no warnings.\n"


def test_a_broken_file_is_a_warning_that_names_the_command_for_it(flow: Path) -> None:
    flow.write_text(OPEN.replace("prompt", "promt"))
    result = run("--json")
    report = json.loads(result.stdout)
    assert report["warnings"] == 1
    (warning,) = report["files"][0]["warnings"]
    assert (warning["code"], warning["advice"]) == ("broken-file", "see `workrail validate`")


def test_without_a_file_it_says_what_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run()
    assert result.exit_code == 2
    assert "Name a file or folder." in result.stderr
