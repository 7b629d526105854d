"""When did each step run, how long, and when did a person keep it waiting?

Places on the line are whole thousandths of its length, so that a drawing needs no arithmetic. What is
still open is drawn up to now, but never longer than a part of what is known, so that a session that
was left for a week does not shrink to a dot.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeAlias

from workrail_console.story import Entry, EntryState
from workrail_engine.ids import NodeId
from workrail_engine.projections.session_detail import NodeLine

SpanKind: TypeAlias = Literal["work", "wait"]
LENGTH: Final = 1_000
_LONGEST_MARKED: Final = 3
_TICKS: Final = 4
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_NONE: Final = timedelta()
_SHORTEST: Final = timedelta(milliseconds=1)
"""A line of time has a length."""
_OPEN: Final = ("pending", "blocked", "waiting")


@dataclass(frozen=True)
class Span:
    """A stretch of a bar; `wait` is one in which a person was waited for."""

    kind: SpanKind
    start: int
    length: int


@dataclass(frozen=True)
class Bar:
    """An entry of the story on the line of time."""

    node_id: NodeId
    number: int | None
    title: str
    loop_pass: int | None
    state: EntryState
    started_at: str
    ended_at: str | None
    """None while it goes on."""
    spans: tuple[Span, ...]
    rank: int | None
    """1 for the one that took longest, and so to 3; None for all others."""
    retries: int


@dataclass(frozen=True)
class Tick:
    """A moment named below the bars."""

    at: str
    place: int


@dataclass(frozen=True)
class Timeline:
    """Bars in the order of the story."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    waited: bool
    """Whether some bar has a stretch in which a person was waited for."""


def timeline(entries: Sequence[Entry], nodes: Iterable[NodeLine], now: datetime) -> Timeline:
    """The entries that took time, with where each lies between the first moment and the last.

    Args:
        entries: of a story.
        nodes: what the entries were made from.
        now: where open bars end at the latest.
    """
    lines = {line.node_id: line for line in nodes}
    timed = [entry for entry in entries if entry.reached_at and entry.state != "checkpoint"]
    if not timed:
        return Timeline((), (), waited=False)
    scale = _scale(timed, lines.values(), now)
    longest = _longest(timed)
    bars = tuple(_bar(entry, lines, scale, longest.get(entry.nodes[0])) for entry in timed)
    waited = any(span.kind == "wait" for bar in bars for span in bar.spans)
    return Timeline(bars, _ticks(scale), waited=waited)


@dataclass(frozen=True)
class _Scale:
    start: datetime
    end: datetime

    def place(self, at: datetime) -> int:
        length = max(self.end - self.start, _SHORTEST)
        part = (min(max(at, self.start), self.end) - self.start) / length
        return round(part * LENGTH)


def _scale(entries: Sequence[Entry], nodes: Iterable[NodeLine], now: datetime) -> _Scale:
    start = min(_moment(entry.reached_at) for entry in entries)
    ends = [_moment(entry.completed_at or entry.reached_at) for entry in entries]
    known = max(*ends, *(_moment(line.reached_at) for line in nodes if line.reached_at), start)
    end = known
    if any(entry.state in _OPEN for entry in entries):
        end = min(max(now, known), _later(known, max((known - start) / 4, timedelta(minutes=1))))
    return _Scale(start, _later(end, max(_SHORTEST - (end - start), _NONE)))


def _later(at: datetime, by: timedelta) -> datetime:
    """A moment later; at the latest the last one of the calendar."""
    return at + min(by, _LAST - at)


def _longest(entries: Iterable[Entry]) -> dict[NodeId, int]:
    took = [
        (_moment(entry.completed_at) - _moment(entry.reached_at), entry.nodes[0])
        for entry in entries
        if entry.completed_at
    ]
    took.sort(reverse=True)
    if len(took) <= _LONGEST_MARKED:
        return {}
    return {node: rank for rank, (_, node) in enumerate(took[:_LONGEST_MARKED], start=1)}


def _bar(entry: Entry, lines: Mapping[NodeId, NodeLine], scale: _Scale, rank: int | None) -> Bar:
    start = _moment(entry.reached_at)
    ended_at = entry.completed_at or (None if entry.state in _OPEN else entry.reached_at)
    end = scale.end if ended_at is None else _moment(ended_at)
    own = [lines[node] for node in entry.nodes if node in lines]
    return Bar(
        node_id=entry.nodes[0],
        number=entry.number,
        title=entry.title,
        loop_pass=entry.loop_pass,
        state=entry.state,
        started_at=entry.reached_at,
        ended_at=ended_at,
        spans=tuple(_spans(start, end, _waits(own, end), scale)),
        rank=rank,
        retries=len(entry.refused),
    )


def _waits(lines: Sequence[NodeLine], end: datetime) -> list[tuple[datetime, datetime]]:
    waits: list[tuple[datetime, datetime]] = []
    for place, line in enumerate(lines):
        if line.kind == "waiting" and line.reached_at:
            answer = None if line.approval is None else line.approval.answer
            after = lines[place + 1].reached_at if place + 1 < len(lines) else ""
            until = answer.at if answer is not None else after
            waits.append((_moment(line.reached_at), _moment(until) if until else end))
    return waits


def _spans(
    start: datetime, end: datetime, waits: Iterable[tuple[datetime, datetime]], scale: _Scale
) -> Iterable[Span]:
    at = start
    for begins, ends in waits:
        if begins > at:
            yield _span("work", at, begins, scale)
        yield _span("wait", begins, ends, scale)
        at = max(at, ends)
    if at < end or at == start:
        yield _span("work", at, end, scale)


def _span(kind: SpanKind, start: datetime, end: datetime, scale: _Scale) -> Span:
    """At least a few thousandths long, so that it can be seen."""
    least = 4
    place = min(scale.place(start), LENGTH - least)
    return Span(kind, place, max(scale.place(end) - place, least))


def _ticks(scale: _Scale) -> tuple[Tick, ...]:
    step = (scale.end - scale.start) / _TICKS
    moments = [scale.start + step * number for number in range(_TICKS + 1)]
    return tuple(Tick(moment.isoformat(), scale.place(moment)) for moment in moments)


def _moment(at: str) -> datetime:
    return datetime.fromisoformat(at)
