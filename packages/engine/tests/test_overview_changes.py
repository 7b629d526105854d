"""Nothing that changes in a store is missed by whoever watches it, whatever the clocks say."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine

from workrail_engine.errors import InvalidInputError, StoreUnavailableError
from workrail_engine.ids import SessionId
from workrail_engine.overview import Overview
from workrail_engine.projections.driving import Driver
from workrail_engine.projections.listing import Changes
from workrail_engine.projections.retention import RetentionAsk
from workrail_engine.reader import open_reader, open_watch
from workrail_engine.store import commits, moved_sqlite, schema
from workrail_engine.store.database import Database, open_for_writing
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.testing.session_script import SessionScript
from workrail_engine.testing.world import MORNING, SeededEntropy


@pytest.fixture
def overview(place: Path | str, store: SqlStore) -> Iterator[Overview]:
    with open_reader(place) as reader:
        yield reader.overview


def began(store: SqlStore, name: str = "one") -> SessionScript:
    script = SessionScript(name)
    store.commit(script.start())
    return script


def test_the_first_look_names_a_place_and_nothing_else(store: SqlStore, overview: Overview):
    empty = overview.changes(None)
    script = began(store)

    assert (empty.sessions, empty.complete) == ((), True)
    assert overview.changes(empty.cursor).sessions == (script.session_id,)
    assert overview.changes(None).sessions == ()


def test_each_change_is_told_once_oldest_first(store: SqlStore, overview: Overview):
    one, two = began(store, "one"), began(store, "two")
    cursor = overview.changes(None).cursor
    assert overview.changes(cursor) == Changes(cursor, (), complete=True)

    store.commit(two.complete())
    store.commit(one.complete())
    store.commit(one.complete())
    told = overview.changes(cursor)

    assert (told.sessions, told.complete) == ((two.session_id, one.session_id), True)
    assert overview.changes(told.cursor).sessions == ()


@pytest.mark.rule("CON-31")
def test_two_changes_in_the_same_microsecond_are_both_told(store: SqlStore, overview: Overview):
    one, two = began(store, "one"), began(store, "two")
    at = MORNING + timedelta(hours=1)
    one.at = two.at = at
    store.commit(two.complete())
    cursor = overview.changes(None).cursor

    store.commit(one.complete())  # a lower number than the newest, the same time
    told = overview.changes(cursor)
    one.at = at
    store.commit(one.complete())  # and the same session once more
    again = overview.changes(told.cursor)

    assert told.sessions == again.sessions == (one.session_id,)


@pytest.mark.rule("CON-31")
def test_what_a_clock_that_went_back_writes_is_told(store: SqlStore, overview: Overview):
    ahead, behind = began(store, "ahead"), began(store, "behind")
    ahead.at = MORNING + timedelta(days=400)
    store.commit(ahead.complete())
    cursor = overview.changes(None).cursor

    behind.at = MORNING - timedelta(days=400)
    store.commit(behind.complete())
    told = overview.changes(cursor)
    store.commit(SessionScript("new", began=MORNING - timedelta(days=900)).start())

    assert told.sessions == (behind.session_id,)
    assert len(overview.changes(told.cursor).sessions) == 1


@pytest.mark.rule("CON-31")
def test_a_commit_that_was_under_way_at_the_last_look_is_told_at_the_next(
    store: SqlStore, overview: Overview, place: Path | str
):
    slow, quick = began(store, "slow"), began(store, "quick")
    database = open_for_writing(place)
    cursor = overview.changes(None).cursor

    with database.writing() as connection:
        commits.write(connection, slow.complete())
        if isinstance(place, str):  # a file has one writer at a time
            store.commit(quick.complete())
        first = overview.changes(cursor)
    second = overview.changes(first.cursor)
    database.close()

    assert first.sessions == ((quick.session_id,) if isinstance(place, str) else ())
    assert second.sessions == (slow.session_id,)


def test_of_too_many_changes_it_is_only_said_that_there_are_too_many(
    store: SqlStore, overview: Overview
):
    cursor = overview.changes(None).cursor
    began(store, "zero")
    cursor = overview.changes(cursor).cursor
    for name in ("one", "two", "three"):
        began(store, name)

    told = overview.changes(cursor, limit=2)

    assert (told.sessions, told.complete) == ((), False)
    assert overview.changes(told.cursor).complete


def test_after_a_very_long_time_everything_may_have_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(moved_sqlite, "AT_ONCE", 3)
    with open_store(tmp_path / "sessions.db", SeededEntropy()) as store:
        script = began(store)
        with open_reader(tmp_path / "sessions.db") as reader:
            cursor = reader.overview.changes(None).cursor
            store.commit(script.complete())
            near = reader.overview.changes(cursor)
            store.commit(script.complete())
            far = reader.overview.changes(cursor)

    assert (near.complete, far.complete) == (True, False)


def test_when_the_event_of_a_place_was_removed_everything_may_have_changed(
    tmp_path: Path,
):
    with open_store(tmp_path / "sessions.db", SeededEntropy()) as store:
        old = began(store, "old")
        store.commit(old.finish())
        with open_reader(tmp_path / "sessions.db") as reader:
            cursor = reader.overview.changes(None).cursor
            store.remove(
                RetentionAsk(unchanged_since=MORNING + timedelta(days=9)), lambda _done, _of: None
            )
            began(store, "new")
            told = reader.overview.changes(cursor)

    assert (told.sessions, told.complete) == ((), False)


@pytest.mark.parametrize("cursor", ["", "yesterday", "1;2", "'", "1.2.3.4", "9" * 40])
def test_a_cursor_that_came_from_nowhere_is_refused(
    store: SqlStore, overview: Overview, cursor: str
):
    began(store)
    with pytest.raises(InvalidInputError, match="is not a place in this store's history"):
        overview.changes(cursor)


def test_a_watch_tells_a_change_once_and_then_nothing(store: SqlStore, place: Path | str):
    script = began(store)
    with open_watch(place) as watch:
        first = watch.changed(None)
        assert first is not None
        assert watch.changed(first.cursor) is None
        store.heard_of(script.session_id, Driver("mcp", "ada", 1, 2), MORNING)
        assert watch.changed(first.cursor) is None

        store.commit(script.complete())
        told = watch.changed(first.cursor)
        assert told is not None
        assert told.sessions == (script.session_id,)
        assert watch.changed(told.cursor) is None
        assert watch.changed(first.cursor) is not None


@pytest.mark.rule("CON-32")
def test_a_watch_on_a_file_nobody_writes_asks_no_statement(tmp_path: Path):
    path = tmp_path / "sessions.db"
    with open_store(path, SeededEntropy()) as store:
        script = began(store)
        with open_watch(path) as watch:
            present = watch.changed(None)
            assert present is not None
            watch.changed(present.cursor)
            statements: list[str] = []

            def seen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
                statements.append(statement)

            event.listen(Engine, "before_cursor_execute", seen)
            for _ in range(20):
                assert watch.changed(present.cursor) is None
            quiet = [*statements]
            store.commit(script.complete())
            assert watch.changed(present.cursor) is not None
            event.remove(Engine, "before_cursor_execute", seen)

    assert quiet == []
    assert statements


@pytest.mark.rule("CON-33")
def test_a_watch_sees_a_store_come_into_being(place: Path | str):
    with open_watch(place) as watch:
        nothing = watch.changed(None)
        assert nothing is not None
        assert nothing == Changes("0.0", (), complete=True)
        assert watch.changed(nothing.cursor) is None
        with open_store(place, SeededEntropy()) as store:
            script = began(store)
            told = watch.changed(nothing.cursor)
            assert told is not None
            assert told.sessions == (script.session_id,) or not told.complete
            store.commit(script.complete())
            after = watch.changed(told.cursor)
            assert after is not None
            assert after.sessions == (script.session_id,)


@pytest.mark.rule("CON-33")
def test_a_watch_follows_a_store_that_goes_and_another_that_takes_its_place(tmp_path: Path):
    path, other = tmp_path / "sessions.db", tmp_path / "other.db"
    with open_store(other, SeededEntropy()) as store:
        began(store, "other")
    with open_store(path, SeededEntropy()) as store:
        began(store, "one")
        began(store, "two")
    with open_watch(path) as watch:
        here = watch.changed(None)
        assert here is not None
        path.unlink()
        gone = watch.changed(here.cursor)
        assert gone == Changes("0.0", (), complete=False)
        shutil.copy(other, path)
        back = watch.changed(here.cursor)
        assert back is not None
        assert not back.complete


@pytest.mark.rule("CON-33")
def test_a_watch_says_that_an_older_store_cannot_be_read_and_goes_on_once_it_is_up_to_date(
    place: Path | str,
):
    with open_store(place, SeededEntropy()) as store:
        script = began(store)
    with open_watch(place) as watch:
        here = watch.changed(None)
        assert here is not None
        _call_it(place, schema.SCHEMA_VERSION - 1)
        for _ in range(2):
            with pytest.raises(StoreUnavailableError):
                watch.changed(here.cursor)
        _call_it(place, schema.SCHEMA_VERSION)
        with open_store(place, SeededEntropy()) as store:
            store.commit(script.complete())
        told = watch.changed(here.cursor)
        assert told is not None
        assert told.sessions == (script.session_id,)


def test_a_watch_is_told_of_what_another_thread_writes_in_order(store: SqlStore, place: Path | str):
    scripts = [began(store, f"s{number}") for number in range(4)]
    with open_watch(place) as watch:
        first = watch.changed(None)
        assert first is not None
        done = Event()

        def write() -> None:
            for _ in range(5):
                for script in scripts:
                    store.commit(script.complete())
            done.set()

        writer = Thread(target=write)
        writer.start()
        cursor, seen = first.cursor, list[SessionId]()
        while not done.is_set() or (told := watch.changed(cursor)) is not None:
            told = watch.changed(cursor)
            if told is not None:
                cursor, seen = told.cursor, [*seen, *told.sessions]
        writer.join()

    assert set(seen) == {script.session_id for script in scripts}
    assert len(seen) <= 20
    assert seen[-1] == scripts[-1].session_id


def _call_it(place: Path | str, number: int) -> None:
    """Say that a store is of another version."""
    database: Database = open_for_writing(place)
    with database.writing() as connection:
        if isinstance(place, Path):
            connection.exec_driver_sql(f"PRAGMA user_version = {number}")
        else:
            called = {"version": f"{number:04}"}
            connection.execute(text("UPDATE alembic_version SET version_num = :version"), called)
    database.close()
