"""How did a session's branch go lately: which steps are done, and which of them took more than one try?

Told from a few rows of nodes, walked from where the session stands back towards its beginning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from workrail_engine.projections.listing import Mark
from workrail_engine.store.record import DamagedRecordError

STRIP: Final = 24
"""Nodes of a branch that a line of a list looks at."""
_OF_TIP: Final[dict[str, Mark]] = {
    "step": "current",
    "blocked": "blocked",
    "waiting": "waiting",
    "end": "end",
}


@dataclass(frozen=True)
class Point:
    """A node, as far as a list needs it."""

    node: int
    parent: int | None
    kind: str
    arrival: int | None
    """Place in the log of the completed step that led here."""
    kept: str | None
    """What an attempt left on it, as it is stored; only of the node a session stands at."""


@dataclass(frozen=True)
class Strip:
    """The end of a branch."""

    points: tuple[Point, ...]
    """From where the session stands back; at least that one."""
    marks: tuple[Mark, ...]
    """Of its steps, oldest first."""
    completed: int
    """How many of them are done."""
    retries: int
    """Refused attempts among them."""
    refused: int
    """Refused attempts at the step where the session stands."""
    whole_step: bool
    """Whether the first attempt at that step is in it."""


def strip(points: Mapping[int, Point], tip: int) -> Strip:
    """The end of the branch that leads to a node.

    Args:
        points: by number; those of other branches do no harm.
        tip: where the session stands.

    Raises:
        DamagedRecordError: that node is not there, or is of no kind a session can stand at.
    """
    branch = _branch(points, tip)
    if not branch or branch[0].kind not in _OF_TIP:
        what = "is not there" if not branch else f"cannot be one of kind '{branch[0].kind}'"
        message = f"it stands at node {tip}, which {what}"
        raise DamagedRecordError(message)
    steps = _steps(branch)
    marks: list[Mark] = [_done(step) for step in steps[:-1]]
    marks.append(_OF_TIP[branch[0].kind])
    refusals = [sum(point.kind == "blocked" for point in step) for step in steps]
    return Strip(
        points=branch,
        marks=tuple(marks),
        completed=len(steps) - 1,
        retries=sum(refusals),
        refused=refusals[-1],
        whole_step=any(point.kind in ("step", "end") for point in steps[-1]),
    )


def _branch(points: Mapping[int, Point], tip: int) -> tuple[Point, ...]:
    found: list[Point] = []
    at: int | None = tip
    while at is not None and at in points:
        found.append(points[at])
        before = points[at].parent
        at = before if before is None or before < at else None  # damage must not lead in a circle
    return tuple(found)


def _steps(branch: Sequence[Point]) -> list[list[Point]]:
    """The attempts at each step, oldest step first: one begins where its first attempt does."""
    steps: list[list[Point]] = []
    for point in reversed(branch):
        if not steps or point.kind in ("step", "end"):
            steps.append([])
        steps[-1].append(point)
    return steps


def _done(step: Sequence[Point]) -> Mark:
    return "retried" if any(point.kind == "blocked" for point in step) else "done"
