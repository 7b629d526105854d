"""Old sessions leave whole, and take with them only what nothing else names."""

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workrail_engine.canonical import digest
from workrail_engine.errors import InvalidInputError
from workrail_engine.ids import Digest, SessionId
from workrail_engine.projections.resume_ranking import ResumeAsk
from workrail_engine.projections.retention import Removed, RetentionAsk, age_of
from workrail_engine.reader import open_reader
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.store.wanted import Term, Wanted
from workrail_engine.testing.record import verified
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import MORNING, SeededEntropy

NOW = MORNING + timedelta(days=100)
ASK = RetentionAsk(NOW - timedelta(days=30))
REPORT = {"kind": "test.report", "text": "zebra stripes"}


def quiet(_done: int, _total: int) -> None:
    """Nobody is told how far it is."""


def add(
    store: SqlStore,
    name: str,
    *,
    days_old: int = 90,
    done: bool = True,
    parent: SessionId | None = None,
    goal: str | None = None,
) -> SessionScript:
    began = NOW - timedelta(days=days_old)
    script = SessionScript(name, goal or f"Goal of {name}", parent=parent, began=began)
    store.commit(script.start())
    store.commit(script.complete(Sent(notes=f"Notes of {name}", artifacts=(REPORT,))))
    if done:
        store.commit(script.finish())
    return script


def left(place: Path | str) -> set[str]:
    """The names of the sessions that stay, all of them whole."""
    with open_reader(place) as reader:
        sessions = reader.sessions(limit=500).sessions
    assert [verified(place, one.session_id).problems for one in sessions] == [()] * len(sessions)
    return {one.goal.removeprefix("Goal of ") for one in sessions}


def rows(place: Path | str, table: str) -> int:
    database = open_for_writing(place)
    try:
        with database.reading() as connection:
            return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608 (a table of ours)
    finally:
        database.close()


@pytest.mark.rule("STORE-40")
def test_only_old_completed_sessions_go_and_the_rest_stays_whole(
    store: SqlStore, place: Path | str
):
    add(store, "old")
    add(store, "new", days_old=3)
    add(store, "old-unfinished", done=False)

    removed = store.remove(ASK, quiet)

    assert (removed.sessions, removed.events, removed.artifacts) == (1, 6, 1)
    assert left(place) == {"new", "old-unfinished"}


@pytest.mark.rule("STORE-40")
def test_any_status_means_any(store: SqlStore, place: Path | str):
    add(store, "old")
    add(store, "old-unfinished", done=False)

    store.remove(RetentionAsk(ASK.unchanged_since, "any"), quiet)

    assert left(place) == set()
    for table in ("sessions", "events", "nodes", "attempts", "artifacts", "blobs", "workflows"):
        assert rows(place, table) == 0


@pytest.mark.rule("STORE-41")
def test_what_another_session_names_is_kept_until_that_goes(store: SqlStore, place: Path | str):
    add(store, "old", goal="The same goal")
    add(store, "new", days_old=3, goal="The same goal")
    blobs = rows(place, "blobs")

    first = store.remove(ASK, quiet)

    assert (first.contents, first.workflows) == (0, 0)
    assert rows(place, "blobs") == blobs
    second = store.remove(RetentionAsk(NOW), quiet)
    assert (second.contents, second.workflows) == (blobs, 1)


@pytest.mark.rule("STORE-75")
def test_what_checks_and_approvals_keep_stays_with_their_session_and_goes_with_it(
    store: SqlStore, place: Path | str
):
    said, diff = {"kind": "wr.check_output", "text": "2 passed"}, {"kind": "wr.diff", "diff": "+"}
    names = [Digest(digest(content)) for content in (said, diff, REPORT)]
    for name, days_old in (("old", 90), ("new", 3)):
        script = SessionScript(name, f"Goal of {name}", began=NOW - timedelta(days=days_old))
        for change in (
            script.start(),
            script.wait(Sent(notes="Otter plan", artifacts=(REPORT,), checks=(said,)), diff),
            script.wait(Sent(notes="Other plan")),
            script.reject("Heron note"),
            script.wait(Sent(notes="Third plan")),
            script.approve(),
        ):
            store.commit(change)

    store.remove(RetentionAsk(ASK.unchanged_since, "any"), quiet)
    assert left(place) == {"new"}
    assert set(store.blobs(names)) == set(names)

    store.remove(RetentionAsk(NOW, "any"), quiet)
    assert left(place) == set()
    for table in ("sessions", "events", "nodes", "attempts", "artifacts", "blobs"):
        assert rows(place, table) == 0, table


