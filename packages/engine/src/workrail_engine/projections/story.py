"""How did a session get where it is, point by point?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from workrail_engine.ids import NodeId, SessionId, approval_id
from workrail_engine.projections.session_detail import (
    AnswerLine,
    ApprovalLine,
    ArtifactLine,
    CheckLine,
    NodeLine,
)
from workrail_engine.session.recap import notices
from workrail_engine.session.state import Node


@dataclass(frozen=True)
class NodeFacts:
    """A node and what its row adds to it."""

    node: Node
    title: str | None
    arrival: int | None
    """Place in the log of the completed step that led here."""
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


def node_lines(
    facts: Sequence[NodeFacts],
    completions: Mapping[int, Completion],
    artifacts: Mapping[NodeId, Sequence[ArtifactLine]],
    judged: Judged,
    tip: NodeId,
) -> tuple[NodeLine, ...]:
    """The nodes in order, each with what was sent there and what was said of it.

    Args:
        facts: every node of the session, in the order they were reached.
        completions: by place in the log.
        artifacts: by the node they were submitted for.
        judged: checks and approvals.
        tip: where the session stands.
    """
    branch = _branch(facts, tip)
    endings = _endings(facts, completions, branch)
    return tuple(
        NodeLine(
            node_id=fact.node.node_id,
            parent=fact.node.parent,
            kind=fact.node.kind,
            step_id=fact.node.step_id,
            title=fact.title,
            iteration=fact.node.iteration,
            reached_at=fact.reached_at,
            completed_at=None if (ending := endings.get(fact.node.node_id)) is None else ending.at,
            notes=_notes(fact.node, ending),
            artifacts=_unique(artifacts.get(fact.node.node_id, ())),
            blockers=fact.node.blockers,
            notices=notices(fact.node),
            on_tip_branch=fact.node.node_id in branch,
            checks=tuple(judged.checks.get(fact.node.node_id, ())),
            approval=_approval(fact.node, judged),
        )
        for fact in facts
    )


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


def _branch(facts: Sequence[NodeFacts], tip: NodeId) -> set[NodeId]:
    parents = {fact.node.node_id: fact.node.parent for fact in facts}
    branch: set[NodeId] = set()
    at: NodeId | None = tip
    while at is not None and at not in branch:
        branch.add(at)
        at = parents.get(at)
    return branch


def _endings(
    facts: Sequence[NodeFacts], completions: Mapping[int, Completion], branch: set[NodeId]
) -> dict[NodeId, Completion]:
    """How each node's step was completed: on the present branch if there, else most recently.

    A step whose attempt was blocked or waited is completed at that node; it is complete all the same.
    """
    endings: dict[NodeId, Completion] = {}
    for fact in sorted(facts, key=lambda fact: fact.node.node_id in branch):
        if fact.arrival is not None and fact.arrival in completions:
            ending = completions[fact.arrival]
            endings[ending.node] = ending
    for fact in reversed(facts):
        node = fact.node
        if node.holds_attempt and node.parent is not None and node.node_id in endings:
            endings.setdefault(node.parent, endings[node.node_id])
    return endings


def _notes(node: Node, ending: Completion | None) -> str | None:
    if ending is not None and ending.node == node.node_id:
        return ending.notes
    return node.notes


def _unique(lines: Sequence[ArtifactLine]) -> tuple[ArtifactLine, ...]:
    """Each content once; accepted if it ever was."""
    accepted_last = sorted(lines, key=lambda line: line.accepted)
    return tuple({line.digest: line for line in accepted_last}.values())
