"""Where on a common axis of time does each session of a work unit lie?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from workrail_engine.projections.work_unit import UnitLine, WorkUnit

AXIS: Final = 1000
"""Length of the axis; a bar is never so short that it cannot be seen."""
_THINNEST: Final = 6


@dataclass(frozen=True)
class Bar:
    """A session's own time, in parts of the axis."""

    start: int
    length: int


@dataclass(frozen=True)
class LaidOut:
    """A line of the unit and its bar."""

    line: UnitLine
    bar: Bar | None
    """None where its times are not known."""


def laid_out(unit: WorkUnit) -> tuple[LaidOut, ...]:
    """Every line with its bar on the axis from the first start to the last change."""
    spans = [_span(line) for line in unit.lines]
    known = [span for span in spans if span is not None]
    bars = _bars(spans, known) if known else [None for _ in spans]
    return tuple(LaidOut(line, bar) for line, bar in zip(unit.lines, bars, strict=True))


def _span(line: UnitLine) -> tuple[float, float] | None:
    summary = line.listed.summary
    if not summary.created_at or not summary.updated_at:
        return None
    start = datetime.fromisoformat(summary.created_at).timestamp()
    return start, max(start, datetime.fromisoformat(summary.updated_at).timestamp())


def _bars(
    spans: Sequence[tuple[float, float] | None], known: Sequence[tuple[float, float]]
) -> list[Bar | None]:
    first = min(start for start, _ in known)
    whole = max(end for _, end in known) - first
    return [None if span is None else _bar(span, first, whole) for span in spans]


def _bar(span: tuple[float, float], first: float, whole: float) -> Bar:
    scale = AXIS / whole if whole else 0.0
    start = min(round((span[0] - first) * scale), AXIS - _THINNEST)
    length = max(_THINNEST, round((span[1] - span[0]) * scale)) if whole else AXIS
    return Bar(start, min(length, AXIS - start))
