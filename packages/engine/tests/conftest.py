"""A store of each kind, for the tests that hold all of them to the same promises."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from workrail_engine.testing.postgres import NoServerError, PostgresServer, postgres_server


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
