"""Both ways to today's schema lead to the same place."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from workrail_engine.errors import StoreUnavailableError
from workrail_engine.reader import open_reader
from workrail_engine.store.database import open_for_reading, open_for_writing
from workrail_engine.store.migrate import migrate
from workrail_engine.store.schema import REVISION, SCHEMA_VERSION
from workrail_engine.store.schema_version import create_schema
from workrail_engine.store.sql_store import open_store
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, SessionScript
from workrail_engine.testing.world import SeededEntropy


def schema_after(path: Path, make: Callable[[Connection], None]) -> dict[str, str]:
    """Every object of a new database, by name, as SQL without white space."""
    database = open_for_writing(path)
    with database.writing() as connection:
        make(connection)
        rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_schema WHERE sql NOT NULL")
        objects = {name: "".join(sql.split()) for name, sql in rows}
        objects["user_version"] = str(
            connection.exec_driver_sql("PRAGMA user_version").scalar_one()
        )
        objects["revision"] = connection.exec_driver_sql(
            "SELECT version_num FROM alembic_version"
        ).scalar_one()
    database.close()
    return objects


@pytest.mark.rule("STORE-13")
def test_a_migrated_database_equals_a_fresh_one(tmp_path: Path):
    fresh = schema_after(tmp_path / "fresh.db", create_schema)
    migrated = schema_after(tmp_path / "migrated.db", migrate)

    assert migrated == fresh
    assert fresh["user_version"] == str(SCHEMA_VERSION)
    assert fresh["revision"] == REVISION
    assert "STRICT" in fresh["events"]


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
