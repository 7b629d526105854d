"""What does an agent read when it looks for a session, leaves a checkpoint or opens an artifact?"""

from typing import assert_never

from workrail_engine.canonical import JsonValue
from workrail_engine.outcomes import (
    Candidate,
    Checkpointed,
    Found,
    NothingFound,
    Recorded,
    ResumeOutcome,
)
from workrail_mcp_server.present_text import TEXT_HERE, call, paragraphs, shortened

ARTIFACT_PAGE = 40_000
"""Characters of an artifact in one reply."""
_SNIPPET_SHOWN = 240
_GOAL_SHOWN = 160


def present_resume(outcome: ResumeOutcome) -> str:
    """The text of a search for sessions."""
    match outcome:
        case Found():
            return _found(outcome)
        case NothingFound():
            return _nothing_found(outcome)
        case _:
            assert_never(outcome)


def present_checkpoint(outcome: Checkpointed) -> str:
    """The text of a recorded checkpoint."""
    first = (
        "Checkpoint recorded"
        if outcome.recorded is Recorded.NOW
        else "This checkpoint was recorded before and nothing was written"
    )
    back = call("continue_workflow", {"continueToken": outcome.checkpoint_token})
    complete = call("complete_step", {"token": outcome.step_token, "notes": TEXT_HERE})
    return (
        f'{first}, in the step "{outcome.step_title}" · session {outcome.session_id}\n'
        f"The step is still pending. When it is done: {complete}\n"
        f"To come back to this point later: {back}"
    )


def present_artifact(digest: str, content: bytes, offset: int) -> str:
    """A page of an artifact.

    Args:
        digest: its name.
        content: its canonical JSON, UTF-8.
        offset: the first character to show.
    """
    text = content.decode("utf-8", "replace")
    total = len(text)
    if offset and offset >= total:
        first = call("read_artifact", {"digest": digest})
        return f"{digest} has {total:,} characters; nothing stands at {offset:,}. Begin: {first}"
    end = min(offset + ARTIFACT_PAGE, total)
    if not offset and end == total:
        return f"{digest} · {total:,} characters\n\n{text}"
    heading = f"{digest} · characters {offset:,} to {end:,} of {total:,}"
    more = (
        f"Next page: {call('read_artifact', {'digest': digest, 'offset': end})}"
        if end < total
        else "This is the end."
    )
    return paragraphs((heading, text[offset:end], more))


def _found(outcome: Found) -> str:
    shown = len(outcome.candidates)
    total = f"{outcome.total:,} or more" if outcome.more else str(outcome.total)
    count = f"{shown} of {total}" if outcome.total > shown else str(shown)
    heading = (
        "1 matching session. If you mean it, make its call."
        if outcome.total == 1
        else f"{count} matching sessions, best first. Make the call of the one you mean."
    )
    candidates = [_candidate(number, item) for number, item in enumerate(outcome.candidates, 1)]
    return paragraphs(
        (*([heading] if candidates else []), *candidates, *map(_damaged, outcome.damaged))
    )


def _damaged(session_id: str) -> str:
    return (
        f"{session_id} matches too and cannot be returned to: its record is damaged. A person can see "
        f"where with `workrail session verify {session_id}` and save what is proven with `workrail "
        f"session repair {session_id}`."
    )


def _candidate(number: int, item: Candidate) -> str:
    lines = [
        f"{number}. {item.workflow_name} ({item.workflow_id}): {shortened(item.goal, _GOAL_SHOWN)}",
        f"   {_standing(item)}",
        f"   Fits because: {'; '.join(item.why)}",
    ]
    if item.snippet and item.snippet != item.goal:
        lines.append(f"   It says: {shortened(item.snippet, _SNIPPET_SHOWN)}")
    if item.status == "waiting":
        lines.append(
            "   It waits for approval, which you cannot give. A person decides in a terminal of their "
            f"own: workrail approve {item.session_id}"
        )
    lines.append(f"   {call('continue_workflow', {'continueToken': item.token})}")
    return "\n".join(lines)


def _standing(item: Candidate) -> str:
    parts = [item.status if item.step_title is None else f'{item.status} at "{item.step_title}"']
    parts.append(f"changed {item.updated_at[:16].replace('T', ' ')} UTC")
    if item.branch is not None:
        parts.append(f"branch {item.branch}")
    if item.repository is not None:
        parts.append(item.repository)
    parts.append(item.session_id)
    return " · ".join(parts)


def _nothing_found(outcome: NothingFound) -> str:
    if outcome.sessions == 0:
        nothing: dict[str, JsonValue] = {}
        return (
            "No session is recorded here yet. To begin one, choose a workflow: "
            f"{call('list_workflows', nothing)}"
        )
    held = "1 session is" if outcome.sessions == 1 else f"{outcome.sessions:,} sessions are"
    return (
        f"Nothing found for {outcome.asked}. {held} recorded here. "
        f"Try fewer or other words, or see the newest: {call('resume_session', {})}"
    )
