"""Whatever becomes of the connection, nothing acknowledged is lost and nothing is done twice."""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TypeAlias, cast

import psycopg
import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from workrail_engine.agent_events import AgentEvent
from workrail_engine.engine import open_engine
from workrail_engine.errors import ConflictError, StoreUnavailableError
from workrail_engine.ids import Handle, NodeId
from workrail_engine.ports import AttemptUse
from workrail_engine.reader import open_reader
from workrail_engine.store.database import open_for_reading
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations
from workrail_engine.testing.driven import Driven, a_notice, a_turn, driven, with_a_workflow
from workrail_engine.testing.postgres import NoServerError, PostgresServer, postgres_server
from workrail_engine.testing.record import verified
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy

STATEMENTS = 14
"""No commit has more."""
Driver: TypeAlias = "psycopg.Connection[tuple[object, ...]]"
Blow = Callable[[Connection], object]


@pytest.fixture
def place(postgres: PostgresServer) -> str:
    return postgres.new_database()


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """A server that may be stopped."""
    try:
        with postgres_server() as server:
            yield server
    except NoServerError as reason:
        pytest.skip(f"no PostgreSQL server: {reason}")


@contextmanager
def struck(blow: Blow, *, before: int) -> Generator[None]:
    """Something happens once, right before a statement of a transaction."""
    numbers = count()

    def seen(connection: Connection, *_rest: object) -> None:
        if next(numbers) == before:
            blow(connection)

    event.listen(Engine, "before_cursor_execute", seen)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", seen)


@contextmanager
def struck_at_commit(blow: Blow) -> Generator[None]:
    """Something happens once, right before a commit is sent."""
    numbers = count()

    def seen(connection: Connection) -> None:
        if next(numbers) == 0:
            blow(connection)

    event.listen(Engine, "commit", seen)
    try:
        yield
    finally:
        event.remove(Engine, "commit", seen)


def driver_of(connection: Connection) -> Driver:
    return cast("Driver", connection.connection.driver_connection)


def killing(server: PostgresServer) -> Blow:
    return lambda connection: server.run(
        f"SELECT pg_terminate_backend({driver_of(connection).info.backend_pid}, 10000)"
    )


def keeping_it_first(then: Blow) -> Blow:
    """The server keeps the transaction, and its answer is lost."""

    def blow(connection: Connection) -> None:
        driver = driver_of(connection)
        driver.commit()
        driver.execute("SELECT 1")  # the driver sends a commit only where it began something
        then(connection)

    return blow


def whole(place: str, script: SessionScript) -> int:
    """How many events a session has, of which nothing is wrong."""
    verification = verified(place, script.session_id)
    assert verification.problems == ()
    return verification.events


@pytest.mark.rule("STORE-30")
@pytest.mark.parametrize("statement", range(STATEMENTS))
def test_a_connection_that_breaks_before_the_commit_costs_nothing(
    postgres: PostgresServer, place: str, store: SqlStore, statement: int
):
    script = SessionScript()
    store.commit(script.start())
    change = script.complete(Sent(artifacts=({"kind": "test.log"},), context={"size": 1}))

    with struck(killing(postgres), before=statement):
        store.commit(change)

    assert whole(place, script) == 4
    with pytest.raises(ConflictError):
        store.commit(change)
    assert whole(place, script) == 4


@pytest.mark.rule("STORE-30")
@pytest.mark.parametrize("statement", range(0, STATEMENTS, 3))
def test_an_answer_is_recorded_exactly_once_though_the_connection_breaks(
    postgres: PostgresServer, place: str, store: SqlStore, statement: int
):
    script = SessionScript()
    store.commit(script.start())
    held = Sent(checks=({"kind": "wr.check_output", "text": "2 passed"},))
    with struck(killing(postgres), before=statement):
        store.commit(script.wait(held, {"kind": "wr.diff", "diff": "+ a line"}))
    assert whole(place, script) == 4
    change = script.approve("Go.")

    with struck(killing(postgres), before=statement):
        store.commit(change)

    assert whole(place, script) == 7
    with pytest.raises(ConflictError):
        store.commit(change)
    assert store.head(script.session_id).status == "running"