@pytest.mark.rule("STORE-42")
def test_what_went_is_found_by_no_word_of_it(store: SqlStore, place: Path | str):
    script = SessionScript("wordy", "Walrus goal", began=NOW - timedelta(days=90))
    for change in (
        script.start(),
        script.block(Sent(notes="Blocked heron", artifacts=(REPORT,))),
        script.complete(Sent(notes="Mended ibis", artifacts=(REPORT,))),
        script.checkpoint("Half otter"),
        script.wait(Sent(notes="Waiting plover", checks=({"kind": "wr.check_output"},))),
        script.wait(Sent(notes="Replaced curlew", artifacts=(REPORT,))),
        script.approve("Go."),
        script.complete(Sent(notes="Branching lynx"), node=1),
        script.finish(Sent(notes="Finished stoat")),
    ):
        store.commit(change)
    add(store, "stays", days_old=1)
    words = (
        "walrus goal heron zebra stripes report ibis mended otter plover curlew lynx branching stoat "
        "step"
    )

    for word in words.split():
        assert store.sightings(ResumeAsk(query=word)).found, word
    store.remove(ASK, quiet)

    database = open_for_writing(place)
    with database.reading() as connection:
        for word in [*words.split(), "1", "2", "3", "kind", "test", "text"]:
            wanted = Wanted((Term(word),))
            assert dialect_of(connection).newest(connection, wanted, {1}, 9).sessions == (), word
        for part in ("oal", "est", "lin"):
            wanted = Wanted((Term(part, part=True),))
            newest = dialect_of(connection).newest(connection, wanted, None, 9)
            assert 1 not in newest.sessions, part
    if isinstance(place, Path):
        with database.writing() as connection:
            connection.exec_driver_sql("INSERT INTO search (search) VALUES ('integrity-check')")
    database.close()
    assert [one.summary.goal for one in store.sightings(ResumeAsk(query="zebra")).found] == [
        "Goal of stays"
    ]


@pytest.mark.rule("STORE-43")
def test_a_parent_stays_while_a_session_it_started_stays(store: SqlStore, place: Path | str):
    grandparent = add(store, "grandparent")
    parent = add(store, "parent", parent=grandparent.session_id)
    add(store, "child", parent=parent.session_id, days_old=2)
    add(store, "childless")

    removed = store.remove(ASK, quiet)

    assert (removed.sessions, removed.kept_for_children) == (1, 2)
    assert left(place) == {"grandparent", "parent", "child"}
    store.remove(RetentionAsk(NOW), quiet)
    assert left(place) == set()


@pytest.mark.rule("STORE-43")
def test_when_told_so_a_parent_goes_before_an_old_child_but_never_before_a_living_one(
    store: SqlStore, place: Path | str
):
    one = add(store, "one")
    add(store, "old-child", parent=one.session_id, done=False)
    two = add(store, "two")
    add(store, "new-child", parent=two.session_id, days_old=2, done=False)

    store.remove(RetentionAsk(ASK.unchanged_since, parents=True), quiet)

    assert left(place) == {"old-child", "two", "new-child"}


FAMILY = st.lists(
    st.tuples(st.integers(0, 60), st.booleans(), st.none() | st.integers(0, 8)),
    min_size=1,
    max_size=9,
)


