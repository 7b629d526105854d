"""Both ways to today's schema lead to the same place."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Connection

from workrail_engine.errors import StoreUnavailableError
from workrail_engine.reader import open_reader
from workrail_engine.store import schema
from workrail_engine.store.database import open_for_reading, open_for_writing
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.migrate import migrate
from workrail_engine.store.schema import REVISION, SCHEMA_VERSION
from workrail_engine.store.schema_version import create_schema
from workrail_engine.store.sql_store import open_store
from workrail_engine.testing.postgres import PostgresServer
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, SessionScript
from workrail_engine.testing.world import SeededEntropy


def objects_of_sqlite(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL")
    return {name: "".join(sql.split()) for name, sql in rows}


def objects_of_postgresql(connection: Connection) -> dict[str, str]:
    rows = connection.exec_driver_sql(
        """
        SELECT table_name || '.' || column_name,
               concat_ws(' ', ordinal_position, data_type, is_nullable, column_default, collation_name)
          FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL
        SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL
        SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        """
    )
    return {str(name): str(definition) for name, definition in rows}


def schema_after(place: Path | str, make: Callable[[Connection], None]) -> dict[str, str]:
    """Every object of a new database, by name, as it was defined."""
    database = open_for_writing(place)
    with database.writing() as connection:
        make(connection)
        read = objects_of_sqlite if isinstance(place, Path) else objects_of_postgresql
        objects = read(connection)
        objects["version"] = str(dialect_of(connection).version(connection))
        objects["revision"] = connection.exec_driver_sql(
            "SELECT version_num FROM alembic_version"
        ).scalar_one()
    database.close()
    return objects


@pytest.mark.rule("STORE-13")
def test_a_migrated_file_equals_a_fresh_one(tmp_path: Path):
    fresh = schema_after(tmp_path / "fresh.db", create_schema)
    migrated = schema_after(tmp_path / "migrated.db", migrate)

    assert migrated == fresh
    assert (fresh["version"], fresh["revision"]) == (str(SCHEMA_VERSION), REVISION)
    assert "STRICT" in fresh["events"]


@pytest.mark.rule("STORE-13")
def test_a_migrated_database_on_a_server_equals_a_fresh_one(postgres: PostgresServer):
    fresh = schema_after(postgres.new_database(), create_schema)
    migrated = schema_after(postgres.new_database(), migrate)

    assert migrated == fresh
    assert (fresh["version"], fresh["revision"]) == (str(SCHEMA_VERSION), REVISION)
    assert "WHERE (outcome_node IS NULL)" in fresh["attempts_open"]
    assert fresh["sessions.session_id"].endswith("text NO C")


@pytest.mark.rule("STORE-12")
def test_a_newer_database_on_a_server_is_refused_and_left_alone(postgres: PostgresServer):
    place = postgres.new_database()
    change(place, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    change(place, "INSERT INTO alembic_version VALUES ('0999')")

    with (
        pytest.raises(StoreUnavailableError, match="newer WorkRail: its schema is number 999"),
        open_store(place, SeededEntropy()),
    ):
        pass
    with pytest.raises(StoreUnavailableError, match="newer WorkRail"), open_reader(place):
        pass


@pytest.mark.rule("STORE-12")
@pytest.mark.parametrize(
    "theirs",
    [
        ("CREATE TABLE invoices (number integer)",),
        (
            "CREATE TABLE alembic_version (version_num text)",
            "INSERT INTO alembic_version VALUES ('a1')",
        ),
    ],
)
def test_a_database_of_another_program_is_refused_and_left_alone(
    postgres: PostgresServer, theirs: tuple[str, ...]
):
    place = postgres.new_database()
    for statement in theirs:
        change(place, statement)

    with (
        pytest.raises(StoreUnavailableError, match="a database, but not a session store"),
        open_store(place, SeededEntropy()),
    ):
        pass


@pytest.mark.rule("STORE-13")
def test_an_older_database_on_a_server_is_migrated_once_by_many_at_once(postgres: PostgresServer):
    place = postgres.new_database()
    change(place, "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    gate = Barrier(6)

    def opened(number: int) -> bytes:
        gate.wait(60)
        with open_store(place, SeededEntropy(str(number))) as store:
            return store.token_key().secret

    with ThreadPoolExecutor(6) as threads:
        keys = set(threads.map(opened, range(6)))

    assert len(keys) == 1


def change(place: Path | str, statement: str) -> None:
    database = open_for_writing(place)
    with database.writing() as connection:
        connection.exec_driver_sql(statement)
    database.close()


@pytest.mark.rule("STORE-13")
def test_a_database_that_is_behind_is_migrated_when_it_is_opened(tmp_path: Path):
    path = tmp_path / "50% full" / "sessions.db"
    path.parent.mkdir()
    database = open_for_writing(path)
    with database.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
        )
    database.close()
    script = SessionScript()

    with open_store(path, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        store.commit(script.start())

    with open_reader(path) as reader:
        assert reader.verify(script.session_id).problems == ()


def test_a_file_without_tables_has_nothing_to_read(tmp_path: Path):
    path = tmp_path / "sessions.db"
    path.touch()

    with open_reader(path) as reader:
        assert reader.sessions().total == 0


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path):
    path = tmp_path / "sessions.db"
    database = open_for_writing(path)
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)")
        connection.exec_driver_sql("CREATE TABLE events (mine TEXT)")
    database.close()

    with pytest.raises(StoreUnavailableError), open_store(path, SeededEntropy()):
        pass

    database = open_for_reading(path)
    with database.reading() as connection:
        names = connection.exec_driver_sql("SELECT name FROM sqlite_schema ORDER BY name")
        assert names.scalars().all() == ["alembic_version", "events"]
    database.close()


def test_the_tables_are_those_the_architecture_page_names() -> None:
    page = (Path(__file__).parents[3] / "docs" / "architecture.md").read_text("utf-8")
    section = page.split("## What is stored", 1)[1].split("\n## ", 1)[0]
    firsts = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = {name for first in firsts for name in re.findall(r"`(\w+)`", first)}
    assert named == {*schema.metadata.tables, "search"}
