"""How does the store do?"""

from dataclasses import dataclass

from workrail_engine.ids import SessionId
from workrail_engine.projections.driving import SeenDriver
from workrail_engine.projections.listing import Counted


@dataclass(frozen=True)
class DrivenNow:
    """A driver and what it drives."""

    seen: SeenDriver
    sessions: int
    """How many sessions it drove within the last day."""
    session_id: SessionId
    """The one it drove last."""


@dataclass(frozen=True)
class StoreHealth:
    """What can be said of a store by looking at it."""

    place: str
    """The file, or the server's address without its password."""
    kind: str
    """`SQLite 3.40.1`, `PostgreSQL 16.2`."""
    schema_version: int
    size: int | None
    """Bytes on disk, its log of changes counted; None where it cannot be known."""
    sessions: tuple[Counted, ...]
    """By status."""
    events: int
    """An estimate is good enough on a server; exact on SQLite."""
    first_at: str | None
    last_at: str | None
    """When the first session began, and when the last change came; None in an empty store."""
    drivers: tuple[DrivenNow, ...]
    """Those heard of within the last day, latest first, at most 50."""
    unread_messages: int
    """In the mailbox, not acknowledged."""
    proofs: int
    journal: str | None
    """How SQLite keeps its changes (`wal`); None on a server."""
