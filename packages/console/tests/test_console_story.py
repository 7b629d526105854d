"""Nodes of a run become entries that read in order."""

from dataclasses import replace
from typing import Literal

import pytest

from workrail_console.story import entries_of, story
from workrail_engine.ids import Digest, NodeId
from workrail_engine.outcomes import Blocker, BlockerCode
from workrail_engine.projections.session_detail import ArtifactLine, NodeLine

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


def test_steps_are_numbered_in_the_order_they_were_reached() -> None:
    (stretch,) = story([a_node(1, None, done=True), a_node(2, 1, done=True), a_node(3, 2)])

    assert [(entry.number, entry.state) for entry in stretch.entries] == [
        (1, "done"),
        (2, "done"),
        (3, "pending"),
    ]


@pytest.mark.rule("CON-7")
def test_a_blocked_step_that_was_tried_again_is_one_entry_with_its_refused_attempt() -> None:
    (stretch,) = story(
        [
            a_node(1, None),
            a_node(2, 1, "blocked", done=True, notes="Found it."),
            a_node(3, 2),
        ]
    )

    mended, pending = stretch.entries
    assert (mended.nodes, mended.state, mended.notes) == ((1, 2), "done", "Found it.")
    assert [attempt.blockers for attempt in mended.refused] == [(NOTES_MISSING,)]
    assert mended.refused[0].notes is None
    assert (pending.number, pending.state) == (2, "pending")


def test_notes_of_an_attempt_that_is_still_blocked_stay_with_that_attempt() -> None:
    (stretch,) = story([a_node(1, None), a_node(2, 1, "blocked", notes="Half of it.")])

    (entry,) = stretch.entries
    assert (entry.state, entry.notes) == ("blocked", None)
    assert entry.refused[0].notes == "Half of it."


@pytest.mark.rule("CON-7")
def test_a_branch_that_was_left_is_a_stretch_of_its_own() -> None:
    stretches = story(
        [
            a_node(1, None, done=True),
            a_node(2, 1, done=True, on_tip_branch=False),
            a_node(3, 2, on_tip_branch=False),
            a_node(4, 1),
        ]
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
        [
            a_node(1, None),
            a_node(2, 1, "checkpoint", notes="So far.", on_tip_branch=False),
        ]
    )

    step, checkpoint = stretch.entries
    assert step.state == "pending"
    assert (checkpoint.state, checkpoint.number, checkpoint.notes) == ("checkpoint", 1, "So far.")


def test_the_end_of_a_run_has_a_title_of_its_own() -> None:
    (stretch,) = story([a_node(1, None, done=True), a_node(2, 1, "end")])

    assert (stretch.entries[1].title, stretch.entries[1].state) == ("Run complete", "end")


def test_an_artifact_that_was_kept_and_accepted_later_is_listed_once_as_accepted() -> None:
    kept = ArtifactLine(Digest("sha256:1"), "wr.report", 10, accepted=False)
    taken = replace(kept, accepted=True)
    (stretch,) = story(
        [
            a_node(1, None),
            replace(a_node(2, 1, "blocked"), artifacts=(kept,)),
            replace(a_node(3, 2, "blocked", done=True), artifacts=(taken,)),
        ]
    )

    assert stretch.entries[0].artifacts == (taken,)


def test_notes_of_a_refused_attempt_say_what_the_next_ones_changed_in_them() -> None:
    (stretch,) = story(
        [
            a_node(1, None),
            a_node(2, 1, "blocked", notes="The lamp is dark.\nThe bulb is dead."),
            a_node(3, 2, "blocked", done=True, notes="The lamp is dark.\nThe fuse is blown."),
        ]
    )

    first, second = stretch.entries[0].refused
    assert first.changed is not None
    assert first.changed.splitlines()[1:] == [
        " The lamp is dark.",
        "-The bulb is dead.",
        "+The fuse is blown.",
    ]
    assert (second.notes, second.changed) == (None, None)


@pytest.mark.rule("CON-61")
def test_a_skipped_step_is_told_with_its_condition_and_the_values_it_saw() -> None:
    skipped = 'Skipped mend in pass 2: it runs only if broken is true, and broken is "no".'
    passed_over = replace(a_node(1, None), notices=(skipped, "Loop again was not entered."))

    (stretch,) = story([passed_over])

    (entry,) = stretch.entries
    (row,) = entry.passed_over
    assert (row.step_id, row.loop_pass) == ("mend", 2)
    assert row.why == 'runs only if broken is true, and broken is "no".'
    assert entry.notices == ("Loop again was not entered.",)


def test_passes_of_a_loop_are_parts_of_their_own() -> None:
    lines = [
        replace(a_node(number, number - 1 or None), iteration=iteration)
        for number, iteration in ((1, None), (2, 0), (3, 0), (4, 1), (5, None))
    ]

    (stretch,) = story(lines)

    assert [(part.loop_pass, len(part.entries)) for part in stretch.parts] == [
        (None, 1),
        (1, 2),
        (2, 1),
        (None, 1),
    ]


def test_a_later_part_goes_on_counting_where_the_one_before_ended() -> None:
    (main, side) = story(
        [a_node(201, 200, done=True), a_node(202, 90, on_tip_branch=False)], steps_before=180
    )

    assert main.entries[0].number == 181
    assert side.entries[0].number is None


def test_an_attempt_that_was_parted_from_its_step_finds_it_in_the_node_before() -> None:
    before = a_node(200, 199)

    stretches = story([a_node(201, 200, "blocked")], before=(before,), steps_before=180)

    (entry,) = entries_of(stretches)
    assert entry.nodes == (200, 201)


def test_what_waits_for_approval_shows_its_notes() -> None:
    waits = replace(a_node(2, 1, "blocked", notes="Ship at noon."), kind="waiting", blockers=())

    (stretch,) = story([a_node(1, None), waits])

    assert (stretch.entries[0].state, stretch.entries[0].notes) == ("waiting", "Ship at noon.")
