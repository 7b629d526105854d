"""What lists, trees and sums say of unattended runs, on both databases."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine as Database
from sqlalchemy import event

from workrail_engine.agent_events import Noticed, RunBegun, content_of
from workrail_engine.engine import Engine
from workrail_engine.errors import ArtifactNotFoundError
from workrail_engine.ids import Digest, SessionId
from workrail_engine.projections.listing import ListAsk
from workrail_engine.projections.run_lines import rolled_up
from workrail_engine.projections.run_story import TurnTold
from workrail_engine.projections.runs import Beat, Spent
from workrail_engine.reader import open_reader, open_watch
from workrail_engine.system import Locations, SystemClock
from workrail_engine.testing.driven import TTL, Driven, a_turn, driven, with_a_workflow


@pytest.fixture(name="project")
def project_with_a_workflow(tmp_path: Path) -> Path:
    return with_a_workflow(tmp_path / "project")


def think(run: Driven, turn: int) -> bytes:
    taken, blocks = a_turn(run.node, turn)
    run.append(taken, contents=(blocks,))
    return blocks


def statements_of(act: Callable[[], object]) -> list[str]:
    found: list[str] = []

    def seen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        found.append(statement)

    event.listen(Database, "before_cursor_execute", seen)
    try:
        act()
    finally:
        event.remove(Database, "before_cursor_execute", seen)
    return found


@pytest.mark.rule("CON-209")
def test_runs_cost_a_list_the_same_few_statements_however_many_there_are(
    engine: Engine, locations: Locations, project: Path
) -> None:
    runs = [driven(engine, project, f"Run {number}") for number in range(12)]
    for run in runs:
        run.append(Noticed(run.node, "stuck", "In circles.", {"level": "warn"}))
    with open_reader(locations) as reader:
        reader.overview.listed(ListAsk(1))
        few = statements_of(lambda: reader.overview.listed(ListAsk(2)))
        many = statements_of(lambda: reader.overview.listed(ListAsk(12)))
        lines = reader.overview.listed(ListAsk(12)).lines

    assert len(few) == len(many)
    found = [line.run for line in lines]
    assert all(run is not None and run.marks[0].warned for run in found)


def test_a_row_tells_the_run_with_the_last_word_on_its_healing(
    engine: Engine, locations: Locations, project: Path
) -> None:
    run = driven(engine, project)
    think(run, 1)
    for what in ("stuck", "self_heal_started", "self_heal_succeeded"):
        run.append(Noticed(run.node, what, f"{what}.", {}))
    engine.runs.park(run.lease, "rate_limit", "Busy.", 60)

    with open_reader(locations) as reader:
        line = reader.overview.run(run.session_id)
        none = reader.overview.run(SessionId("sess_" + "a" * 26))
        figures = reader.overview.run_figures()

    assert line is not None
    assert [mark.what for mark in line.marks] == ["stuck", "self_heal_succeeded"]
    assert line.until is not None
    assert line.view.spent.turns == 1
    assert none is None
    assert figures is not None
    assert (figures.states, figures.rests) == ({"parked": 1}, {"rate_limit": 1})
    assert figures.spent.cost == 250


@pytest.mark.rule("CON-202")
def test_runs_that_need_a_person_are_told_apart_and_others_are_not(
    engine: Engine, locations: Locations, project: Path
) -> None:
    asks, fails, rests, done = (driven(engine, project, f"Run {n}") for n in range(4))
    engine.runs.park(asks.lease, "operator", "It asks.")
    fails.end()
    engine.runs.park(rests.lease, "rate_limit", "Busy.", 60)
    for _ in range(4):
        done.step()
    engine.runs.end(done.lease, "error", "After all was done.")

    with open_reader(locations) as reader:
        found = reader.overview.attention(SystemClock().now())

    needed = {line.summary.session_id for line in found.runs}
    assert needed == {asks.session_id, fails.session_id}
    assert found.runs_total == 2


@pytest.mark.rule("CON-204")
def test_a_stretch_of_turns_holds_what_came_between_them_and_nothing_else(
    engine: Engine, locations: Locations, project: Path
) -> None:
    run = driven(engine, project)
    for turn in range(1, 8):
        think(run, turn)
        run.append(Noticed(run.node, "model_retried", f"After {turn}.", {}))

    with open_reader(locations) as reader:
        stretches = [reader.inspection.run_story(run.session_id, turn, 3) for turn in (1, 5, 7)]
        newest = reader.inspection.run_story(run.session_id, None, 3)

    told = [[one.turn for one in part.told if isinstance(one, TurnTold)] for part in stretches]
    assert told == [[1, 2, 3], [4, 5, 6], [7]]
    assert [len(part.told) for part in stretches] == [6, 6, 2]
    assert [(part.first, part.last, part.turns) for part in stretches] == [
        (1, 3, 7),
        (4, 6, 7),
        (7, 7, 7),
    ]
    assert newest == stretches[2]


def test_a_run_without_turns_has_an_empty_story(
    engine: Engine, locations: Locations, project: Path
) -> None:
    run = driven(engine, project)

    with open_reader(locations) as reader:
        story = reader.inspection.run_story(run.session_id)
        origin = reader.inspection.run_origin(run.session_id)

    assert (story.first, story.last, story.turns, story.told) == (0, 0, 0, ())
    assert origin is None


def test_the_last_taking_up_and_what_was_raised_is_found_in_the_log(
    engine: Engine, locations: Locations, project: Path
) -> None:
    run = driven(engine, project)
    for number in range(1, 13):
        model = f"model-{number}"
        run.append(RunBegun(run.node, number, "here:1", model, "none", None))
    for by in (5, 2.5):
        run.append(Noticed(run.node, "limits_raised", "More.", {"usd": by, "why": "asked"}))

    with open_reader(locations) as reader:
        origin = reader.inspection.run_origin(run.session_id)

    assert origin is not None
    assert (origin.model, origin.raised) == ("model-12", {"usd": 7.5})


@pytest.mark.rule("CON-205")
def test_contents_are_given_only_to_the_session_that_names_them(
    engine: Engine, locations: Locations, project: Path
) -> None:
    one, other = driven(engine, project, "One"), driven(engine, project, "Other")
    blocks = think(one, 1)
    digest = content_of(blocks).digest

    with open_reader(locations) as reader:
        assert reader.inspection.run_content(one.session_id, digest) == blocks
        with pytest.raises(ArtifactNotFoundError):
            reader.inspection.run_content(other.session_id, digest)
        with pytest.raises(ArtifactNotFoundError):
            reader.inspection.run_content(one.session_id, Digest("sha256:" + "0" * 64))


@pytest.mark.rule("CON-208")
def test_a_watch_sees_what_a_run_does_and_asks_nothing_while_nobody_writes(
    engine: Engine, locations: Locations, project: Path
) -> None:
    run = driven(engine, project)
    with open_watch(locations) as watch:
        first = watch.driven()
        quiet = statements_of(watch.driven)
        engine.runs.beat(run.lease, Beat(TTL, "in Bash", 2))
        second = watch.driven()
        engine.runs.end(run.lease, "cancelled", "Enough.")

        assert watch.driven() == {}
    assert set(first) == {run.session_id}
    assert first != second
    if isinstance(locations.store, Path):
        assert quiet == []


@pytest.mark.rule("CON-206")
def test_a_tree_is_summed_from_its_leaves_and_a_circle_ends() -> None:
    a, b, c, d = (SessionId(name) for name in "abcd")
    spent = {a: Spent(1, cost=1), c: Spent(2, cost=10), d: Spent(4, cost=100)}

    tree = rolled_up({a: None, b: a, c: b, d: a}, spent)
    circle = rolled_up({a: b, b: a, c: a}, {c: Spent(1)})

    assert {name: (one.turns, one.cost) for name, one in tree.items()} == {
        a: (7, 111),
        b: (2, 10),
        c: (2, 10),
        d: (4, 100),
    }
    assert circle[c] == Spent(1)
    assert max(one.turns for one in circle.values()) == 1
