"""How did a session get where it is, point by point?"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from workrail_engine.ids import NodeId, SessionId, approval_id
from workrail_engine.projections.session_detail import (
    AnswerLine,
    ApprovalLine,
    ArtifactLine,
    CheckLine,
    NodeLine,
)
from workrail_engine.session.recap import notices
from workrail_engine.session.state import Node, NodeKind

ATTEMPTS: Final = ("blocked", "waiting")
"""Nodes that hold an attempt at the step of the node before them."""


class Point(NamedTuple):
    """A node as far as the way through the whole session needs it."""

    node: NodeId
    parent: NodeId | None
    kind: NodeKind
    arrival: int | None
    """Place in the log of the completed step that led here."""


@dataclass(frozen=True)
class Course:
    """How the nodes of a whole session follow one another."""

    branch: Set[NodeId]
    """Those on the branch that ends at the tip."""
    endings: Mapping[NodeId, int]
    """Place in the log of the completed step that ended the step of each node, where one did."""


@dataclass(frozen=True)
class NodeFacts:
    """A node and what its row adds to it."""

    node: Node
    title: str | None
    reached_at: str


@dataclass(frozen=True)
class Completion:
    """A completed step, as the log has it."""

    node: NodeId
    at: str
    notes: str | None


@dataclass(frozen=True)
class Judged:
    """What others than the agent said of a session's attempts."""

    session_id: SessionId
    checks: Mapping[NodeId, Sequence[CheckLine]] = field(
        default_factory=dict[NodeId, Sequence[CheckLine]]
    )
    """By the node the attempt was made at."""
    answers: Mapping[NodeId, AnswerLine] = field(default_factory=dict[NodeId, AnswerLine])
    """By the node that waited."""


def course(points: Sequence[Point], tip: NodeId) -> Course:
    """The way through a session.

    Args:
        points: every node, in the order they were reached.
        tip: where the session stands.
    """
    present = branch({point.node: point.parent for point in points}, tip)
    return Course(present, _endings(points, present))


def branch(parents: Mapping[NodeId, NodeId | None], tip: NodeId) -> Set[NodeId]:
    """The nodes on the branch that ends at the tip, from the parent of every node."""
    found: set[NodeId] = set()
    at: NodeId | None = tip
    while at is not None and at not in found:
        found.add(at)
        at = parents.get(at)
    return found


def node_lines(
    facts: Sequence[NodeFacts],
    completions: Mapping[int, Completion],
    artifacts: Mapping[NodeId, Sequence[ArtifactLine]],
    judged: Judged,
    way: Course,
) -> tuple[NodeLine, ...]:
    """Some nodes in order, each with what was sent there and what was said of it.

    Args:
        facts: the nodes wanted, in the order they were reached.
        completions: by place in the log, those that `way.endings` names for them.
        artifacts: by the node they were submitted for.
        judged: checks and approvals.
        way: through the whole session.
    """
    lines: list[NodeLine] = []
    for fact in facts:
        node = fact.node
        ending = completions.get(way.endings.get(node.node_id, 0))
        lines.append(
            NodeLine(
                node_id=node.node_id,
                parent=node.parent,
                kind=node.kind,
                step_id=node.step_id,
                title=fact.title,
                iteration=node.iteration,
                reached_at=fact.reached_at,
                completed_at=None if ending is None else ending.at,
                notes=_notes(node, ending),
                artifacts=_unique(artifacts.get(node.node_id, ())),
                blockers=node.blockers,
                notices=notices(node),
                on_tip_branch=node.node_id in way.branch,
                checks=tuple(judged.checks.get(node.node_id, ())),
                approval=_approval(node, judged),
            )
        )
    return tuple(lines)


def _approval(node: Node, judged: Judged) -> ApprovalLine | None:
    if node.ask is None:
        return None
    answer = judged.answers.get(node.node_id)
    return ApprovalLine(
        approval_id=approval_id(judged.session_id, node.node_id),
        approver=node.ask.approver,
        reason=node.ask.reason,
        shown=node.ask.shown,
        tree=node.ask.tree,
        diff=None if node.ask.diff is None else node.ask.diff.digest,
        answer=answer,
        replaced=answer is None and node.children > 0,
    )


def _endings(points: Sequence[Point], here: Set[NodeId]) -> dict[NodeId, int]:
    """How each node's step was completed: on the present branch if there, else most recently.

    A step whose attempt was blocked or waited is completed at that node; it is complete all the same.
    """
    endings: dict[NodeId, int] = {}
    for present in (False, True):
        for point in points:
            if (
                point.arrival is not None
                and point.parent is not None
                and (point.node in here) is present
            ):
                endings[point.parent] = point.arrival
    for point in reversed(points):
        if point.kind in ATTEMPTS and point.parent is not None and point.node in endings:
            endings.setdefault(point.parent, endings[point.node])
    return endings


def _notes(node: Node, ending: Completion | None) -> str | None:
    if ending is not None and ending.node == node.node_id:
        return ending.notes
    return node.notes


def _unique(lines: Sequence[ArtifactLine]) -> tuple[ArtifactLine, ...]:
    """Each content once; accepted if it ever was."""
    accepted_last = sorted(lines, key=lambda line: line.accepted)
    return tuple({line.digest: line for line in accepted_last}.values())