@pytest.mark.rule("STORE-30")
@pytest.mark.parametrize("kept", [False, True], ids=["undone", "kept"])
@pytest.mark.parametrize("first", [False, True], ids=["a step", "a start"])
def test_a_commit_whose_answer_is_lost_is_recorded_exactly_once(
    postgres: PostgresServer, place: str, store: SqlStore, *, kept: bool, first: bool
):
    script = SessionScript()
    change = script.start()
    if not first:
        store.commit(change)
        change = script.complete()
    blow = keeping_it_first(killing(postgres)) if kept else killing(postgres)

    with struck_at_commit(blow):
        store.commit(change)

    assert whole(place, script) == (2 if first else 4)
    assert store.open_attempt(script.session_id, NodeId(1)) is not None


@pytest.mark.rule("STORE-30")
def test_someone_elses_step_is_not_taken_for_ours(
    postgres: PostgresServer, place: str, store: SqlStore
):
    """Their step has the same content; only the handles differ, and those are in our answer."""
    ours, theirs = SessionScript(), SessionScript()
    store.commit(ours.start())
    theirs.start()
    change, other = ours.complete(), theirs.complete()
    renamed = [
        replace(attempt, handle=Handle(b"\x00\x01theirs-%03d" % number))
        for number, attempt in enumerate(other.attempts)
    ]
    quicker = replace(other, attempts=renamed)

    def overtaken(connection: Connection) -> None:
        killing(postgres)(connection)
        with open_store(place, SeededEntropy()) as another:
            another.commit(quicker)

    with struck_at_commit(overtaken), pytest.raises(ConflictError):
        store.commit(change)

    assert whole(place, ours) == 4


@pytest.mark.rule("STORE-31")
def test_a_read_on_a_broken_connection_is_done_again(postgres: PostgresServer, store: SqlStore):
    script = SessionScript()
    store.commit(script.start())

    with struck(killing(postgres), before=0):
        standing = store.standing(script.handle(1))

    assert standing is not None
    assert standing.head.event_count == 2


