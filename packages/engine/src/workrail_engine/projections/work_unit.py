"""A session, those it started, and those they started."""

from dataclasses import dataclass

from workrail_engine.ids import SessionId
from workrail_engine.projections.listing import ListedSession
from workrail_engine.projections.runs import Spent
from workrail_engine.session.state import Status


@dataclass(frozen=True)
class UnitLine:
    """One session of a work unit; parents come before their children."""

    listed: ListedSession
    depth: int
    """0 for the root."""
    parent_missing: SessionId | None
    """The parent it names, where that is not in the store."""
    descendants: dict[Status, int]
    """Sessions below it, by status."""
    first_at: str
    last_at: str
    """When it or one below it began, and changed last."""
    critical: bool
    """Whether it lies on the way from the root to the session that changed last."""
    spent: Spent | None = None
    """What its run and those below it have used; None where there is none."""


@dataclass(frozen=True)
class WorkUnit:
    """A whole tree, however deep."""

    asked: SessionId
    lines: tuple[UnitLine, ...]
    """Root first, depth first, children in the order they began."""
    left_out: int
    """Sessions beyond the first 500."""
    cycle: bool
    """Whether a session is its own ancestor; the tree is cut there."""
