"""Does docs/worktrain.md show what the commands really say?"""

import json
import re
from pathlib import Path
from typing import cast

import click
import pytest
from click.testing import CliRunner

from workrail_daemon.cli import SUMMARIES, load_command, main
from workrail_engine.agent_events import Noticed
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.engine import open_engine
from workrail_engine.ids import NodeId, SessionId

PAGE = (Path(__file__).parents[3] / "docs" / "worktrain.md").read_text("utf-8")
WORKFLOW = {
    "id": "one-step",
    "name": "One step",
    "description": "One step.",
    "version": "1.0.0",
    "steps": [{"id": "one", "title": "One", "prompt": "Do one."}],
}
FREE = frozenset({"options", "facts", "body", "content"})
"""Values whose keys are whatever their writer chose."""
OUTPUTS = {
    "worktrain await ID --json": ("await", "last", "--timeout", "0"),
    "worktrain status --json": ("status",),
    "worktrain status ID --json": ("status", "last"),
    "worktrain overview --json": ("overview",),
    "worktrain session list --json": ("session", "list"),
    "worktrain session show ID --json": ("session", "show", "last"),
    "worktrain session events ID --json": ("session", "events", "last"),
    "worktrain inbox --json": ("inbox",),
    "worktrain daemon status --json": ("daemon", "status"),
    "worktrain logs --json": ("logs",),
}
SPAWN = ("spawn", "one-step", "--goal", "Try it", "--json", "--workspace")


def command_lines() -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = [()]
    for name in SUMMARIES.keys() - {"console"}:
        lines.append((name,))
        command = load_command(name)
        if isinstance(command, click.Group):
            lines.extend((name, inner) for inner in command.commands)
    return sorted(lines)


def help_block(words: tuple[str, ...]) -> str:
    result = CliRunner().invoke(
        main, [*words, "--help"], prog_name="worktrain", terminal_width=100, max_content_width=100
    )
    assert result.exit_code == 0
    asked = " ".join(("worktrain", *words, "--help"))
    return f"```text\n$ {asked}\n{result.stdout}```\n"


@pytest.mark.rule("CLI-87")
@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_the_page_of_worktrain_holds_the_help_of_every_command(words: tuple[str, ...]) -> None:
    assert help_block(words) in PAGE


def test_the_page_of_worktrain_holds_no_help_of_commands_that_are_gone() -> None:
    shown = set(re.findall(r"^\$ (worktrain.* --help)$", PAGE, re.MULTILINE))

    assert shown == {" ".join(("worktrain", *words, "--help")) for words in command_lines()}


@pytest.fixture(name="store")
def store_with_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run that works, with an event and a message; the folder it works in."""
    workflows = tmp_path / "project" / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "one-step.json").write_text(json.dumps(WORKFLOW))
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WORKRAIL_DATABASE_URL", raising=False)
    spawned = CliRunner().invoke(main, [*SPAWN, str(tmp_path / "project")])
    session_id = SessionId(json.loads(spawned.stdout)["sessionId"])
    with open_engine() as engine:
        claim = engine.runs.claim("elsewhere:1", 60)
        assert claim is not None
        engine.journal.append(claim.lease, [Noticed(NodeId(1), "stuck", "It is.", {})])
        engine.mail.send(None, session_id, {"kind": "note", "text": "Slow."})
    return tmp_path / "project"


@pytest.mark.rule("CLI-87")
def test_the_page_of_worktrain_holds_the_shape_of_every_json_output(store: Path) -> None:
    for title, words in OUTPUTS.items():
        result = CliRunner().invoke(main, [*words, "--json"])
        assert_alike(sample(title), cast("JsonValue", json.loads(result.stdout)), title)
    spawned = CliRunner().invoke(main, [*SPAWN, str(store)])
    assert_alike(sample("worktrain spawn WORKFLOW --json"), json.loads(spawned.stdout), "spawn")


def sample(title: str) -> JsonValue:
    section = PAGE.split(f"### `{title}`", 1)[1]
    return cast("JsonObject", json.loads(section.split("```json\n", 1)[1].split("```", 1)[0]))


def assert_alike(shown: JsonValue, real: JsonValue, place: str) -> None:
    """Two values have the same keys, all the way down; lists by their first items."""
    if isinstance(shown, dict) and isinstance(real, dict):
        assert set(shown) == set(real), place
        for key in shown.keys() - FREE:
            assert_alike(shown[key], real[key], f"{place}, {key}")
    elif isinstance(shown, list) and isinstance(real, list) and shown and real:
        assert_alike(shown[0], real[0], f"{place}, its first item")
