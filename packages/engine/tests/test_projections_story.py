"""How the points of a run become lines of a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from workrail_engine.ids import Digest, NodeId, SessionId, StepId
from workrail_engine.projections.session_detail import AnswerLine, ArtifactLine, NodeLine
from workrail_engine.projections.story import (
    Completion,
    Judged,
    NodeFacts,
    Point,
    course,
    node_lines,
)
from workrail_engine.session.events import Ask, BranchStarted, Position
from workrail_engine.session.state import Node, NodeKind, Trace

REF = Digest(f"sha256:{'0' * 64}")
NOBODY = Judged(SessionId("sess_a"))


@dataclass(frozen=True)
class Fact:
    node: Node
    arrival: int | None


def fact(
    number: int,
    parent: int | None,
    arrival: int | None = None,
    kind: NodeKind = "step",
    trace: tuple[Trace, ...] = (),
) -> Fact:
    node = Node(
        node_id=NodeId(number),
        parent=None if parent is None else NodeId(parent),
        kind=kind,
        step_id=StepId(f"step-{number}"),
        iteration=None,
        position=Position(),
        context_ref=REF,
        trace=trace,
    )
    return Fact(node, arrival)


def told(
    facts: Sequence[Fact],
    completions: Mapping[int, Completion],
    tip: int,
    judged: Judged = NOBODY,
    artifacts: Mapping[NodeId, Sequence[ArtifactLine]] | None = None,
) -> tuple[NodeLine, ...]:
    """A whole session, told."""
    points = [Point(f.node.node_id, f.node.parent, f.node.kind, f.arrival) for f in facts]
    nodes = [NodeFacts(f.node, f"Title {f.node.node_id}", f"t{f.node.node_id}") for f in facts]
    return node_lines(nodes, completions, artifacts or {}, judged, course(points, NodeId(tip)))


FORK = (fact(1, None), fact(2, 1, arrival=3), fact(3, 1, arrival=5), fact(4, 1, arrival=7))
ENDINGS = {n: Completion(NodeId(1), f"at {n}", f"notes {n}") for n in (3, 5, 7)}


def test_a_step_completed_twice_shows_how_it_was_completed_on_the_present_branch():
    lines = told(FORK, ENDINGS, 3)

    assert (lines[0].notes, lines[0].completed_at) == ("notes 5", "at 5")
    assert [line.on_tip_branch for line in lines] == [True, False, True, False]


def test_a_step_completed_on_other_branches_only_shows_the_latest():
    lines = told((*FORK, fact(5, None)), ENDINGS, 5)

    assert lines[0].notes == "notes 7"


def test_a_pending_step_has_no_end_and_no_notes():
    (line,) = told((fact(1, None),), {}, 1)

    assert (line.completed_at, line.notes, line.title, line.reached_at) == (
        None,
        None,
        "Title 1",
        "t1",
    )


def test_a_blocked_step_that_was_completed_later_is_complete():
    facts = (
        fact(1, None),
        fact(2, 1, kind="blocked"),
        fact(3, 2, kind="blocked"),
        fact(4, 3, arrival=9),
    )
    lines = told(facts, {9: Completion(NodeId(3), "at 9", "At last.")}, 4)

    assert [line.completed_at for line in lines] == ["at 9", "at 9", "at 9", None]
    assert [line.notes for line in lines] == [None, None, "At last.", None]


def test_an_artifact_sent_again_is_listed_once_as_accepted():
    sent = ArtifactLine(REF, "test.log", 3, accepted=True)
    tried = ArtifactLine(REF, "test.log", 3, accepted=False)

    (line,) = told((fact(1, None),), {}, 1, artifacts={NodeId(1): [sent, tried]})

    assert line.artifacts == (sent,)


def test_what_happened_on_the_way_is_told_in_words():
    facts = (fact(1, None, trace=(BranchStarted(NodeId(1)),)),)

    (line,) = told(facts, {}, 1)

    assert len(line.notices) == 1
    assert "branch" in line.notices[0]


def waiting(children: int) -> Fact:
    asked = fact(2, 1, kind="waiting")
    ask = Ask("human_approval", "Title 2", "risk is high", REF)
    return replace(asked, node=replace(asked.node, ask=ask, children=children))


def test_an_attempt_that_waits_says_what_its_approval_is_called():
    _, line = told((fact(1, None), waiting(0)), {}, 2)

    assert line.approval is not None
    assert (line.approval.approval_id, line.approval.reason) == ("sess_a.2", "risk is high")
    assert (line.approval.answer, line.approval.replaced) == (None, False)


def test_an_attempt_that_went_on_without_an_answer_was_replaced():
    facts = (fact(1, None), waiting(1), fact(3, 2))
    answer = AnswerLine("rejected", "ada", "terminal", "Why?", "at 3")

    unanswered = told(facts, {}, 3)[1].approval
    judged = Judged(SessionId("sess_a"), answers={NodeId(2): answer})
    answered = told(facts, {}, 3, judged)[1].approval

    assert unanswered is not None
    assert unanswered.replaced
    assert answered is not None
    assert (answered.answer, answered.replaced) == (answer, False)
