"""What is an engine asked for?"""

from dataclasses import dataclass, field
from pathlib import Path

from workrail_engine.canonical import JsonObject, JsonValue, digest, digest_bytes
from workrail_engine.errors import InvalidSubmissionError
from workrail_engine.ids import Digest
from workrail_engine.session.commands import GOAL_LIMIT, check_text


@dataclass(frozen=True)
class StartRequest:
    """What a session is started with."""

    workflow_id: str
    goal: str
    workspace: Path | None = None
    parent_session_id: str | None = None
    context: JsonObject = field(default_factory=dict[str, JsonValue])
    origin: str = "mcp"
    call_id: str | None = None
    """Names the call: sent again with the same id, the same request begins no second session."""


@dataclass(frozen=True)
class ResumeRequest:
    """Which session is meant; what is None is not asked about."""

    query: str | None = None
    session_id: str | None = None
    branch: str | None = None
    repository: str | None = None
    limit: int = 5


def call_of(request: StartRequest) -> Digest | None:
    """What identifies a call to start, its arguments included; None when it has no id."""
    if request.call_id is None:
        return None
    named: JsonObject = {
        "call": digest_bytes(request.call_id.encode("utf-8", "surrogatepass")),
        "workflow": request.workflow_id,
        "goal": request.goal,
        "workspace": None if request.workspace is None else str(request.workspace),
        "parent": request.parent_session_id,
        "context": request.context,
        "origin": request.origin,
    }
    return Digest(digest(named))


def check_goal(goal: str) -> None:
    """Refuse a goal that says nothing or is over the limit.

    Raises:
        InvalidSubmissionError: as said.
    """
    if not goal.strip():
        message = "goal: it is empty. Say in a sentence what the session is to achieve."
        raise InvalidSubmissionError(message, field="goal")
    check_text("goal", goal, GOAL_LIMIT)


def asked_in_words(request: ResumeRequest) -> str:
    """What a request looks for, as a reply says it."""
    parts = {
        "words": request.query,
        "session": request.session_id,
        "branch": request.branch,
        "repository": request.repository,
    }
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value) or "any session"
