"""Which values are the views made of that list a session's record: events, variables, proofs?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from workrail_console.context_history import KINDS, Variable, history
from workrail_console.event_words import event_words
from workrail_console.session_views.asked import Asked
from workrail_engine.canonical import JsonObject
from workrail_engine.projections.event_page import EventLine, EventPage
from workrail_engine.projections.proofs import ProofAsk, ProofLine
from workrail_engine.projections.session_window import OutlineLine
from workrail_engine.reader import Reader

EVENTS_A_PAGE: Final = 100
_CHANGES_READ: Final = 1_000
"""Events of each kind that are read for the life of variables."""
_PROOFS_SHOWN: Final = 500


@dataclass(frozen=True)
class EventRow:
    """An event, and what it says."""

    line: EventLine
    words: str


@dataclass(frozen=True)
class EventsView:
    """Some of the log."""

    page: EventPage
    rows: tuple[EventRow, ...]
    matching: int | None
    """How many events there are of the kind asked for; None where a node was asked for."""


@dataclass(frozen=True)
class OutlineRow:
    """A step, or an attempt at it, in one line."""

    line: OutlineLine
    number: int | None
    """Which step of the present branch; None for all that is no step of it."""
    retries: int
    """Refused attempts at the step."""


@dataclass(frozen=True)
class OutlineView:
    """Every step, one line each."""

    rows: tuple[OutlineRow, ...]
    nodes: int


@dataclass(frozen=True)
class ContextView:
    """The variables of a session."""

    variables: tuple[Variable, ...]
    complete: bool
    """False: the session is so long that some changes were not read."""


@dataclass(frozen=True)
class ProofsView:
    """What is proved of a session."""

    lines: tuple[ProofLine, ...]
    more: bool


@dataclass(frozen=True)
class RawView:
    """Where the record itself is to be had."""

    events: int


def events_view(reader: Reader, asked: Asked) -> EventsView:
    """Some of the log, each line with what it says."""
    page = reader.inspection.events(
        asked.session_id, asked.after, EVENTS_A_PAGE, asked.kind, asked.node
    )
    matching = page.total if asked.kind is None else page.kinds.get(asked.kind, 0)
    rows = tuple(EventRow(line, event_words(line)) for line in page.lines)
    return EventsView(page, rows, None if asked.node is not None else matching)


def outline_view(outline: Sequence[OutlineLine]) -> OutlineView:
    """Steps in their order; refused attempts are counted with their step."""
    rows: list[OutlineRow] = []
    number = 0
    for line in outline:
        own = line.kind == "step" and line.on_tip_branch
        number += own
        last = rows[-1] if rows else None
        if line.kind in ("blocked", "waiting") and last is not None:
            same = (last.line.on_tip_branch, last.line.title) == (line.on_tip_branch, line.title)
            if same and last.line.kind in ("step", "blocked", "waiting"):
                retries = last.retries + (line.kind == "blocked")
                rows[-1] = OutlineRow(last.line, last.number, retries)
                continue
        rows.append(OutlineRow(line, number if own else None, 0))
    return OutlineView(tuple(rows), len(outline))


def context_view(
    reader: Reader, asked: Asked, outline: Sequence[OutlineLine], context: JsonObject
) -> ContextView:
    """Every variable and its life."""
    lines: list[EventLine] = []
    complete = True
    for kind in KINDS:
        page = reader.inspection.events(asked.session_id, 0, _CHANGES_READ, kind)
        lines.extend(page.lines)
        complete = complete and page.next_after is None
    return ContextView(history(lines, outline, context), complete=complete)


def proofs_view(reader: Reader, asked: Asked) -> ProofsView:
    """What is proved, in the order of the log."""
    found = reader.proofs(ProofAsk(session_id=asked.session_id, limit=_PROOFS_SHOWN + 1))
    lines = sorted(found[:_PROOFS_SHOWN], key=lambda line: line.seq)
    return ProofsView(tuple(lines), more=len(found) > _PROOFS_SHOWN)


def raw_view(events: int) -> RawView:
    """Where to find the record."""
    return RawView(events)
