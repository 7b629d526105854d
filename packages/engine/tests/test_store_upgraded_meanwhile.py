"""A store that changes its schema under a running program is not touched by it any more."""

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import func, select, table, text

from workrail_engine.errors import StoreUnavailableError
from workrail_engine.ids import NodeId
from workrail_engine.projections.resume_ranking import ResumeAsk
from workrail_engine.reader import open_reader
from workrail_engine.store import schema
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.schema import SCHEMA_VERSION
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.testing.postgres import PostgresServer
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, SessionScript
from workrail_engine.testing.world import SeededEntropy


def to(version: int) -> dict[str, str]:
    return {"to": f"{version:04}"}


def number(place: Path | str, version: int) -> None:
    """What the last statement of an upgrade does."""
    database = open_for_writing(place)
    with database.writing() as connection:
        if isinstance(place, Path):
            connection.exec_driver_sql(f"PRAGMA user_version = {version}")
        else:
            connection.execute(text("UPDATE alembic_version SET version_num = :to"), to(version))
    database.close()


def rows(place: Path | str) -> list[int]:
    database = open_for_writing(place)
    with database.reading() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(one)).scalar_one()
            for one in (*schema.metadata.sorted_tables, table("search"))
        ]
    database.close()
    return counts


CALLS: dict[str, Callable[[SqlStore, SessionScript], object]] = {
    "a step": lambda store, script: store.commit(script.complete()),
    "a start": lambda store, _: store.commit(SessionScript("two").start()),
    "a look": lambda store, script: store.standing(script.handle(1)),
    "a search": lambda store, _: store.sightings(ResumeAsk(query="upload")),
    "a new key": lambda store, _: store.replace_token_key(),
}


@pytest.mark.rule("STORE-72")
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("version", "says"),
    [
        (SCHEMA_VERSION + 1, "by a newer WorkRail while this program was running"),
        (SCHEMA_VERSION - 1, "replaced by an older one while this program was running"),
    ],
)
def test_a_running_program_refuses_a_store_whose_schema_changed_and_writes_nothing(
    place: Path | str, call: str, version: int, says: str
):
    script = SessionScript()
    with open_store(place, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        store.commit(script.start())
        before = rows(place)
        number(place, version)

        with pytest.raises(StoreUnavailableError, match=says) as refused:
            CALLS[call](store, script)

        assert f"number {version}" in str(refused.value)
        assert "Nothing was recorded." in str(refused.value)
        assert "this program again" in str(refused.value)
        assert rows(place) == before
        number(place, SCHEMA_VERSION)
        assert store.open_attempt(script.session_id, NodeId(1)) is not None


@pytest.mark.rule("STORE-72")
def test_a_reader_that_is_open_notices_it_too(place: Path | str):
    script = SessionScript()
    with open_store(place, SeededEntropy()) as store:
        store.commit(script.start())
    with open_reader(place) as reader:
        assert reader.sessions().total == 1
        number(place, SCHEMA_VERSION + 1)
        with pytest.raises(StoreUnavailableError, match="by a newer WorkRail"):
            reader.sessions()


@pytest.mark.rule("STORE-72")
def test_an_upgrade_waits_for_a_step_under_way_and_the_next_step_waits_for_the_upgrade(
    postgres: PostgresServer,
):
    place = postgres.new_database()
    script = SessionScript()
    with open_store(place, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        store.commit(script.start())
        database = open_for_writing(place)
        locked, told = Event(), list[str]()

        def step() -> None:
            try:
                store.commit(script.complete())
            except StoreUnavailableError as error:
                told.append(str(error))

        with database.writing() as connection:
            dialect_of(connection).lock_schema(connection)
            thread = Thread(target=step)
            thread.start()
            while thread.is_alive() and not locked.is_set():
                waiting = "SELECT 1 FROM pg_locks WHERE NOT granted"
                if connection.exec_driver_sql(waiting).first() is not None:
                    locked.set()
            connection.execute(
                text("UPDATE alembic_version SET version_num = :to"), to(SCHEMA_VERSION + 1)
            )
        thread.join(60)
        database.close()

    assert len(told) == 1
    assert "by a newer WorkRail" in told[0]
