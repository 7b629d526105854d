"""Nodes of a run become entries that read in order."""

from dataclasses import replace
from typing import Literal

import pytest

from workrail_console.story import blockers_now, story
from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.outcomes import Blocker, BlockerCode
from workrail_engine.projections.session_detail import ArtifactLine, NodeLine, SessionDetail
from workrail_engine.projections.session_summary import SessionSummary

NOTES_MISSING = Blocker(
    BlockerCode.MISSING_NOTES, "notes", "The step needs notes.", "Send what you found as notes."
)


def a_node(
    node: int,
    parent: int | None,
    kind: Literal["step", "blocked", "checkpoint", "end"] = "step",
    *,
    done: bool = False,
    notes: str | None = None,
    on_tip_branch: bool = True,
) -> NodeLine:
    return NodeLine(
        node_id=NodeId(node),
        parent=None if parent is None else NodeId(parent),
        kind=kind,
        step_id=None if kind == "end" else "look",
        title=None if kind == "end" else "Look",
        iteration=None,
        reached_at="2026-11-22T10:00:00Z",
        completed_at="2026-11-22T10:01:00Z" if done else None,
        notes=notes,
        artifacts=(),
        blockers=(NOTES_MISSING,) if kind == "blocked" else (),
        notices=(),
        on_tip_branch=on_tip_branch,
    )


def a_session(
    *nodes: NodeLine, status: Literal["running", "blocked", "completed"] = "running"
) -> SessionDetail:
    summary = SessionSummary(
        session_id=SessionId("sess_" + "a" * 26),
        workflow_id="look-around",
        workflow_name="Look around",
        goal="Find out",
        status=status,
        step_title="Look",
        steps_completed=0,
        event_count=2,
        origin="mcp",
        parent_session_id=None,
        repository=None,
        branch=None,
        created_at="2026-11-22T10:00:00Z",
        updated_at="2026-11-22T10:00:00Z",
    )
    return SessionDetail(summary, "sha256:0", nodes, {}, ())


def test_steps_are_numbered_in_the_order_they_were_reached() -> None:
    (stretch,) = story(a_session(a_node(1, None, done=True), a_node(2, 1, done=True), a_node(3, 2)))

    assert [(entry.number, entry.state) for entry in stretch.entries] == [
        (1, "done"),
        (2, "done"),
        (3, "pending"),
    ]


@pytest.mark.rule("CON-7")
def test_a_blocked_step_that_was_tried_again_is_one_entry_with_its_refused_attempt() -> None:
    (stretch,) = story(
        a_session(
            a_node(1, None),
            a_node(2, 1, "blocked", done=True, notes="Found it."),
            a_node(3, 2),
        )
    )

    mended, pending = stretch.entries
    assert (mended.nodes, mended.state, mended.notes) == ((1, 2), "done", "Found it.")
    assert [attempt.blockers for attempt in mended.refused] == [(NOTES_MISSING,)]
    assert mended.refused[0].notes is None
    assert (pending.number, pending.state) == (2, "pending")


def test_notes_of_an_attempt_that_is_still_blocked_stay_with_that_attempt() -> None:
    detail = a_session(
        a_node(1, None), a_node(2, 1, "blocked", notes="Half of it."), status="blocked"
    )

    (stretch,) = story(detail)

    (entry,) = stretch.entries
    assert (entry.state, entry.notes) == ("blocked", None)
    assert entry.refused[0].notes == "Half of it."
    assert blockers_now(detail) == (NOTES_MISSING,)


def test_a_session_that_was_blocked_once_has_no_blockers_now() -> None:
    detail = a_session(a_node(1, None), a_node(2, 1, "blocked", done=True), a_node(3, 2))

    assert blockers_now(detail) == ()


@pytest.mark.rule("CON-7")
def test_a_branch_that_was_left_is_a_stretch_of_its_own() -> None:
    stretches = story(
        a_session(
            a_node(1, None, done=True),
            a_node(2, 1, done=True, on_tip_branch=False),
            a_node(3, 2, on_tip_branch=False),
            a_node(4, 1),
        )
    )

    assert [(part.on_tip_branch, len(part.entries)) for part in stretches] == [
        (True, 1),
        (False, 2),
        (True, 1),
    ]
    assert stretches[1].entries[1].state == "left"
    assert stretches[2].entries[0].number == 2


def test_a_checkpoint_belongs_to_the_branch_it_was_taken_on() -> None:
    (stretch,) = story(
        a_session(
            a_node(1, None),
            a_node(2, 1, "checkpoint", notes="So far.", on_tip_branch=False),
        )
    )

    step, checkpoint = stretch.entries
    assert step.state == "pending"
    assert (checkpoint.state, checkpoint.number, checkpoint.notes) == ("checkpoint", 1, "So far.")


def test_the_end_of_a_run_has_a_title_of_its_own() -> None:
    (stretch,) = story(
        a_session(a_node(1, None, done=True), a_node(2, 1, "end"), status="completed")
    )

    assert (stretch.entries[1].title, stretch.entries[1].state) == ("Run complete", "end")


def test_an_artifact_that_was_kept_and_accepted_later_is_listed_once_as_accepted() -> None:
    kept = ArtifactLine(Digest("sha256:1"), "wr.report", 10, accepted=False)
    taken = replace(kept, accepted=True)
    (stretch,) = story(
        a_session(
            a_node(1, None),
            replace(a_node(2, 1, "blocked"), artifacts=(kept,)),
            replace(a_node(3, 2, "blocked", done=True), artifacts=(taken,)),
        )
    )

    assert stretch.entries[0].artifacts == (taken,)
