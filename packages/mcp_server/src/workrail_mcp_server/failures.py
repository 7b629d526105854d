"""What is an agent told when a call fails, and what must never end the server?

`guarded` is the one place where a tool's exceptions stop. An expected failure (`WorkRailError`)
says itself what to do; anything else is a fault of ours, told plainly, with its detail in the log.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from workrail_engine.errors import (
    InvalidDefinitionError,
    InvalidSourceError,
    InvalidSubmissionError,
    MissingContextError,
    SessionNotFoundError,
    SourceNotFoundError,
    UntrustedWorkflowError,
    WorkflowNotFoundError,
    WorkRailError,
)
from workrail_mcp_server.schemas import ToolSpec

FAILURE_LIMIT = 600
"""The most bytes a failure's text may have."""
_MEND = (
    "\nMend the file until `workrail validate` finds nothing, then call again. "
    "For another workflow: list_workflows {}"
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Question:
    """What a client may put before its person, so that they approve it or not."""

    approval_id: str
    digest: str
    """Of exactly what is shown."""
    text: str


@dataclass(frozen=True)
class PersonsAnswer:
    """What a client's person decided."""

    approval_id: str
    digest: str
    verdict: Literal["approved", "rejected"]
    note: str | None
    client: str


@dataclass(frozen=True)
class Told:
    """The text of an answer, and what only a person can decide before the run goes on."""

    text: str
    question: Question | None


@dataclass(frozen=True)
class Reply:
    """What a call answers: the text an agent reads, and whether it is an error."""

    text: str
    failed: bool = False
    question: Question | None = None


def guarded(spec: ToolSpec, work: Callable[[], str | Told]) -> Reply:
    """Do the work of one call; whatever it raises becomes a reply."""
    try:
        done = work()
        return Reply(done) if isinstance(done, str) else Reply(done.text, question=done.question)
    except WorkRailError as error:
        return Reply(failure_text(spec, error), failed=True)
    except BaseException:  # noqa: BLE001 - SystemExit from a library must not end the server
        _log.exception("%s failed unexpectedly", spec.name)
        return Reply(internal_text(spec), failed=True)


def failure_text(spec: ToolSpec, error: WorkRailError) -> str:
    """An expected failure, in at most `FAILURE_LIMIT` bytes."""
    head = f"{spec.name}: "
    if isinstance(error, InvalidDefinitionError):
        return head + _problem_lines(str(error), FAILURE_LIMIT - len(head) - len(_MEND)) + _MEND
    return head + bounded(f"{error}{_following(spec, error)}", FAILURE_LIMIT - len(head))


def _following(spec: ToolSpec, error: WorkRailError) -> str:
    """The next call, where the engine's message, which speaks to every program, cannot name it."""
    match error:
        case WorkflowNotFoundError():
            return " Next: list_workflows {}"
        case SessionNotFoundError():
            return " Next: resume_session {}"
        case SourceNotFoundError():
            return ' Next: manage_workflow_source {"action": "list"}'
        case UntrustedWorkflowError():
            return " Tell the person."
        case MissingContextError(variable=variable):
            return f' Next: {spec.name} again, with context {{"{variable}": …}}.'
        case InvalidSubmissionError(field=field) if spec.example not in str(error):
            return f" Next: {spec.name} again, with {field} mended."
        case InvalidSourceError():
            return f" Next: {spec.name} again, with that mended."
        case _:
            return ""


def internal_text(spec: ToolSpec) -> str:
    """What an agent is told when the fault is ours."""
    told = f"{spec.name}: internal error in WorkRail; the server goes on and its log (stderr) holds it."
    if spec.reads_only:
        return f"{told} Nothing was changed. Call again; if it fails again, tell the person."
    if spec.idempotent:
        return (
            f"{told} Call again with the same arguments: what is already recorded is not recorded "
            "twice. If it fails again, tell the person."
        )
    return (
        f"{told} Call resume_session to see whether the session was started before you start it "
        "again. If it fails again, tell the person."
    )


def bounded(text: str, limit: int) -> str:
    """A text that fits in some bytes: the middle is left out, and the gap is said.

    The end is kept because it holds what to do next.
    """
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return data.decode("utf-8")
    gap = f" … ({len(data) - limit:,} bytes or more left out) … "
    room = limit - len(gap.encode())
    tail = room * 2 // 5
    start = data[: room - tail].decode("utf-8", "ignore")
    end = data[-tail:].decode("utf-8", "ignore")
    return start + gap + end


def _problem_lines(text: str, limit: int) -> str:
    """As many whole lines as fit, and how many do not."""
    lines = text.splitlines()
    kept: list[str] = []
    for line in lines:
        left = len(lines) - len(kept) - 1
        rest = f"({left} more)"
        whole = "\n".join([*kept, line, rest] if left else [*kept, line])
        if len(whole.encode("utf-8", "replace")) > limit:
            break
        kept.append(line)
    left = len(lines) - len(kept)
    if not kept:
        return bounded(text, limit)
    if left:
        kept.append(f"({left} more)")
    return "\n".join(kept)
