"""What does an agent read when a step is pending, blocked, or the last one is done?

A plain step costs its authored text and a few short lines: where the run stands, what completing the
step takes, and the next call, ready to be made.
"""

from collections.abc import Sequence
from typing import assert_never

from workrail_engine.canonical import JsonValue
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    Blocker,
    BlockerCode,
    Completed,
    Recorded,
    Requirement,
    StepReady,
    StepView,
    Waiting,
)
from workrail_mcp_server.present_approval import present_waiting
from workrail_mcp_server.present_background import background
from workrail_mcp_server.present_pages import StepReply, with_text
from workrail_mcp_server.present_text import (
    OBJECT_HERE,
    OBJECTS_HERE,
    TEXT_HERE,
    as_compact_json,
    bullets,
    call,
    paragraphs,
    sentence,
)

_NOTES_CODES = frozenset(
    {
        BlockerCode.MISSING_NOTES,
        BlockerCode.INVALID_NOTES,
        BlockerCode.EVALUATION_ERROR,
        BlockerCode.APPROVAL_REJECTED,
    }
)
_FILES_CODES = frozenset({BlockerCode.CHECK_FAILED, BlockerCode.CHECK_ERROR})
"""Mended in the workspace: nothing need be sent."""
_CONTEXT_CODES = frozenset({BlockerCode.MISSING_CONTEXT, BlockerCode.INVALID_CONTEXT})


_USED = (
    "This token was used before, with other content. This is the answer recorded then; nothing was "
    "written, and what you sent now is not kept."
)
_DO_OVER = (
    "To do that step over, call continue_workflow with that token alone and complete the step with "
    "the token it gives: that starts a new branch."
)
_TRY_AGAIN = "To try again, send it with the token below."


def present(outcome: AdvanceOutcome, offset: int = 0) -> str:
    """The text of an outcome.

    Args:
        outcome: what the engine answered.
        offset: the character of the step's text to begin at, for a text too long for one reply.
    """
    match outcome:
        case StepReady():
            return _step_ready(outcome, offset)
        case Blocked():
            return _blocked(outcome, offset)
        case Completed():
            return _completed(outcome)
        case Waiting():
            return present_waiting(outcome)
        case _:
            assert_never(outcome)


def _step_ready(outcome: StepReady, offset: int) -> str:
    step = outcome.step
    said = background(outcome.session_id, outcome.preamble, outcome.recap)
    heading = f"# {step.title}\n{_where(step)}{_session(outcome)}"
    notices = "" if offset else _notices(outcome.notices)
    confirmation = () if step.confirmation is None else (step.confirmation,)
    following = f"Next: {_completion_call(outcome.token, step.requirements)}"
    reply = StepReply(
        before=paragraphs((_recorded(outcome.recorded), said)),
        heading=paragraphs((heading, notices)),
        after="\n".join((*confirmation, *_requirements(step.requirements), following)),
    )
    return with_text(reply, step.text, outcome.token, offset)


def _blocked(outcome: Blocked, offset: int) -> str:
    step = outcome.step
    said = background(outcome.session_id, outcome.preamble, outcome.recap)
    heading = f"# Not complete yet: {step.title}\n{_where(step)}{_session(outcome)}"
    notices = "" if offset else _notices(outcome.notices)
    kept = (
        (f"Kept, so it need not be sent again: {', '.join(outcome.kept)}.",) if outcome.kept else ()
    )
    retry = "\n".join((*kept, f"Next: {_retry_call(outcome)}"))
    different = outcome.recorded is Recorded.BEFORE_DIFFERENT
    recorded = f"{_USED} {_TRY_AGAIN}" if different else _recorded(outcome.recorded)
    reply = StepReply(
        before=paragraphs((recorded, said)),
        heading=paragraphs((heading, notices)),
        after=paragraphs((_blockers(outcome.blockers), retry)),
    )
    returning = outcome.preamble is not None or outcome.recap is not None
    if returning or offset:  # whoever returns has not read the step
        return with_text(reply, step.text, outcome.token, offset)
    return paragraphs((reply.before, reply.heading, reply.after))


