"""How is a run with forks drawn? Boxes in rows, one lane for each branch, lines between them.

The branch the session stands on is the first lane; each branch that was left, and each session that
was started, has a lane of its own beside it. All lengths are units of the drawing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from workrail_console.story import Entry
from workrail_engine.ids import NodeId
from workrail_engine.projections.session_summary import SessionSummary

BOX_WIDTH: Final = 220
BOX_HEIGHT: Final = 34
_ROW: Final = 52
_LANE: Final = 252
_EDGE: Final = 8


@dataclass(frozen=True)
class Box:
    """An entry of the story."""

    entry: Entry
    x: int
    y: int


@dataclass(frozen=True)
class ChildBox:
    """A session that was started, beside the step during which it was."""

    session: SessionSummary
    x: int
    y: int


@dataclass(frozen=True)
class Edge:
    """A line from the bottom or the side of one box to the next."""

    path: str
    """As SVG spells it."""
    on_tip_branch: bool


@dataclass(frozen=True)
class Graph:
    """A drawing, and how large it is."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    children: tuple[ChildBox, ...]
    edges: tuple[Edge, ...]


def graph(entries: Sequence[Entry], children: Sequence[SessionSummary]) -> Graph:
    """The entries and the started sessions, laid out."""
    lanes = _lanes(entries)
    started = _started(entries, children)
    drawn: list[Box] = []
    boxes: dict[NodeId, Box] = {}
    child_boxes: list[ChildBox] = []
    edges: list[Edge] = []
    right = max(lanes.values(), default=0) + 1
    y = _EDGE
    for entry in entries:
        first = entry.nodes[0]
        box = Box(entry, _EDGE + lanes[first] * _LANE, y)
        above = None if entry.parent is None else boxes.get(entry.parent)
        if above is not None:
            beside = not entry.on_tip_branch or entry.state == "checkpoint"
            edges.append(Edge(_path(above, box), on_tip_branch=not beside))
        drawn.append(box)
        boxes.update(dict.fromkeys(entry.nodes, box))
        rows = 1
        for number, child in enumerate(started.get(first, ())):
            beside = ChildBox(child, _EDGE + right * _LANE, y + number * _ROW)
            child_boxes.append(beside)
            edges.append(Edge(_path_beside(box, beside), on_tip_branch=False))
            rows = number + 1
        y += rows * _ROW
    lane_count = right + (1 if child_boxes else 0)
    return Graph(
        width=lane_count * _LANE - (_LANE - BOX_WIDTH) + 2 * _EDGE,
        height=y,
        boxes=tuple(drawn),
        children=tuple(child_boxes),
        edges=tuple(edges),
    )


def _lanes(entries: Iterable[Entry]) -> dict[NodeId, int]:
    """The lane of each entry, by its first node."""
    lane_of: dict[NodeId, int] = {}
    first_lanes: dict[NodeId, int] = {}
    used = 0
    for entry in entries:
        parent_lane = 0 if entry.parent is None else lane_of.get(entry.parent, 0)
        if entry.state == "checkpoint":
            lane = parent_lane + 1
        elif entry.on_tip_branch:
            lane = 0
        elif parent_lane == 0:
            used += 1
            lane = used
        else:
            lane = parent_lane
        lane_of.update(dict.fromkeys(entry.nodes, lane))
        first_lanes[entry.nodes[0]] = lane
    return first_lanes


def _started(
    entries: Sequence[Entry], children: Iterable[SessionSummary]
) -> dict[NodeId, list[SessionSummary]]:
    """Which sessions were started while which entry was the newest."""
    started: dict[NodeId, list[SessionSummary]] = {}
    for child in children:
        reached = [entry for entry in entries if entry.reached_at <= child.created_at]
        during = (reached or list(entries[:1]))[-1:]
        for entry in during:
            started.setdefault(entry.nodes[0], []).append(child)
    return started


def _path(above: Box, below: Box) -> str:
    x, y = above.x + BOX_WIDTH // 2, above.y + BOX_HEIGHT
    to_x, to_y = below.x + BOX_WIDTH // 2, below.y
    if x == to_x:
        return f"M{x} {y}V{to_y}"
    turn = to_y - (_ROW - BOX_HEIGHT) // 2
    return f"M{x} {y}V{turn}H{to_x}V{to_y}"


def _path_beside(box: Box, child: ChildBox) -> str:
    x, y = box.x + BOX_WIDTH, box.y + BOX_HEIGHT // 2
    to_y = child.y + BOX_HEIGHT // 2
    middle = child.x - 14
    return f"M{x} {y}H{middle}V{to_y}H{child.x}"
