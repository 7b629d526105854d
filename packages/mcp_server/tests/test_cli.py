"""What does `workrail` print, and how does it exit?"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import cast

import click
import pytest
from click.testing import CliRunner, Result

from workrail_mcp_server.cli import SUMMARIES, load_command, main

GOOD = """\
id: team.build
name: Build a thing
description: Builds a thing and says so.
version: 1.2.0
metricsProfile: coding
steps:
  - id: make
    title: Make it
    prompt: Make the thing.
    runCondition: {var: needed, equals: true}
  - id: tell
    title: Tell
    prompt: Say what was made.
"""


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one workflow; the home and the library are empty."""
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKRAIL_BUNDLED_DIR", str(tmp_path / "bundled"))
    (tmp_path / "bundled").mkdir()
    folder = tmp_path / "project"
    put(folder / ".workrail" / "workflows" / "build.yaml", GOOD)
    monkeypatch.chdir(folder)
    return folder


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def json_of(result: Result) -> dict[str, object]:
    return cast("dict[str, object]", json.loads(result.stdout))


def test_the_table_of_commands_says_what_each_command_says() -> None:
    assert {name: load_command(name).get_short_help_str(200) for name in SUMMARIES} == dict(
        SUMMARIES
    )


def test_every_command_shows_examples_and_explains_every_option() -> None:
    commands = [main, *(load_command(name) for name in SUMMARIES)]
    for command in commands:
        if isinstance(command, click.Group) and command is not main:
            commands.extend(command.commands.values())
    assert len(commands) >= 16
    for command in commands:
        assert "Examples:" in (command.epilog or ""), command.name
        options = [each for each in command.params if isinstance(each, click.Option)]
        assert all(option.help for option in options), command.name


def test_help_comes_without_loading_the_engine_the_store_or_rich() -> None:
    script = (
        "import sys\n"
        "from workrail_mcp_server.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "heavy = {'sqlalchemy', 'pydantic', 'rich', 'mcp', 'workrail_engine.engine'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.endswith("[]\n")


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    result = run("lst")
    assert result.exit_code == 2
    assert "No such command 'lst'" in result.stderr
    assert "list" in result.stderr


def test_version_is_the_version_of_the_package() -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, "workrail, version 0.1.0\n")


def test_list_shows_each_workflow_with_its_facts(workspace: Path) -> None:
    result = run("list")
    assert result.exit_code == 0
    assert result.stdout == (
        "team.build  Build a thing  (2 steps, coding, project, team)\n"
        "    Builds a thing and says so.\n"
    )
    assert result.stderr == ""


def test_list_as_json_has_the_documented_shape(workspace: Path) -> None:
    broken = put(workspace / ".workrail" / "workflows" / "bad.yaml", "id: team.bad\nsteps: 3\n")
    result = json_of(run("list", "--json"))
    assert result["workflows"] == [
        {
            "id": "team.build",
            "name": "Build a thing",
            "description": "Builds a thing and says so.",
            "version": "1.2.0",
            "source": "project",
            "path": str(workspace / ".workrail" / "workflows" / "build.yaml"),
            "tags": ["coding", "project", "team"],
            "steps": 2,
            "routine": False,
            "shadows": [],
            "managedSource": None,
            "untrusted": False,
        }
    ]
    (bad,) = cast("list[dict[str, object]]", result["broken"])
    assert (bad["path"], bad["source"], bad["workflowId"]) == (str(broken), "project", "team.bad")
    problems = cast("list[dict[str, object]]", bad["problems"])
    assert set(problems[0]) == {"line", "pointer", "message", "expected", "suggestion"}


def test_list_names_broken_files_with_their_lines(workspace: Path) -> None:
    put(workspace / ".workrail" / "workflows" / "bad.yaml", "id: team.bad\nsteps: 3\n")
    result = run("list")
    assert result.exit_code == 0
    assert "1 file cannot be used:\n" in result.stderr
    assert "bad.yaml:2: /steps: " in result.stderr


@pytest.mark.parametrize("asked", [["builds"], ["--tag", "coding", "--tag", "team"]])
def test_list_finds_by_words_and_tags(workspace: Path, asked: list[str]) -> None:
    other = GOOD.replace("Build", "Paint").replace("build", "paint").replace("team.", "own.")
    put(workspace / "workflows" / "other.yaml", other)
    result = run("list", *asked)
    assert result.exit_code == 0
    assert result.stdout.startswith("team.build")
    assert "own.paint" not in result.stdout


def test_list_without_a_match_says_what_there_is(workspace: Path) -> None:
    result = run("list", "zebra")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        "No workflow fits. There is 1, with these tags: coding (1), project (1), team (1).\n"
    )


