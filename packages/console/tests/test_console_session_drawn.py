"""Entries of a story on a line of time, and as a graph."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from workrail_console.graph import graph
from workrail_console.story import entries_of, story
from workrail_console.timeline import LENGTH, Timeline, timeline
from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.projections.session_detail import AnswerLine, ApprovalLine, NodeLine
from workrail_engine.projections.session_summary import SessionSummary

NOW = datetime(2026, 11, 22, 11, 0, tzinfo=UTC)


def at(minute: int) -> str:
    return f"2026-11-22T10:{minute:02}:00Z"


def a_step(node: int, parent: int | None, start: int, end: int | None) -> NodeLine:
    return NodeLine(
        node_id=NodeId(node),
        parent=None if parent is None else NodeId(parent),
        kind="step",
        step_id="look",
        title=f"Step {node}",
        iteration=None,
        reached_at=at(start),
        completed_at=None if end is None else at(end),
        notes=None,
        artifacts=(),
        blockers=(),
        notices=(),
        on_tip_branch=True,
    )


def drawn(lines: list[NodeLine]) -> Timeline:
    return timeline(entries_of(story(lines)), lines, NOW)


def test_bars_lie_where_their_time_is_between_the_first_moment_and_the_last() -> None:
    told = drawn([a_step(1, None, 0, 10), a_step(2, 1, 10, 40)])

    assert [(bar.spans[0].start, bar.spans[0].length) for bar in told.bars] == [
        (0, 250),
        (250, 750),
    ]
    assert [tick.place for tick in told.ticks] == [0, 250, 500, 750, 1000]
    assert not told.waited


@pytest.mark.rule("CON-62")
def test_time_in_which_a_person_was_waited_for_is_a_span_of_its_own() -> None:
    approval = ApprovalLine(
        "sess_a.2",
        "human_approval",
        None,
        Digest("sha256:1"),
        None,
        None,
        AnswerLine("approved", "ada", "terminal", None, at(30)),
        replaced=False,
    )
    waits = replace(a_step(2, 1, 10, 40), kind="waiting", approval=approval)

    told = drawn([replace(a_step(1, None, 0, 40)), waits])

    (bar,) = told.bars
    assert [(span.kind, span.start, span.length) for span in bar.spans] == [
        ("work", 0, 250),
        ("wait", 250, 500),
        ("work", 750, 250),
    ]
    assert told.waited


def test_the_three_that_took_longest_are_ranked() -> None:
    lines = [
        a_step(number, number - 1 or None, number * 10 - 10, number * 10 - 10 + length)
        for number, length in ((1, 2), (2, 9), (3, 4), (4, 8))
    ]

    assert [bar.rank for bar in drawn(lines).bars] == [None, 1, 3, 2]


def test_a_step_left_open_for_long_does_not_press_the_others_to_nothing() -> None:
    lines = [a_step(1, None, 0, 8), replace(a_step(2, 1, 8, None))]
    told = timeline(entries_of(story(lines)), lines, datetime(2027, 1, 1, tzinfo=UTC))

    done, still_open = told.bars
    assert done.spans[0].length == LENGTH * 8 // 10
    assert still_open.ended_at is None


def test_a_session_without_times_has_no_bars() -> None:
    lines = [replace(a_step(1, None, 0, None), reached_at="")]

    assert drawn(lines).bars == ()


def test_a_branch_that_was_left_has_a_lane_of_its_own() -> None:
    lines = [
        a_step(1, None, 0, 5),
        replace(a_step(2, 1, 5, 9), on_tip_branch=False),
        replace(a_step(3, 2, 9, None), on_tip_branch=False),
        a_step(4, 1, 10, None),
    ]

    drawing = graph(entries_of(story(lines)), ())

    left = {box.entry.nodes[0]: box.x for box in drawing.boxes}
    assert left[NodeId(1)] == left[NodeId(4)] < left[NodeId(2)] == left[NodeId(3)]
    assert len({box.y for box in drawing.boxes}) == 4
    assert [edge.on_tip_branch for edge in drawing.edges] == [False, False, True]
    assert drawing.width > max(left.values())


def test_a_started_session_stands_beside_the_step_during_which_it_began() -> None:
    child = SessionSummary(
        session_id=SessionId("sess_" + "b" * 26),
        workflow_id="look",
        workflow_name="Look",
        goal="A part",
        status="running",
        step_title=None,
        steps_completed=0,
        event_count=1,
        origin="mcp",
        parent_session_id=None,
        repository=None,
        branch=None,
        created_at=at(12),
        updated_at=at(12),
    )

    drawing = graph(
        entries_of(story([a_step(1, None, 0, 10), a_step(2, 1, 10, None)])), (child, child)
    )

    second = drawing.boxes[1]
    assert [box.y - second.y for box in drawing.children] == [0, 52]
    assert drawing.height > drawing.children[1].y
