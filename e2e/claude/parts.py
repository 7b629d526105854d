"""What do the scripted models have in common: the workflows they meet, and how they read a reply."""

import json
import re
from collections.abc import Generator
from pathlib import Path

from turns import PREFIX, Reply, ToolResult, Turn, Use

REVIEW = "e2e-review"
RELEASE = "e2e-release"
LONG = "e2e-long"
LONG_END = "The last line of the long step."
MATERIAL = "\n".join([*(f"Line {n} of many." for n in range(8_000)), LONG_END])
GOAL = "Check the change to the delivery rule"
CONNECTION_LOST = "Connection closed"
"""What Claude Code tells its model when the server ended during a call or just before it."""
_TOKEN = re.compile(r"\b(?:ct|cp|rs)_[A-Za-z0-9_-]{24}")
_WORKFLOWS = (
    {
        "id": REVIEW,
        "name": "Review a change",
        "description": "Read a change, try it, and give a verdict.",
        "version": "1.0.0",
        "metaGuidance": ["Change nothing."],
        "steps": [
            {"id": "read", "title": "Read it", "prompt": "Read every changed line."},
            {
                "id": "try",
                "title": "Try it",
                "prompt": "Run the tests and quote what they printed.",
                "validationCriteria": [
                    {"type": "contains", "value": "exit code", "message": "Name the exit code."}
                ],
            },
            {
                "id": "decide",
                "title": "Decide",
                "prompt": "Give a verdict.",
                "outputContract": {"contractRef": "wr.contracts.loop_control"},
            },
        ],
    },
    {
        "id": RELEASE,
        "name": "Release it",
        "description": "Release a version once a person agreed.",
        "version": "1.0.0",
        "steps": [
            {
                "id": "release",
                "title": "Release",
                "prompt": "Write the release notes.",
                "requireConfirmation": {"kind": "human_approval"},
            }
        ],
    },
    {
        "id": LONG,
        "name": "Read much",
        "description": "One step, as long as what it is given to read.",
        "version": "1.0.0",
        "steps": [
            {
                "id": "read",
                "title": "Read",
                "prompt": "Read all of this:\n\n{{material}}",
            }
        ],
    },
)

Part = Generator[Reply, Turn, Turn]
"""Some turns of a script; ends with the turn it saw last."""


def lay_workflows(project: Path) -> None:
    """Put the workflows of the scenarios into a project."""
    folder = project / ".workrail" / "workflows"
    folder.mkdir(parents=True)
    for workflow in _WORKFLOWS:
        (folder / f"{workflow['id']}.json").write_text(json.dumps(workflow))


def called(tool: str, **arguments: object) -> Part:
    """Call a tool of the server; the call must succeed."""
    turn = yield Use(PREFIX + tool, arguments)
    assert turn.last.tool == PREFIX + tool, turn.last
    assert not turn.last.failed, turn.last.text
    return turn


def called_again_if_lost(tool: str, **arguments: object) -> Part:
    """Call a tool of a server that may have died; the same call again must succeed."""
    turn = yield Use(PREFIX + tool, arguments)
    if turn.last.failed:
        assert CONNECTION_LOST in turn.last.text, turn.last.text
        turn = yield from called(tool, **arguments)
    return turn


def lost(tool: str, **arguments: object) -> Part:
    """Call a tool of a server that dies before its answer arrives."""
    turn = yield Use(PREFIX + tool, arguments)
    assert turn.last.failed, turn.last
    assert CONNECTION_LOST in turn.last.text, turn.last.text
    return turn


def token_in(result: ToolResult) -> str:
    """The token the next call is to be made with."""
    found = _TOKEN.findall(result.text)
    assert found, f"No token in the reply:\n{result.text}"
    return found[-1]


def shows_step(result: ToolResult, title: str) -> None:
    """The reply shows this step."""
    assert title in result.text, f"The step {title!r} is not shown:\n{result.text}"


def shows_command(result: ToolResult, command: str) -> None:
    """The reply names a command for the person."""
    assert command in result.text, f"The command {command!r} is not shown:\n{result.text}"


def is_complete(result: ToolResult) -> None:
    """The reply says that the workflow is complete."""
    assert "complete" in result.text.lower(), result.text
    assert not _TOKEN.search(result.text), result.text


def verdict() -> dict[str, object]:
    """The artifact the last step of the review demands."""
    return {"kind": "wr.loop_control", "decision": "stop"}
