"""A log with facts of unattended runs between its steps is everything a log without them is."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from workrail_engine.agent_events import ArtifactSaved, content_of
from workrail_engine.engine import (
    Engine,
    StartRequest,
    Submission,
    back_up_store,
    move_store,
    open_engine,
)
from workrail_engine.forking import ForkRequest, fork
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.outcomes import Blocked, Completed, StepReady
from workrail_engine.projections.findings import SearchAsk
from workrail_engine.projections.resume_ranking import ResumeAsk
from workrail_engine.projections.retention import RetentionAsk
from workrail_engine.projections.work_unit import UnitLine
from workrail_engine.reader import Reader, open_reader
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import open_store
from workrail_engine.system import Locations, SystemClock, SystemEntropy
from workrail_engine.testing.driven import Driven, a_notice, driven, with_a_workflow
from workrail_engine.testing.postgres import PostgresServer
from workrail_engine.testing.record import verified

LOG = {"kind": "test.log", "text": "zebra stripes"}
OF_ONE_RUN = re.compile(
    r"sess_[a-z2-7]{26}|\d{4}-\d\d-\d\dT[0-9:.]+Z|(?:event_count|origin|seq|next_after)=[^,)]+"
)
"""What differs between two runs of the same steps, and what counts events."""


@pytest.fixture(name="project")
def project_with_a_workflow(tmp_path: Path) -> Path:
    return with_a_workflow(tmp_path / "project")


@pytest.fixture(name="run")
def run_that_was_taken_up(engine: Engine, project: Path) -> Driven:
    return driven(engine, project)


def quiet(*_: object) -> None:
    """Nobody is told how far it is."""


def go_through(run: Driven, between: Callable[[], None]) -> None:
    """Complete, block, mend, checkpoint, branch; before each, and at last, something else is done."""
    engine, session = run.engine, run.session_id
    between()
    sent = Submission("Saw a heron.", (LOG,), {"size": 1})
    ready = engine.advance(engine.place(session).token or "", sent, lease=run.lease)
    assert isinstance(ready, StepReady)
    between()
    assert isinstance(engine.advance(ready.token, Submission(), lease=run.lease), Blocked)
    between()
    mended = run.step("Mended it.")
    assert isinstance(mended, StepReady)
    between()
    engine.checkpoint(mended.token, Submission(notes="Half of it."))
    between()
    run.step("The first way.")
    between()
    back = engine.rehydrate(mended.token)
    assert isinstance(back, StepReady)
    assert isinstance(engine.advance(back.token, Submission(notes="Another.")), StepReady)
    between()


def seen(reader: Reader, session_id: SessionId) -> str:
    """All that is told of a session's steps, without what differs between two runs of them."""
    unit = reader.inspection.unit(session_id)
    told: list[object] = [
        reader.session(session_id),
        reader.inspection.window(session_id),
        reader.inspection.outline(session_id),
        replace(unit, lines=[without_run(line) for line in unit.lines]),
        replace(reader.overview.line(session_id), run=None),
        [one for one in reader.candidates(ResumeAsk(query="heron")) if _is(one, session_id)],
        [
            one
            for one in reader.inspection.search(SearchAsk("mended")).found
            if _is(one, session_id)
        ],
    ]
    return OF_ONE_RUN.sub("…", repr(told))


def without_run(line: UnitLine) -> UnitLine:
    return replace(line, spent=None, listed=replace(line.listed, run=None))


def _is(found: object, session_id: SessionId) -> bool:
    return f"session_id='{session_id}'" in repr(found)


def facts_of(locations: Locations, session_id: SessionId) -> list[object]:
    with open_reader(locations) as reader:
        return [(one.at, one.event) for one in reader.journal.read(session_id)]


def contents_of(locations: Locations, run: Driven) -> list[bytes]:
    with open_reader(locations) as reader:
        return [reader.journal.content(content_of(data)) for data in run.kept.values()]


def change(locations: Locations, *statements: str) -> None:
    database = open_for_writing(locations.store)
    with database.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    database.close()


def a_saved(run: Driven) -> ArtifactSaved:
    return ArtifactSaved(run.node, 9, 1, "own", "text/plain", content_of(b""))


def rows(locations: Locations, table: str) -> int:
    database = open_for_writing(locations.store)
    try:
        with database.reading() as connection:
            return connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()  # noqa: S608 (a table of ours)
    finally:
        database.close()