def _completed(outcome: Completed) -> str:
    steps = "1 step" if outcome.steps_completed == 1 else f"{outcome.steps_completed} steps"
    return paragraphs(
        (
            _recorded(outcome.recorded),
            f"# Workflow complete\n{outcome.workflow_id} · {steps} completed · "
            f"session {outcome.session_id}",
            _notices(outcome.notices),
            background(outcome.session_id, None, outcome.recap),
            "Nothing is left to complete. Tell the person what came of it.",
        )
    )


def _where(step: StepView) -> str:
    parts = [f"Step {step.number} of about {step.total}"]
    if step.loop is not None:
        loop = step.loop
        parts.append(f'pass {loop.number} of at most {loop.limit} of "{loop.title}"')
    if step.model_tier is not None:
        parts.append(f"suits a {step.model_tier} model")
    return " · ".join(parts)


def _session(outcome: StepReady | Blocked) -> str:
    """The session is named at the start and on return; in between, the token says it all."""
    returning = outcome.preamble is not None or outcome.recap is not None
    return f" · session {outcome.session_id}" if returning else ""


def _recorded(recorded: Recorded) -> str:
    match recorded:
        case Recorded.NOW:
            return ""
        case Recorded.BEFORE:
            return "This call was made before. This is its recorded answer; nothing was written."
        case Recorded.BEFORE_DIFFERENT:
            return f"{_USED} {_DO_OVER}"
        case _:
            assert_never(recorded)


def _notices(notices: Sequence[str]) -> str:
    return bullets(notices)


def _requirements(requirements: Sequence[Requirement]) -> tuple[str, ...]:
    asked = [item for item in requirements if item.kind != "notes"]
    return ("Required:", bullets(_requirement(item) for item in asked)) if asked else ()


def _requirement(item: Requirement) -> str:
    text = item.text if item.required else f"optional: {item.text}"
    return (
        text if item.example is None else f"{text}, in this form:\n{as_compact_json(item.example)}"
    )


def _blockers(blockers: Sequence[Blocker]) -> str:
    """Every reason with its remedy; one remedy that serves several in a row stands under the last."""
    lines: list[str] = []
    for number, blocker in enumerate(blockers, start=1):
        said = sentence(blocker.message)
        lines.append(f"{number}. {blocker.code} ({blocker.subject}): {said}")
        following = blockers[number] if number < len(blockers) else None
        if following is None or _cure(following) != _cure(blocker):
            lines.extend(f"   {line}" for line in _cure(blocker))
    return "\n".join(lines)


def _cure(blocker: Blocker) -> tuple[str, ...]:
    return (
        (blocker.remedy,)
        if blocker.example is None
        else (blocker.remedy, as_compact_json(blocker.example))
    )


def _completion_call(token: str, requirements: Sequence[Requirement]) -> str:
    kinds = {item.kind for item in requirements if item.required}
    return _complete(
        token,
        notes=bool(kinds & {"notes", "criterion"}),
        artifacts=bool(kinds & {"artifact", "assessment"}),
        context="context" in kinds,
    )


def _retry_call(outcome: Blocked) -> str:
    codes = {blocker.code for blocker in outcome.blockers}
    return _complete(
        outcome.token,
        notes=bool(codes & _NOTES_CODES),
        artifacts=bool(codes - _NOTES_CODES - _CONTEXT_CODES - _FILES_CODES),
        context=bool(codes & _CONTEXT_CODES),
    )


def _complete(token: str, *, notes: bool, artifacts: bool, context: bool) -> str:
    arguments: dict[str, JsonValue] = {"token": token}
    if notes:
        arguments["notes"] = TEXT_HERE
    if artifacts:
        arguments["artifacts"] = OBJECTS_HERE
    if context:
        arguments["context"] = OBJECT_HERE
    return call("complete_step", arguments)
