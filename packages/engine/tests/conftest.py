"""Stores of each kind, an engine on one, and the folders of an installation that is new."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.engine import Engine, open_engine
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations
from workrail_engine.testing.postgres import NoServerError, PostgresServer, postgres_server
from workrail_engine.testing.session_script import PINNED, PINNED_HASH
from workrail_engine.testing.world import SeededEntropy


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, one for each process that runs tests."""
    try:
        with postgres_server() as server:
            yield server
    except NoServerError as reason:
        pytest.skip(f"no PostgreSQL server: {reason}")


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a new store can be made: a file, or an empty database on a server."""
    if request.param == "sqlite":
        return tmp_path / "sessions.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture(name="locations")
def locations_of_a_new_store(tmp_path: Path, place: Path | str) -> Locations:
    """An installation whose sessions are in a new store, of each kind in turn."""
    return replace(
        Locations.under(tmp_path / "home"), database_url=place if isinstance(place, str) else None
    )


@pytest.fixture(name="engine")
def engine_on_a_new_store(locations: Locations) -> Iterator[Engine]:
    with open_engine(locations) as opened:
        yield opened


@pytest.fixture(name="store")
def store_that_holds_a_workflow(place: Path | str) -> Iterator[SqlStore]:
    """A new store with the workflow of every `SessionScript` in it."""
    with open_store(place, SeededEntropy()) as opened:
        opened.pin(PINNED_HASH, PINNED)
        yield opened


@pytest.fixture(name="places")
def places_with_an_empty_library(tmp_path: Path) -> Locations:
    """An installation that brings no workflow of its own."""
    (tmp_path / "bundled").mkdir()
    return Locations.under(tmp_path / "home", tmp_path / "bundled")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """Where a project can be made; not there yet."""
    return tmp_path / "workspace"
