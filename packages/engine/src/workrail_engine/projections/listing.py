"""What does a list say of a session beside its own row, and what is asked for?

Times are RFC 3339 in UTC; texts are as they were written, the page shortens and escapes them.
"""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from workrail_engine.ids import SessionId
from workrail_engine.outcomes import Blocker
from workrail_engine.projections.driving import SeenDriver
from workrail_engine.projections.run_lines import RunLine
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.session.state import Status

Mark: TypeAlias = Literal["done", "retried", "blocked", "waiting", "current", "end"]
"""One step of a session's branch, in a strip of marks: `retried` is done after a blocked attempt."""


@dataclass(frozen=True)
class ListAsk:
    """Which sessions are wanted. None and False leave a condition out."""

    limit: int = 50
    before: str | None = None
    """`next_before` of the page before."""
    status: Status | None = None
    words: str | None = None
    workflow: str | None = None
    repository: str | None = None
    branch: str | None = None
    origin: str | None = None
    roots: bool = False
    """Only sessions nobody started from another session, and those whose parent is not stored."""


@dataclass(frozen=True)
class StandingReason:
    """Why a session does not go on by itself."""

    since: str
    """When it came to stand where it stands."""
    blockers: tuple[Blocker, ...]
    """Of a blocked session; empty for one that waits."""
    attempts: int
    """Attempts at the step so far that were refused, this one counted."""
    approval_id: str | None
    """Of a session that waits for an approver."""
    approver: str | None
    """`human_approval` or `coordinator_eval`."""
    reason: str | None
    """The condition under which approval is asked, in words."""


@dataclass(frozen=True)
class ListedSession:
    """A session as a row of the console's list."""

    summary: SessionSummary
    marks: tuple[Mark, ...]
    """The last steps of the branch it stands on, oldest first."""
    marks_left_out: int
    """Steps of the branch before those."""
    retries: int
    """Refused attempts among the marks shown."""
    reason: StandingReason | None
    """None while it runs, and once it is complete."""
    last_note: str | None
    """What the agent wrote last, up to 400 characters of it."""
    children: dict[Status, int]
    """Sessions started from it, by status; empty where there are none."""
    drivers: tuple[SeenDriver, ...]
    """Who drove it, last heard of first."""
    problem: str | None = None
    """Why its row cannot be told whole; the rest of the line is then as good as can be had."""
    run: RunLine | None = None
    """Of a session that is driven without a person."""


@dataclass(frozen=True)
class Total:
    """How many sessions there are of what was asked for."""

    count: int
    more: bool
    """Whether more than `count` may fit: lists are not counted beyond 10,000."""


@dataclass(frozen=True)
class ListedPage:
    """Some sessions, newest change first."""

    lines: tuple[ListedSession, ...]
    total: int
    more: bool
    """Whether more than `total` may fit: lists are not counted beyond 10,000."""
    next_before: str | None


@dataclass(frozen=True)
class Counted:
    """How many sessions have a value."""

    value: str
    count: int
    more: bool = False
    """Whether there may be more: of very many sessions only the newest are counted."""


@dataclass(frozen=True)
class Facets:
    """How the sessions that fit the rest of what was asked are spread; most first, at most 12 each."""

    statuses: tuple[Counted, ...]
    workflows: tuple[Counted, ...]
    repositories: tuple[Counted, ...]
    branches: tuple[Counted, ...]
    origins: tuple[Counted, ...]


@dataclass(frozen=True)
class Attention:
    """What waits for a person, and what goes on."""

    waiting: tuple[ListedSession, ...]
    """For an approval, longest first."""
    blocked: tuple[ListedSession, ...]
    """Latest first; those that are driven without a person are told in `runs`."""
    running: tuple[ListedSession, ...]
    """Whose driver was heard of, or which changed, within the last ten minutes; latest first."""
    waiting_total: int
    blocked_total: int
    running_total: int
    runs: tuple[ListedSession, ...] = ()
    """Whose run waits for a person, or ended with its work undone; latest first."""
    runs_total: int = 0


@dataclass(frozen=True)
class Since:
    """What came about after a moment."""

    at: str
    started: int
    by_status: dict[Status, int] = field(default_factory=dict[Status, int])
    """Sessions that changed after it, by where they stand now."""


@dataclass(frozen=True)
class Changes:
    """What changed after a place in the store's history."""

    cursor: str
    """The place the next question starts from; not to be taken apart: each database has its own."""
    sessions: tuple[SessionId, ...]
    """Changed sessions, oldest change first."""
    complete: bool
    """False when there were too many to name: everything may have changed."""
