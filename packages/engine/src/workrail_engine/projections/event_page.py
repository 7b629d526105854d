"""Some of a session's log, as a page shows it."""

from dataclasses import dataclass

from workrail_engine.canonical import JsonObject


@dataclass(frozen=True)
class EventLine:
    """An event; also one that cannot be read is told."""

    seq: int
    kind: str
    node: int | None
    at: str
    payload: JsonObject | None
    """None where it cannot be read."""
    problem: str | None
    hash: str
    """Of the event and all before it, as the next event names it; `sha256:` and 64 digits."""


@dataclass(frozen=True)
class EventPage:
    """Events in their order."""

    lines: tuple[EventLine, ...]
    total: int
    """Events the session has in all."""
    kinds: dict[str, int]
    """How many of each kind there are."""
    next_after: int | None
    """Pass as `after` for the next page; None on the last."""
