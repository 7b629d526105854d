"""One line of a list: what a session is and where it stands."""

from dataclasses import dataclass

from workrail_engine.ids import SessionId
from workrail_engine.session.state import Status


@dataclass(frozen=True)
class SessionSummary:
    """A session as lists show it. Times are RFC 3339 in UTC."""

    session_id: SessionId
    workflow_id: str
    workflow_name: str
    goal: str
    status: Status
    step_title: str | None
    """Title of the pending step; None once the run is complete."""
    steps_completed: int
    event_count: int
    origin: str
    parent_session_id: SessionId | None
    repository: str | None
    branch: str | None
    created_at: str
    updated_at: str


@dataclass(frozen=True)
class SessionPage:
    """Some sessions, newest change first."""

    sessions: tuple[SessionSummary, ...]
    total: int
    next_before: str | None
    """Pass as `before` for the next page; None on the last."""
    more: bool = False
    """Whether more than `total` may fit: a very common word is not counted to the end."""