@pytest.mark.rule("STORE-44")
@settings(max_examples=25, deadline=None)
@given(family=FAMILY, which=st.sampled_from(["completed", "any"]), parents=st.booleans())
def test_a_dry_run_says_exactly_what_the_run_then_removes(
    tmp_path_factory: pytest.TempPathFactory,
    family: list[tuple[int, bool, int | None]],
    which: str,
    parents: bool,
):
    path = tmp_path_factory.mktemp("store") / "sessions.db"
    ask = RetentionAsk(ASK.unchanged_since, "any" if which == "any" else "completed", parents)
    with open_store(path, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        made: list[SessionId] = []
        for number, (days, done, parent) in enumerate(family):
            of = made[parent] if parent is not None and parent < number else None
            script = add(store, f"s{number}", days_old=days, done=done, parent=of)
            made.append(script.session_id)
        before = _count(path)

        said = store.would_remove(ask, quiet)
        unchanged = _count(path)
        removed = store.remove(ask, quiet)

    assert unchanged == before
    assert removed == said
    after = _count(path)
    gone = (removed.sessions, removed.events, removed.artifacts, removed.contents)
    assert tuple(had - has for had, has in zip(before, after, strict=True)) == gone
    left(path)


def _count(path: Path) -> tuple[int, ...]:
    return tuple(rows(path, table) for table in ("sessions", "events", "artifacts", "blobs"))


@pytest.mark.rule("STORE-45")
def test_a_session_that_moves_while_others_go_stays(store: SqlStore, place: Path | str):
    """The newest go first: this one would be in the second transaction."""
    returning = SessionScript("returning", "Goal of returning", began=NOW - timedelta(days=90))
    store.commit(returning.start())
    for number in range(50):
        add(store, f"n{number}")

    def someone_returns(done: int, _total: int) -> None:
        if done == 50:
            returning.at = NOW
            store.commit(returning.complete())

    removed = store.remove(RetentionAsk(ASK.unchanged_since, "any"), someone_returns)

    assert removed.sessions == 50
    assert left(place) == {"returning"}


def test_a_damaged_session_stays_and_is_named(store: SqlStore, place: Path | str):
    broken = add(store, "broken")
    add(store, "whole")
    database = open_for_writing(place)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE events SET payload = '{' WHERE session = 1 AND seq = 3")
    database.close()

    said = store.would_remove(ASK, quiet)
    removed = store.remove(ASK, quiet)

    assert removed == said
    assert (removed.sessions, removed.kept_damaged) == (1, (broken.session_id,))
    assert rows(place, "events") == 6


@pytest.mark.parametrize("age", ["", "0d", "90", "-3d", "d", "90y", "1.5d", "40000d", "many days"])
def test_an_age_that_is_none_is_refused_with_the_form_it_has(age: str):
    with pytest.raises(InvalidInputError, match=r"Give a number and a unit: 90d"):
        age_of(age)


def test_ages_have_hours_days_and_weeks():
    assert [age_of(text) for text in ("36h", "90d", " 2W ")] == [
        timedelta(hours=36),
        timedelta(days=90),
        timedelta(weeks=2),
    ]


RUN_AND_DIE = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from workrail_engine.projections.retention import RetentionAsk
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.sql_store import open_store
from workrail_engine.testing.world import SeededEntropy

left = int(sys.argv[2])
def seen(_connection, _cursor, statement, *_rest):
    global left
    if statement.startswith(("DELETE", "INSERT")):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
place = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])
with open_store(place, SeededEntropy()) as store:
    event.listen(Engine, "after_cursor_execute", seen)
    store.remove(RetentionAsk(datetime.fromisoformat(sys.argv[3]), "any"), lambda *_: None)
"""


@pytest.mark.crash
@pytest.mark.rule("STORE-46")
@pytest.mark.parametrize("statement", [1, 40, 101, 103, 105, 110, 152, 154])
def test_a_run_killed_at_any_statement_leaves_whole_sessions_and_the_next_finishes(
    place: Path | str, statement: int
):
    with open_store(place, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        for number in range(70):
            add(store, f"n{number}")
        add(store, "new", days_old=1)
    since = ASK.unchanged_since

    command = [sys.executable, "-c", RUN_AND_DIE, str(place), str(statement), since.isoformat()]
    killed = subprocess.run(command, check=False, capture_output=True)

    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    assert "new" in left(place)
    assert rows(place, "events") == 6 * rows(place, "sessions")
    with open_store(place, SeededEntropy()) as store:
        store.remove(RetentionAsk(since, "any"), quiet)
        assert store.would_remove(RetentionAsk(since, "any"), quiet) == Removed()
    assert left(place) == {"new"}
