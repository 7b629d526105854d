"""What an operator does with a whole store: look, bring up to date, back up, move."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.engine import back_up_store, move_store, store_status, upgrade_store
from workrail_engine.errors import InvalidInputError, StoreError, StoreUnavailableError
from workrail_engine.projections.resume_ranking import ResumeAsk
from workrail_engine.reader import open_reader
from workrail_engine.session.events import Workspace, artifacts_of
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.schema import SCHEMA_VERSION
from workrail_engine.store.sql_store import open_store
from workrail_engine.system import Locations
from workrail_engine.testing.postgres import PostgresServer
from workrail_engine.testing.record import verified
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy

DIFF = {"kind": "wr.diff", "diff": "+ a line"}


@pytest.fixture
def home(tmp_path: Path) -> Locations:
    return Locations.under(tmp_path / "home")


@pytest.fixture
def scripts(home: Locations) -> list[SessionScript]:
    """Three sessions in the store of `home`: one with everything, one in hard letters, one new."""
    full = SessionScript("full", "Repair the walrus feeder")
    odd = SessionScript("odd", "Odd \x00 goal \x1a0 \U0001f600", Workspace("/w/ü", "/w/ü", "fix/ö"))
    new = SessionScript("new", "Anything", parent=full.session_id)
    with open_store(home.store, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        store.token_key()
        for change in (
            full.start(),
            full.complete(Sent(artifacts=({"kind": "test.log", "lines": ["x" * 80] * 30},))),
            full.block(Sent(notes="Half of it.", artifacts=({"kind": "test.log", "n": 1},))),
            full.complete(Sent(notes="At last.")),
            full.wait(Sent(notes="Stop here?", checks=({"kind": "wr.check_output"},)), DIFF),
            full.reject("Not so."),
            full.wait(Sent(notes="And here?")),
            full.checkpoint("Before the end."),
            full.finish(),
            odd.start(),
            odd.complete(Sent(notes="Nothing \x00 to see.")),
            new.start(),
        ):
            store.commit(change)
    return [full, odd, new]


def quietly(_what: str, _done: int, _total: int) -> None:
    """Nobody watches."""


def seen(place: Path | str, scripts: list[SessionScript]) -> list[object]:
    """Everything that can be read of some sessions."""
    with open_reader(place) as reader:
        view: list[object] = [reader.sessions().sessions]
        for script in scripts:
            assert verified(place, script.session_id).problems == ()
            view += [reader.artifact(one.digest) for e in script.events for one in artifacts_of(e)]
            view += [reader.session(script.session_id), tuple(reader.events(script.session_id))]
        for words in ("walrus", "half", "stop here", "kind lines", "see", "anything else"):
            found = reader.candidates(ResumeAsk(query=words))
            view.append({candidate.summary.session_id for candidate in found})
    return view


@pytest.mark.rule("STORE-33")
def test_a_store_can_move_to_a_server_and_back_and_stays_the_same(
    home: Locations, scripts: list[SessionScript], postgres: PostgresServer, tmp_path: Path
):
    address = postgres.new_database()
    told: list[tuple[str, int, int]] = []

    def tell(what: str, done: int, total: int) -> None:
        told.append((what, done, total))

    there = move_store(address, tell, home)
    back = move_store(tmp_path / "back", quietly, replace(home, database_url=address))

    assert (there.sessions, there.damaged) == (3, ())
    assert "hidden" not in there.target
    assert back.rows == there.rows
    assert ("events", 21, 21) in told
    assert told[-1] == ("verify", 3, 3)
    assert seen(address, scripts) == seen(home.store, scripts)
    assert seen(tmp_path / "back" / "sessions.db", scripts) == seen(home.store, scripts)


@pytest.mark.rule("STORE-33")
def test_work_goes_on_in_the_new_place_with_the_old_tokens(
    home: Locations, scripts: list[SessionScript], postgres: PostgresServer
):
    address = postgres.new_database()
    move_store(address, quietly, home)

    with (
        open_store(home.store, SeededEntropy()) as old,
        open_store(address, SeededEntropy()) as new,
    ):
        assert new.token_key() == old.token_key()
        new.commit(scripts[1].complete())
        new.commit(SessionScript("later").start())
        assert new.head(scripts[1].session_id).event_count == 6
        assert old.head(scripts[1].session_id).event_count == 4


@pytest.mark.rule("STORE-33")
def test_a_place_that_is_not_empty_is_left_as_it_is(
    home: Locations, scripts: list[SessionScript], postgres: PostgresServer
):
    address = postgres.new_database()
    theirs = SessionScript("theirs")
    with open_store(address, SeededEntropy("theirs")) as store:
        store.commit(theirs.start())

    with pytest.raises(InvalidInputError, match="holds sessions or settings already"):
        move_store(address, quietly, home)

    with open_reader(address) as reader:
        assert [one.session_id for one in reader.sessions().sessions] == [theirs.session_id]


@pytest.mark.rule("STORE-33")
def test_a_store_that_would_arrive_changed_does_not_move(
    home: Locations, scripts: list[SessionScript], postgres: PostgresServer
):
    """Bytes that are no text can lie in a file, and not on a server."""
    database = open_for_writing(home.store)
    with database.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE events SET payload = CAST(x'7bff7d' AS TEXT) WHERE session = 2 AND seq = 3"
        )
    database.close()
    address = postgres.new_database()

    with pytest.raises(StoreError, match=f"session {scripts[1].session_id} is another one there"):
        move_store(address, quietly, home)

    with open_reader(address) as reader:
        assert reader.sessions().total == 0


@pytest.mark.rule("STORE-33")
def test_a_session_that_was_damaged_before_is_named_and_moves_as_it_is(
    home: Locations, scripts: list[SessionScript], postgres: PostgresServer
):
    database = open_for_writing(home.store)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE events SET payload = '{' WHERE session = 2 AND seq = 3")
    database.close()

    moved = move_store(postgres.new_database(), quietly, home)

    assert moved.damaged == (scripts[1].session_id,)


def test_nothing_and_the_same_place_cannot_be_moved(home: Locations, tmp_path: Path):
    with pytest.raises(InvalidInputError, match="there is nothing to move"):
        move_store(tmp_path / "other", quietly, home)
    with open_store(home.store, SeededEntropy()):
        pass
    with pytest.raises(InvalidInputError, match="already"):
        move_store(home.home, quietly, home)
    assert not (tmp_path / "other").exists()


@pytest.mark.rule("STORE-34")
def test_a_backup_holds_everything_and_is_one_private_file(
    home: Locations, scripts: list[SessionScript], tmp_path: Path
):
    target = tmp_path / "copy" / "monday.db"
    target.parent.mkdir()

    made = back_up_store(target, home)

    assert (made.path, made.sessions, made.size) == (str(target), 3, target.stat().st_size)
    assert [file.name for file in target.parent.iterdir()] == ["monday.db"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert seen(target, scripts) == seen(home.store, scripts)


@pytest.mark.rule("STORE-34")
def test_a_backup_can_be_made_in_the_middle_of_someone_elses_writing(
    home: Locations, scripts: list[SessionScript], tmp_path: Path
):
    database = open_for_writing(home.store)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE sessions SET goal = 'half written'")
        made = back_up_store(tmp_path / "monday.db", home)
    database.close()

    assert made.sessions == 3
    assert verified(tmp_path / "monday.db", scripts[0].session_id).problems == ()


@pytest.mark.rule("STORE-34")
def test_a_backup_never_takes_the_place_of_a_file(
    home: Locations, scripts: list[SessionScript], tmp_path: Path
):
    target = tmp_path / "monday.db"
    target.write_text("mine")

    with pytest.raises(InvalidInputError, match="is there already"):
        back_up_store(target, home)

    assert target.read_text() == "mine"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["home", "monday.db"]


@pytest.mark.rule("STORE-34")
def test_a_damaged_store_has_no_backup(
    home: Locations, scripts: list[SessionScript], tmp_path: Path
):
    path = home.database
    whole = bytearray(path.read_bytes())
    whole[4096 * 3 : 4096 * 5] = b"\xa5" * 8192
    path.write_bytes(whole)

    with pytest.raises(StoreError):
        back_up_store(tmp_path / "monday.db", home)

    assert [file.name for file in tmp_path.iterdir()] == ["home"]


def test_nothing_cannot_be_backed_up(home: Locations, tmp_path: Path):
    with pytest.raises(InvalidInputError, match="nothing to back up"):
        back_up_store(tmp_path / "monday.db", home)


@pytest.mark.rule("STORE-34")
def test_a_store_on_a_server_names_the_tool_that_backs_it_up(home: Locations, tmp_path: Path):
    there = replace(home, database_url="postgresql://ada:s3cret@db.example/work")

    with pytest.raises(StoreUnavailableError, match="pg_dump --format=custom") as refused:
        back_up_store(tmp_path / "monday.db", there)

    assert "s3cret" not in str(refused.value)


def test_the_status_of_a_store_says_what_is_in_it(home: Locations, place: Path | str):
    where = replace(home, database_url=place if isinstance(place, str) else None)
    before = store_status(where)
    made = upgrade_store(where)
    with open_store(where.store, SeededEntropy()) as store:
        store.commit(SessionScript().start())

    after = store_status(where)

    assert (before.made, before.schema, before.counts) == (False, 0, ())
    assert (made.before, made.after) == (0, SCHEMA_VERSION)
    assert (after.made, after.schema, after.known_schema) == (True, SCHEMA_VERSION, SCHEMA_VERSION)
    assert dict(after.counts)["events"] == 2
    assert after.size > 4096
    assert "hidden" not in after.place
    assert upgrade_store(where).before == SCHEMA_VERSION


def test_looking_makes_nothing(home: Locations):
    assert not store_status(home).made
    assert not home.home.exists()
