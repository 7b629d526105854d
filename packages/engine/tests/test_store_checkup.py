"""Does a look at the store find what keeps it from being used?"""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from workrail_engine.engine import StartRequest, open_engine, upgrade_store
from workrail_engine.errors import StoreUnavailableError
from workrail_engine.reader import check_store
from workrail_engine.system import Locations
from workrail_engine.testing.postgres import PostgresServer

FREE_PAGES = 36
"""Where a database file says how many of its pages are free."""


@pytest.fixture(name="home")
def home_with_a_store(tmp_path: Path) -> Path:
    upgrade_store(Locations.under(tmp_path / "home"))
    return tmp_path / "home"


def test_before_the_first_session_nothing_is_there_and_nothing_is_made(tmp_path: Path) -> None:
    found = check_store(Locations.under(tmp_path / "home"))

    assert (found.status.made, found.damage, found.unwritable) == (False, (), None)
    assert not (tmp_path / "home").exists()


def test_a_sound_store_says_whether_it_has_its_key(home: Path) -> None:
    before = check_store(Locations.under(home))
    with open_engine(Locations.under(home)) as engine:
        engine.start(StartRequest("wr.classify-task", "See whether there is a key"))
    (home / "sessions.db").chmod(0o644)
    after = check_store(Locations.under(home))

    assert (before.damage, before.unwritable) == ((), None)
    assert (before.has_key, after.has_key) == (False, True)
    assert (home / "sessions.db").stat().st_mode & 0o777 == 0o644, "looking mends nothing"


def test_damage_that_no_read_meets_is_found(home: Path) -> None:
    with (home / "sessions.db").open("r+b") as file:
        file.seek(FREE_PAGES)
        file.write((5).to_bytes(4, "big"))

    found = check_store(Locations.under(home))

    assert found.status.made
    assert "freelist" in " ".join(found.damage).lower()
    assert not found.has_key


def test_a_file_that_is_no_database_is_an_error(home: Path) -> None:
    (home / "sessions.db").write_bytes(b"something else " * 1000)

    with pytest.raises(StoreUnavailableError, match="sessions"):
        check_store(Locations.under(home))


def test_a_server_is_asked_whether_it_takes_writes(postgres: PostgresServer) -> None:
    address = postgres.new_database()
    where = Locations(Path("/nowhere"), Path("/nowhere"), Path("/nowhere"), database_url=address)

    empty = check_store(where)
    upgrade_store(where)
    made = check_store(where)
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:", 1))
    with engine.begin() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    engine.dispose()
    closed = check_store(where)

    assert (empty.status.made, empty.unwritable) == (False, None)
    assert (made.status.made, made.unwritable, made.damage) == (True, None, ())
    assert closed.unwritable == "the server takes no writes, as a standby does"
