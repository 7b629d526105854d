"""What a returning agent is told, and what an agent is told of the way to a step."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.outcomes import BlockerCode, Recap
from workrail_engine.session.events import (
    BranchStarted,
    CheckRecorded,
    LoopExited,
    StepSkipped,
)
from workrail_engine.session.state import Node, Trace
from workrail_engine.workflow.assessments import ASSESSMENT_KIND
from workrail_engine.workflow.contracts import CONTRACTS

RECAP_BUDGET = 24 * 1024
"""Bytes of notes a returning agent is shown; the newest are never dropped for older ones."""

_ASSESSMENT_REFUSALS = {BlockerCode.INVALID_ASSESSMENT, BlockerCode.ASSESSMENT_FOLLOWUP}

BRANCH = (
    "This continues from an earlier point of the session: a new branch. What was done after that "
    "point stays recorded on the other branch and does not count here."
)


def recap(
    notes: Sequence[tuple[str, int | None, str]], omitted: int, context: JsonObject, *, newest: bool
) -> Recap:
    """The story so far.

    Args:
        notes: (step id, pass from 0, notes), newest first.
        omitted: how many older notes were left out.
        context: at the position.
        newest: whether the position is the newest of its session.
    """
    blocks = [f"### {_where(step_id, iteration)}\n{text}" for step_id, iteration, text in notes]
    return Recap(
        text="\n\n".join(blocks),
        omitted=omitted,
        context=context,
        branch_note=None
        if newest
        else "The session has moved on from this position. Completing the step from here starts a "
        "new branch.",
    )


def notices(node: Node) -> tuple[str, ...]:
    """What happened between a node and the one before it, in words."""
    return tuple(text for happening in node.trace for text in _words(happening))


def kept_parts(node: Node) -> tuple[str, ...]:
    """What a blocked attempt left on its node and need not be sent again, in words."""
    refused = {blocker.code for blocker in node.blockers}
    wrong = {
        CONTRACTS[blocker.subject].kind
        for blocker in node.blockers
        if blocker.code is BlockerCode.INVALID_ARTIFACT
    }
    if refused & _ASSESSMENT_REFUSALS:
        wrong.add(ASSESSMENT_KIND)
    notes = node.notes is not None and node.notes.strip()
    parts = ["notes"] if notes and BlockerCode.INVALID_NOTES not in refused else []
    kinds = dict.fromkeys(ref.kind for ref in node.artifacts if ref.kind not in wrong)
    return (*parts, *(f"artifact {kind}" for kind in kinds))


def late_notice(node: Node) -> str | None:
    """Said when a step runs after steps that come later in the workflow."""
    position = node.position
    if position.at is None or position.frame is not None or position.at + 1 >= position.frontier:
        return None
    return f"{node.step_id} was passed over earlier; its condition now holds, so it runs now."


def _words(happening: Trace) -> Iterator[str]:
    match happening:
        case StepSkipped():
            during = (
                f" in pass {happening.iteration + 1}" if happening.iteration is not None else ""
            )
            yield (
                f"Skipped {happening.step_id}{during}: it runs only if {happening.condition}, and "
                f"{_values(happening)}."
            )
        case LoopExited(cause="limit", passes=passes):
            yield (
                f"Loop {happening.loop_id} ended at its limit of {passes} passes; its condition still "
                "asked for more."
            )
        case LoopExited(passes=0):
            yield f"Loop {happening.loop_id} was not entered: its condition does not hold."
        case LoopExited():
            return
        case BranchStarted():
            yield BRANCH
        case CheckRecorded():
            yield f"Check {happening.check_id} was not carried out: {happening.summary}"
        case _:
            assert_never(happening)


def _values(skipped: StepSkipped) -> str:
    seen = [f"{name} is {_value(value)}" for name, value in skipped.seen]
    return ", ".join([*seen, *(f"{name} was never set" for name in skipped.unset)])


def _value(value: JsonValue) -> str:
    match value:
        case str():
            return f'"{value}"' if len(value) <= 60 else f'"{value[:60]}…"'
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case None:
            return "null"
        case _:
            return "a list or an object"


def _where(step_id: str, iteration: int | None) -> str:
    return step_id if iteration is None else f"{step_id} (pass {iteration + 1})"