@pytest.mark.rule("STORE-31")
def test_a_server_that_was_replaced_in_the_middle_of_a_step_gets_the_step(
    own_server: PostgresServer,
):
    place = own_server.new_database()
    script = SessionScript()

    def restart(_connection: Connection) -> None:
        own_server.stop()
        own_server.start()

    with open_store(place, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        store.commit(script.start())
        with struck(restart, before=4):
            store.commit(script.complete())
        with struck(restart, before=0):
            assert store.head(script.session_id).event_count == 4
    assert whole(place, script) == 4


@pytest.mark.rule("STORE-31")
def test_while_the_server_is_gone_the_message_says_what_is_known_and_then_work_goes_on(
    own_server: PostgresServer,
):
    place = own_server.new_database()
    script = SessionScript()

    def gone(_connection: Connection) -> None:
        own_server.stop()

    with open_store(place, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        store.commit(script.start())
        change = script.complete()

        with (
            struck(gone, before=3),
            pytest.raises(StoreUnavailableError, match=r"cannot be reached\. Nothing was recorded"),
        ):
            store.commit(change)
        own_server.start()
        with (
            struck_at_commit(keeping_it_first(gone)),
            pytest.raises(StoreUnavailableError, match="Whether this was recorded is not known"),
        ):
            store.commit(change)
        own_server.start()

        standing = store.standing(script.handle(1))
        assert standing is not None
        assert standing.attempt.used == AttemptUse(Sent().digest(), NodeId(2))
        store.commit(script.complete())
    assert whole(place, script) == 6


@pytest.mark.rule("STORE-31")
def test_a_deadlock_is_over_when_one_of_the_two_begins_again(place: str, store: SqlStore):
    script = SessionScript()
    store.commit(script.start())
    change = script.complete()
    patient = "SET deadlock_timeout = '60s'"

    with psycopg.connect(place) as other, ThreadPoolExecutor(1) as threads:
        other.execute(patient)
        other.execute("UPDATE attempts SET number = number")

        def crossed() -> None:
            other.execute("SELECT 1 FROM sessions FOR UPDATE")
            other.rollback()

        with struck(lambda _: threads.submit(crossed), before=1):
            store.commit(change)

    assert whole(place, script) == 4


@pytest.mark.rule("STORE-7")
def test_a_reader_of_a_server_cannot_write(place: str, store: SqlStore):
    store.commit(SessionScript().start())
    opened = open_for_reading(place)

    with (
        pytest.raises(StoreUnavailableError, match="is read-only"),
        opened.writing() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM events")
    with pytest.raises(StoreUnavailableError), opened.reading() as connection:
        connection.exec_driver_sql("UPDATE sessions SET goal = 'mine'")
    opened.close()


@pytest.mark.rule("STORE-32")
@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ada:s3cret@127.0.0.1:1/work",
        "postgresql://ada:s3cret@/work?host=/nowhere",
        "postgresql://ada@/work?host=/nowhere&password=s3cret",
        "postgresql://ada:s3cret@127.0.0.1:port/work",
        "postgresql://ada:x@s3cret:y@127.0.0.1:1/work",
        "mysql://ada:s3cret@127.0.0.1/work",
        "ada:s3cret@127.0.0.1/work",
        "postgres//ada:s3cret@127.0.0.1/work",
    ],
)
def test_no_message_holds_the_password(address: str):
    with pytest.raises(StoreUnavailableError) as refused, open_store(address, SeededEntropy()):
        pass

    assert "s3cret" not in str(refused.value)
    assert "WORKRAIL_DATABASE_URL" in str(refused.value)


def appended(place: str, run: Driven) -> list[AgentEvent]:
    """The facts of a session of which nothing is wrong."""
    assert verified(place, run.session_id).problems == ()
    with open_reader(place) as reader:
        return [entry.event for entry in reader.journal.read(run.session_id)]


@pytest.fixture(name="run")
def run_that_was_taken_up(place: str, tmp_path: Path) -> Iterator[Driven]:
    where = replace(Locations.under(tmp_path / "home"), database_url=place)
    with open_engine(where) as engine:
        yield driven(engine, with_a_workflow(tmp_path / "project"))


@pytest.mark.rule("STORE-89")
@pytest.mark.parametrize("statement", range(12))
def test_facts_are_recorded_exactly_once_though_the_connection_breaks(
    postgres: PostgresServer, place: str, run: Driven, statement: int
):
    turn, blocks = a_turn(NodeId(1), 1)
    said = [turn, a_notice(NodeId(1)), a_notice(NodeId(1))]

    with struck(killing(postgres), before=statement):
        told = run.engine.journal.append(run.lease, said, [blocks])
        run.engine.journal.noted(run.session_id, a_notice(NodeId(1), "Afterwards."))

    assert told == tuple(said)
    assert appended(place, run) == [*said, a_notice(NodeId(1), "Afterwards.")]
    view = run.engine.runs.view(run.session_id)
    assert view is not None
    assert view.spent.turns == 1


@pytest.mark.rule("STORE-89")
@pytest.mark.parametrize("kept", [False, True], ids=["undone", "kept"])
def test_facts_whose_commit_was_not_answered_are_recorded_exactly_once(
    postgres: PostgresServer, place: str, run: Driven, *, kept: bool
):
    turn, blocks = a_turn(NodeId(1), 1)
    said = [a_notice(NodeId(1)), turn, a_notice(NodeId(1))]

    def blow() -> Blow:
        return keeping_it_first(killing(postgres)) if kept else killing(postgres)

    with struck_at_commit(blow()):
        told = run.engine.journal.append(run.lease, said, [blocks])
    with struck_at_commit(blow()):
        run.engine.journal.noted(run.session_id, a_notice(NodeId(1)))

    assert told == tuple(said)
    assert appended(place, run) == [*said, a_notice(NodeId(1))]
    view = run.engine.runs.view(run.session_id)
    assert view is not None
    assert view.spent.turns == 1
