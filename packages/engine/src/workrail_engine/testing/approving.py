"""How do tests come to a step that waits for approval, and how does a person answer?"""

from pathlib import Path

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.engine import Answered, Engine, StartRequest, Submission
from workrail_engine.ids import Digest
from workrail_engine.outcomes import AdvanceOutcome, Blocked, StepReady, Waiting

PLAN = "PLAN.md"
"""The file that a checked release wants."""


def a_release(**plan: JsonValue) -> JsonObject:
    """The workflow `release`: a step to plan it, with these fields too, and a step to ship it."""
    return {
        "id": "release",
        "name": "Release",
        "description": "Ship it.",
        "version": "1.0.0",
        "steps": [
            {"id": "plan", "title": "Plan", "prompt": "Plan it.", **plan},
            {"id": "ship", "title": "Ship", "prompt": "Ship it."},
        ],
    }


def an_approved_release() -> JsonObject:
    """A release whose plan a person must approve, whatever it is."""
    return a_release(requireConfirmation={"kind": "human_approval"})


def a_checked_release(path: str = PLAN) -> JsonObject:
    """A release whose plan must be a file, and be approved by a person once it is there."""
    written: JsonObject = {"id": "written", "kind": "files", "files": [{"path": path}]}
    return a_release(checks=[written, {"id": "review", "kind": "approval"}])


def plan_a_checked_release(engine: Engine, workspace: Path, path: str = PLAN) -> Waiting:
    """Run `a_checked_release` until it waits: the first attempt lacks the file, the second has it."""
    first = engine.start(StartRequest("release", "1.0", workspace))
    assert isinstance(first, StepReady)  # noqa: S101 - a test asks this
    refused = engine.advance(first.token, Submission(notes="Planned."))
    assert isinstance(refused, Blocked)  # noqa: S101 - a test asks this
    plan = workspace / path
    plan.parent.mkdir(parents=True, exist_ok=True)
    plan.write_text("Ship at noon.")
    asked = engine.advance(refused.token, Submission())
    assert isinstance(asked, Waiting)  # noqa: S101 - a test asks this
    return asked


def answer(
    engine: Engine, asked: Waiting, note: str | None = None, *, yes: bool = True
) -> AdvanceOutcome:
    """Ada approves or rejects at a terminal what she was shown; returns how the session goes on."""
    verdict = "approved" if yes else "rejected"
    given = Answered(verdict, Digest(asked.digest), "ada", "terminal", note)
    return engine.approvals.answer(asked.approval_id, given)
