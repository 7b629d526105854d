"""A piece of work is shown whole, from any of its sessions, however deep it is and whatever is wrong."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from workrail_engine.errors import SessionNotFoundError
from workrail_engine.ids import SessionId
from workrail_engine.projections.work_unit import WorkUnit
from workrail_engine.reader import Reader, open_reader
from workrail_engine.store import units
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, SessionScript
from workrail_engine.testing.world import MORNING, SeededEntropy


@pytest.fixture
def store(locations: Locations) -> Iterator[SqlStore]:
    with open_store(locations.store, SeededEntropy()) as opened:
        opened.pin(PINNED_HASH, PINNED)
        yield opened


@pytest.fixture
def reader(locations: Locations, store: SqlStore) -> Iterator[Reader]:
    with open_reader(locations) as opened:
        yield opened


def add(
    store: SqlStore, goal: str, parent: SessionScript | SessionId | None = None, hours: int = 0
) -> SessionScript:
    above = parent.session_id if isinstance(parent, SessionScript) else parent
    script = SessionScript(goal, goal, parent=above, began=MORNING + timedelta(hours=hours))
    store.commit(script.start())
    return script


def adopt(locations: Locations, child: SessionScript, parent: SessionScript) -> None:
    """What no program of ours does: a session gets another parent."""
    opened = open_for_writing(locations.store)
    with opened.writing() as connection:
        connection.exec_driver_sql(
            f"UPDATE sessions SET parent_session_id = '{parent.session_id}'"  # noqa: S608 (ids of ours)
            f" WHERE session_id = '{child.session_id}'"
        )
    opened.close()


def goals(unit: WorkUnit) -> list[tuple[str, int]]:
    return [(line.listed.summary.goal, line.depth) for line in unit.lines]


@pytest.mark.rule("CON-93")
def test_a_tree_is_told_from_its_root_whichever_session_is_asked_about(
    store: SqlStore, reader: Reader
):
    root = add(store, "root")
    first = add(store, "first", root)
    second = add(store, "second", root)
    leaf = add(store, "leaf", first)
    deep = add(store, "deep", leaf)
    add(store, "stranger")

    told = [reader.inspection.unit(one.session_id) for one in (root, first, second, leaf, deep)]

    for unit in told:
        assert goals(unit) == [("root", 0), ("first", 1), ("leaf", 2), ("deep", 3), ("second", 1)]
        assert (unit.left_out, unit.cycle) == (0, False)
        assert unit.lines == told[0].lines
    assert [unit.asked for unit in told][1] == first.session_id


@pytest.mark.rule("CON-93")
def test_what_is_below_a_session_is_summed_up_on_its_line(store: SqlStore, reader: Reader):
    root = add(store, "root", hours=1)
    first = add(store, "first", root, hours=2)
    leaf = add(store, "leaf", first, hours=3)
    store.commit(leaf.block())
    done = add(store, "done", first, hours=0)
    store.commit(done.finish())

    top, middle, *leaves = reader.inspection.unit(root.session_id).lines

    assert top.descendants == {"running": 1, "blocked": 1, "completed": 1}
    assert middle.descendants == {"blocked": 1, "completed": 1}
    assert [line.descendants for line in leaves] == [{}, {}]
    assert (top.first_at, top.last_at) == (
        "2026-03-02T09:01:00.000000Z",
        "2026-03-02T12:02:00.000000Z",
    )
    assert (middle.first_at, middle.last_at) == (top.first_at, top.last_at)
    assert (leaves[0].first_at, leaves[0].last_at) == (
        "2026-03-02T12:01:00.000000Z",
        "2026-03-02T12:02:00.000000Z",
    )


def test_the_way_to_the_session_that_changed_last_is_critical(store: SqlStore, reader: Reader):
    root = add(store, "root", hours=9)
    add(store, "early", root, hours=1)
    late = add(store, "late", root, hours=2)
    add(store, "last", late, hours=10)

    lines = reader.inspection.unit(root.session_id).lines

    assert [(line.listed.summary.goal, line.critical) for line in lines] == [
        ("root", True),
        ("early", False),
        ("late", True),
        ("last", True),
    ]


def test_a_session_alone_is_a_tree(store: SqlStore, reader: Reader):
    alone = add(store, "alone")

    (line,) = reader.inspection.unit(alone.session_id).lines

    assert (line.depth, line.parent_missing, line.descendants, line.critical) == (0, None, {}, True)
    assert line.listed.summary == reader.session(alone.session_id).summary


@pytest.mark.rule("CON-94")
def test_a_parent_that_is_not_stored_is_named(store: SqlStore, reader: Reader):
    lost = SessionId("sess_lost")
    orphan = add(store, "orphan", lost)
    add(store, "child", orphan)

    unit = reader.inspection.unit(orphan.session_id)

    assert goals(unit) == [("orphan", 0), ("child", 1)]
    assert [line.parent_missing for line in unit.lines] == [lost, None]


@pytest.mark.rule("CON-94")
def test_a_circle_is_cut_at_the_session_that_began_first(
    locations: Locations, store: SqlStore, reader: Reader
):
    one = add(store, "one")
    two = add(store, "two", one)
    three = add(store, "three", two)
    add(store, "aside", two)
    adopt(locations, one, three)

    for asked in (one, two, three):
        unit = reader.inspection.unit(asked.session_id)
        assert goals(unit) == [("one", 0), ("two", 1), ("three", 2), ("aside", 2)]
        assert unit.cycle
        assert {line.parent_missing for line in unit.lines} == {None}
        assert unit.lines[0].descendants == {"running": 3}


@pytest.mark.rule("CON-94")
def test_a_session_that_is_its_own_parent_is_told(
    locations: Locations, store: SqlStore, reader: Reader
):
    one = add(store, "one")
    adopt(locations, one, one)

    unit = reader.inspection.unit(one.session_id)

    assert (goals(unit), unit.cycle) == ([("one", 0)], True)


@pytest.mark.rule("CON-93")
def test_of_a_large_tree_those_near_the_root_are_shown_and_the_one_asked_about(
    store: SqlStore, reader: Reader, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(units, "SHOWN", 4)
    root = add(store, "root")
    first = add(store, "first", root)
    leaf = add(store, "leaf", first)
    deep = add(store, "deep", leaf)
    for number in range(3):
        add(store, f"other {number}", root)

    from_above = reader.inspection.unit(root.session_id)
    from_below = reader.inspection.unit(deep.session_id)

    assert goals(from_above) == [("root", 0), ("first", 1), ("other 0", 1), ("other 1", 1)]
    assert goals(from_below) == [("root", 0), ("first", 1), ("leaf", 2), ("deep", 3)]
    assert (from_above.left_out, from_below.left_out) == (3, 3)
    assert from_above.lines[0].descendants == {"running": 6}


def test_a_line_of_pieces_is_followed_to_its_end(store: SqlStore, reader: Reader):
    scripts = [add(store, "0")]
    for number in range(1, 60):
        scripts.append(add(store, f"{number}", scripts[-1]))

    unit = reader.inspection.unit(scripts[30].session_id)

    assert goals(unit) == [(f"{number}", number) for number in range(60)]
    assert unit.lines[0].descendants == {"running": 59}


def test_a_session_that_is_not_there_belongs_to_nothing(tmp_path: Path, reader: Reader):
    unknown = SessionId("sess_unknown")
    with pytest.raises(SessionNotFoundError, match="No session sess_unknown in this store"):
        reader.inspection.unit(unknown)
    with open_reader(tmp_path / "none.db") as empty, pytest.raises(SessionNotFoundError):
        empty.inspection.unit(unknown)