@pytest.mark.rule("STORE-82")
def test_what_is_told_of_the_steps_is_the_same_with_facts_between_them(
    engine: Engine, project: Path, locations: Locations
):
    plain, full = driven(engine, project), driven(engine, project)
    go_through(plain, quiet)
    go_through(full, full.work)

    with open_reader(locations) as reader:
        assert seen(reader, full.session_id) == seen(reader, plain.session_id)
        assert reader.verify(full.session_id).problems == ()
        kinds = reader.inspection.events(full.session_id).kinds
        without = reader.inspection.events(plain.session_id).kinds
    assert kinds["tool_finished"] == 2 * kinds["turn_taken"] == 14
    assert {kind: count for kind, count in kinds.items() if kind in without} == without


@pytest.mark.rule("STORE-82")
def test_since_when_a_session_is_blocked_is_told_however_much_was_said_since(
    run: Driven, locations: Locations
):
    run.step()
    token = run.engine.place(run.session_id).token or ""
    assert isinstance(run.engine.advance(token, Submission(), lease=run.lease), Blocked)
    for _ in range(12):
        run.append(*[a_notice(NodeId(3))] * 5)

    with open_reader(locations) as reader:
        reason = reader.overview.line(run.session_id).reason
        blocked = [one for one in reader.events(run.session_id) if one.kind == "attempt_blocked"]
    assert reason is not None
    assert [reason.since] == [one.at for one in blocked]


@pytest.mark.rule("STORE-83")
@pytest.mark.parametrize("elsewhere", [True, False])
def test_a_repaired_session_has_the_facts_and_all_they_name(
    run: Driven, locations: Locations, tmp_path: Path, *, elsewhere: bool
):
    run.work()
    run.step("One.")
    run.work()
    run.step("Two.")
    run.work()
    change(locations, "UPDATE nodes SET title = NULL, kept = '?' WHERE node = 3")
    other = Locations.under(tmp_path / "other") if elsewhere else None

    repaired = run.engine.repair(run.session_id, other)

    assert repaired.copy_id is not None
    assert (repaired.kept, repaired.dropped) == (repaired.found, ())
    where = other or locations
    assert verified(where.store, repaired.copy_id).problems == ()
    assert facts_of(where, repaired.copy_id) == facts_of(locations, run.session_id)
    assert contents_of(where, run) == [*run.kept.values()]
    with open_reader(where) as reader:
        assert reader.runs.view(repaired.copy_id) is None


@pytest.mark.rule("STORE-83")
def test_facts_behind_the_last_proven_event_and_lost_contents_are_named(
    run: Driven, locations: Locations
):
    run.work()
    run.step("One.")
    run.append(a_notice(NodeId(2), "First."), a_notice(NodeId(2), "Second."))
    gone = content_of(b"# Note 1\n").digest.removeprefix("sha256:")
    digest = f"decode('{gone}', 'hex')" if locations.database_url else f"x'{gone}'"
    second = "payload LIKE '%%Second%%'"
    change(
        locations,
        f"DELETE FROM blobs WHERE digest = {digest}",  # noqa: S608 (a digest)
        f"UPDATE events SET payload = replace(payload, 'Second', 'Zweite') WHERE {second}",  # noqa: S608 (names of ours)
    )

    repaired = run.engine.repair(run.session_id)

    assert repaired.copy_id is not None
    assert (repaired.found, repaired.kept) == (15, 14)
    assert "event 15 was changed" in repaired.dropped[0]
    assert f"what a fact (artifact_saved) names is lost (sha256:{gone})" in repaired.dropped[2]
    assert facts_of(locations, repaired.copy_id) == facts_of(locations, run.session_id)[:-1]


@pytest.mark.rule("STORE-84")
def test_a_fork_has_the_steps_and_nothing_of_the_run(run: Driven, locations: Locations):
    run.work()
    run.step("One.")
    run.work()
    run.step("Two.")
    run.work()

    made = fork(ForkRequest(run.session_id, "step-3", files=False), locations)

    assert facts_of(locations, made.session_id) == []
    assert verified(locations.store, made.session_id).problems == ()
    with open_reader(locations) as reader:
        assert reader.runs.view(made.session_id) is None
        kinds = [one.kind for one in reader.events(made.session_id)]
    assert kinds == ["session_started", "step_reached", *["step_completed", "step_reached"] * 2]
    assert isinstance(run.engine.rehydrate(made.token), StepReady)


