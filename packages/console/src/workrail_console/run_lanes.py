"""When did the model think, and when did each tool work, on a session's line of time?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workrail_engine.projections.run_story import Told, ToolUse, TurnTold

LENGTH: Final = 1_000
_THINNEST: Final = 3
_MOST: Final = 8
"""Lanes; the tools used least are drawn together."""
_OTHERS: Final = "other tools"
_MODEL: Final = "model"


@dataclass(frozen=True)
class RunBox:
    """A stretch of a lane, in thousandths of its length."""

    start: int
    length: int
    turn: int
    failed: bool


@dataclass(frozen=True)
class RunLane:
    """What one tool, or the model, took."""

    name: str
    boxes: tuple[RunBox, ...]
    ms: int
    """In all."""
    failed: int
    """How many of them were refused, failed or cut off."""


def run_lanes(told: Iterable[Told], span: tuple[str, str]) -> tuple[RunLane, ...]:
    """The model first, then tools by how much time they took.

    Args:
        told: a run's turns.
        span: the first and the last moment of the line.
    """
    begin, end = map(datetime.fromisoformat, span)
    turns = [one for one in told if isinstance(one, TurnTold)]
    used: dict[str, list[tuple[TurnTold, ToolUse]]] = {}
    for turn in turns:
        for use in turn.tools:
            used.setdefault(use.tool, []).append((turn, use))
    times = {tool: sum(use.ms or 0 for _, use in uses) for tool, uses in used.items()}
    names = sorted(used, key=lambda tool: -times[tool])
    shown, rest = (names, []) if len(names) < _MOST else (names[: _MOST - 2], names[_MOST - 2 :])
    lanes = [_model_lane(turns, begin, end)] if turns else []
    lanes.extend(_tool_lane(tool, used[tool], begin, end) for tool in shown)
    if rest:
        lanes.append(_tool_lane(_OTHERS, [one for tool in rest for one in used[tool]], begin, end))
    return tuple(lanes)


def _model_lane(turns: Sequence[TurnTold], begin: datetime, end: datetime) -> RunLane:
    boxes = [_box(turn.at, turn.ms, begin, end, (turn.turn, False)) for turn in turns]
    found = tuple(box for box in boxes if box is not None)
    return RunLane(_MODEL, found, sum(turn.ms for turn in turns), 0)


def _tool_lane(
    name: str, uses: Sequence[tuple[TurnTold, ToolUse]], begin: datetime, end: datetime
) -> RunLane:
    boxes: list[RunBox] = []
    failed = 0
    for turn, use in uses:
        bad = use.outcome not in ("ok", None)
        failed += bad
        at = use.ended_at or use.began_at
        box = None if at is None else _box(at, use.ms or 0, begin, end, (turn.turn, bad))
        if box is not None:
            boxes.append(box)
    return RunLane(name, tuple(boxes), sum(use.ms or 0 for _, use in uses), failed)


def _box(
    ended_at: str, ms: int, begin: datetime, end: datetime, of: tuple[int, bool]
) -> RunBox | None:
    """Where a stretch lies; None outside of the line."""
    last = datetime.fromisoformat(ended_at)
    first = last - timedelta(milliseconds=ms)
    whole = (end - begin) / timedelta(milliseconds=1)
    if last < begin or first > end or whole <= 0:
        return None
    start = max(0.0, (first - begin) / timedelta(milliseconds=1) / whole)
    stop = min(1.0, (last - begin) / timedelta(milliseconds=1) / whole)
    place = min(round(start * LENGTH), LENGTH - _THINNEST)
    return RunBox(place, max(round((stop - start) * LENGTH), _THINNEST), *of)