def test_list_where_there_is_nothing_says_where_to_put_one(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("list", "--workspace", tmp_path / "empty")
    assert result.exit_code == 1
    assert ".workrail/workflows" in result.stderr


def test_list_opens_no_store(workspace: Path, tmp_path: Path) -> None:
    run("list")
    assert not (tmp_path / "home").exists()


def test_names_from_files_cannot_steer_the_terminal(workspace: Path) -> None:
    evil = GOOD.replace("Build a thing\n", '"\\e[31mred\\u202e [bold]x[/bold]"\n', 1)
    put(workspace / ".workrail" / "workflows" / "build.yaml", evil)
    line = run("list").stdout.splitlines()[0]
    assert line.startswith("team.build  \ufffd[31mred\ufffd [bold]x[/bold]  (")


def test_inspect_shows_the_outline(workspace: Path) -> None:
    result = run("inspect", "team.build")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "Build a thing (team.build 1.2.0)"
    assert lines[2].startswith("sha256:")
    assert lines[lines.index("Steps") :] == [
        "Steps",
        "  1. Make it  [make]",
        "     runs when needed equals true",
        "     needs notes",
        "  2. Tell  [tell]",
        "     needs notes",
    ]
    assert "  - needed" in lines


def test_inspect_shows_one_step_with_its_text(workspace: Path) -> None:
    result = run("inspect", "team.build", "--step", "make")
    assert result.stdout == (
        "Make it  [make]\n  runs when needed equals true\n  needs notes\n\nMake the thing.\n"
    )


def test_inspect_as_json_has_the_documented_shape(workspace: Path) -> None:
    whole = json_of(run("inspect", "team.build", "--json"))
    assert set(whole) == {
        *("id", "name", "description", "version", "source", "path", "tags", "steps", "routine"),
        *(
            "shadows",
            "managedSource",
            "untrusted",
            "about",
            "workflowHash",
            "modelTier",
            "metaGuidance",
            "preconditions",
        ),
        *("clarificationPrompts", "examples", "references", "bindings", "contextVariables"),
        "outline",
    }
    assert json_of(run("inspect", "team.build", "--step", "tell", "--json")) == {
        "stepId": "tell",
        "title": "Tell",
        "kind": "step",
        "text": "Say what was made.",
        "runsWhen": None,
        "repeats": None,
        "requirements": ["notes"],
        "confirmation": None,
        "modelTier": None,
        "delegates": [],
        "steps": [],
    }


def test_inspect_of_an_unknown_workflow_offers_near_misses(workspace: Path) -> None:
    result = run("inspect", "team.biuld")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        'Error: There is no workflow "team.biuld". Did you mean team.build? '
        "List the workflows to see all 1 of them.\n"
    )


def test_inspect_of_an_unknown_step_names_those_there_are(workspace: Path) -> None:
    result = run("inspect", "team.build", "--step", "paint")
    assert result.exit_code == 1
    assert result.stderr == 'Error: team.build has no step "paint". It has: make, tell.\n'


def test_inspect_of_a_broken_workflow_names_every_problem(workspace: Path) -> None:
    put(workspace / ".workrail" / "workflows" / "build.yaml", "id: team.build\nsteps: 3\n")
    result = run("inspect", "team.build")
    assert result.exit_code == 1
    assert "build.yaml:2: /steps: " in result.stderr
    assert "/version: " in result.stderr
    assert "Traceback" not in result.stderr


def test_validate_passes_a_sound_folder(workspace: Path) -> None:
    result = run("validate", ".workrail/workflows")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "1 file checked, no problems.\n"


def test_validate_prints_every_problem_of_every_file(workspace: Path) -> None:
    put(workspace / "flows" / "a.yaml", GOOD.replace("prompt: Make", "promt: Make"))
    put(workspace / "flows" / "b.json", "{")
    result = run("validate", "flows")
    assert result.exit_code == 1
    first, *rest = result.stdout.splitlines()
    assert first.startswith("flows/a.yaml:9: /steps/0/promt: ")
    assert 'did you mean "prompt"?' in first
    assert rest[-1].startswith("flows/b.json:1: ")
    assert result.stderr == "2 files checked, 2 with problems.\n"


def test_validate_as_json_has_the_documented_shape(workspace: Path) -> None:
    put(workspace / "flows" / "b.json", "{")
    result = run("validate", "--json", "flows", ".workrail/workflows/build.yaml")
    assert result.exit_code == 1
    report = json_of(result)
    files = cast("list[dict[str, object]]", report["files"])
    assert (report["checked"], report["invalid"]) == (2, 1)
    assert [(file["path"], file["workflowId"]) for file in files] == [
        ("flows/b.json", None),
        (".workrail/workflows/build.yaml", "team.build"),
    ]


def test_validate_of_nothing_is_a_failed_call(workspace: Path) -> None:
    (workspace / "none").mkdir()
    assert run("validate", "none").exit_code == 2
    assert run("validate", "missing.json").exit_code == 2
    assert run("validate").exit_code == 2


def test_colours_appear_on_a_terminal_only(workspace: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    forced = {**environment, "FORCE_COLOR": "1", "TERM": "xterm"}
    program = Path(sys.executable).with_name("workrail")
    command = [program, "validate", ".workrail/workflows"]

    def printed(settings: dict[str, str]) -> bytes:
        done = subprocess.run(command, capture_output=True, env=settings, check=True, timeout=60)
        return done.stderr

    assert b"\x1b[" not in printed(environment)
    assert b"\x1b[32mno problems" in printed(forced)
    assert b"\x1b[32m" not in printed({**forced, "NO_COLOR": "1"})