@pytest.mark.rule("STORE-85")
def test_contents_of_a_run_go_with_its_session_and_only_what_nobody_else_names(
    engine: Engine, project: Path, locations: Locations
):
    old, other = driven(engine, project), driven(engine, project, "The other")
    old.work()
    own = b"only the old one said this"
    old.append(replace(a_saved(old), content=content_of(own)), contents=(own,))
    other.work()
    for run in (old, other):
        assert isinstance([run.step() for _ in range(4)][-1], Completed)
    old.end()
    ask = RetentionAsk(SystemClock().now() + timedelta(days=1))

    with open_store(locations.store, SystemEntropy()) as store:
        expected = store.would_remove(ask, quiet)
        removed = store.remove(ask, quiet)

    assert (removed.sessions, removed) == (1, expected)
    assert contents_of(locations, other) == [*other.kept.values()]
    assert verified(locations.store, other.session_id).problems == ()
    with open_reader(locations) as reader:
        assert [one.session_id for one in reader.runs.views()] == [other.session_id]
    with open_store(locations.store, SystemEntropy()) as store:
        assert store.blobs([content_of(own).digest]) == {}
    assert rows(locations, "journal_contents") == len(other.kept)

    change(locations, "UPDATE runs SET state = 'ended'")
    with open_store(locations.store, SystemEntropy()) as store:
        assert store.remove(ask, quiet).sessions == 1
    assert [rows(locations, table) for table in ("journal_contents", "runs", "blobs")] == [0, 0, 0]


@pytest.mark.rule("STORE-86")
def test_a_store_with_runs_and_messages_moves_whole_and_back(
    project: Path, tmp_path: Path, postgres: PostgresServer
):
    home = Locations.under(tmp_path / "home")
    with open_engine(home) as engine:
        run = driven(engine, project)
        run.work()
        run.step()
        run.work()
        engine.mail.send(
            run.session_id, "operator", {"kind": "steer", "key": "once", "text": "\x00"}
        )
        engine.mail.send(None, "daemon", {"kind": "question", "key": "once"})
    address = postgres.new_database()
    there, back = replace(home, database_url=address), Locations.under(tmp_path / "back")

    assert move_store(address, quiet, home).damaged == ()
    assert move_store(back.home, quiet, there).damaged == ()

    for where in (there, back):
        with open_engine(where) as engine, open_reader(where) as reader:
            assert facts_of(where, run.session_id) == facts_of(home, run.session_id)
            assert contents_of(where, run) == [*run.kept.values()]
            assert reader.runs.view(run.session_id) is not None
            waiting = [*reader.mail.waiting(run.session_id), *reader.mail.waiting(None)]
            assert [one.number for one in waiting] == [1, 2]
            assert engine.mail.send(None, "daemon", {"kind": "question", "key": "once"}) == 2
            assert engine.mail.send(None, "daemon", {"kind": "note"}) > 2
            moved = Driven(engine, run.session_id, run.lease, run.turns)
            moved.work()
            moved.step()
            assert reader.verify(run.session_id).problems == ()


@pytest.mark.rule("STORE-86")
def test_a_backup_holds_what_runs_left(project: Path, tmp_path: Path):
    home, copy = Locations.under(tmp_path / "home"), Locations.under(tmp_path / "copy")
    with open_engine(home) as engine:
        run = driven(engine, project)
        run.work()
        back_up_store(tmp_path / "backup.db", home)
    copy.home.mkdir()
    shutil.copy(tmp_path / "backup.db", copy.database)

    assert facts_of(copy, run.session_id) == facts_of(home, run.session_id)
    assert contents_of(copy, run) == [*run.kept.values()]
    assert verified(copy.store, run.session_id).problems == ()


@pytest.mark.rule("STORE-82")
def test_an_export_has_every_fact_as_it_is_stored(run: Driven, locations: Locations):
    run.work()
    run.step()
    run.work()

    with open_reader(locations) as reader:
        exported = [*reader.events(run.session_id)]
        bundle = [json.loads(line) for line in reader.proof_lines(run.session_id)]
    logged = [line for line in bundle if line["record"] == "event"]
    assert [(one.seq, one.kind, one.payload) for one in exported] == [
        (one["seq"], one["kind"], json.loads(one["payload"])) for one in logged
    ]
    assert sum(one.kind == "turn_taken" for one in exported) == 2


def test_a_session_of_a_person_is_removed_though_it_was_never_run(
    engine: Engine, project: Path, locations: Locations
):
    begun = engine.start(StartRequest("team.drive", "By hand", project))
    ask = RetentionAsk(SystemClock().now() + timedelta(days=1), "any")
    with open_store(locations.store, SystemEntropy()) as store:
        assert store.remove(ask, quiet).sessions == 1
    with open_reader(locations) as reader:
        assert reader.ids_starting(begun.session_id) == ()
