"""How the database file is opened, kept private, and how it says that it cannot be used."""

import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from workrail_engine.errors import ConflictError, CorruptSessionError, StoreUnavailableError
from workrail_engine.ids import NodeId
from workrail_engine.reader import open_reader
from workrail_engine.store.database import open_for_reading, open_for_writing
from workrail_engine.store.sql_store import open_store
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = _mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk))
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def _mount(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["mount", *arguments], check=False, capture_output=True, text=True)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A store with one session."""
    path = tmp_path / "home" / "sessions.db"
    with open_store(path, SeededEntropy()) as store:
        store.commit(SessionScript().start())
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.rule("STORE-5")
def test_only_the_owner_can_look_into_the_store(tmp_path: Path):
    path = tmp_path / "home" / "sessions.db"
    with open_store(path, SeededEntropy()) as store:
        store.commit(SessionScript().start())

        files = sorted(path.parent.iterdir())
        assert [file.name for file in files] == [
            "sessions.db",
            "sessions.db-shm",
            "sessions.db-wal",
        ]
        assert {mode(file) for file in files} == {0o600}
        assert mode(path.parent) == 0o700


@pytest.mark.rule("STORE-5")
def test_a_database_others_could_read_is_closed_to_them(database: Path):
    database.chmod(0o644)

    with open_store(database, SeededEntropy()):
        assert mode(database) == 0o600


def test_nothing_is_left_of_making_a_store(database: Path):
    assert [file.name for file in database.parent.iterdir()] == ["sessions.db"]


def test_a_home_that_was_there_keeps_its_mode(tmp_path: Path):
    home = tmp_path / "home"
    home.mkdir(mode=0o755)

    with open_store(home / "sessions.db", SeededEntropy()):
        assert mode(home) == 0o755


@pytest.mark.rule("STORE-6")
def test_what_is_acknowledged_was_synced_to_the_disk(database: Path):
    opened = open_for_writing(database)
    with opened.writing() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    opened.close()

    assert pragmas == ["wal", 2, 1, 5000]


@pytest.mark.rule("STORE-6")
def test_writers_take_the_lock_at_once_and_readers_take_none(database: Path):
    began: list[str] = []

    def seen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        began.append(statement)

    opened = open_for_writing(database)
    event.listen(Engine, "before_cursor_execute", seen)
    with opened.writing() as connection:
        connection.exec_driver_sql("SELECT 1")
    with opened.reading() as connection:
        connection.exec_driver_sql("SELECT 2")
    event.remove(Engine, "before_cursor_execute", seen)
    opened.close()

    assert began == ["BEGIN IMMEDIATE", "SELECT 1", "BEGIN", "SELECT 2"]


@pytest.mark.rule("STORE-7")
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO settings (name, value) VALUES ('x', x'00')",
        "DELETE FROM events",
        "DROP TABLE events",
        "CREATE TABLE mine (x)",
        "PRAGMA user_version = 9",
    ],
)
def test_a_reader_cannot_write(database: Path, statement: str):
    opened = open_for_reading(database)

    with pytest.raises(StoreUnavailableError, match="is read-only"), opened.reading() as reading:
        reading.exec_driver_sql(statement)

    opened.close()


@pytest.mark.rule("STORE-7")
def test_a_reader_is_held_back_twice_by_its_connection_and_by_the_file(database: Path):
    opened = open_for_reading(database)
    with opened.reading() as reading:
        assert reading.exec_driver_sql("PRAGMA query_only").scalar_one() == 1
        reading.exec_driver_sql("PRAGMA query_only = OFF")  # its only connection keeps this

    with pytest.raises(StoreUnavailableError, match="is read-only"), opened.reading() as reading:
        reading.exec_driver_sql("DELETE FROM events")

    opened.close()


@pytest.mark.rule("STORE-7")
def test_a_reader_sees_what_a_writer_commits_while_it_is_open(database: Path):
    script = SessionScript()
    script.start()
    with open_reader(database) as reader, open_store(database, SeededEntropy()) as store:
        assert reader.sessions().sessions[0].event_count == 2
        store.commit(script.complete())

        assert reader.sessions().sessions[0].event_count == 4


def test_a_path_with_odd_characters_can_be_read(tmp_path: Path):
    path = tmp_path / "50% off? #1 ü" / "sessions.db"
    with open_store(path, SeededEntropy()) as store:
        store.commit(SessionScript().start())

    with open_reader(path) as reader:
        assert reader.sessions().total == 1


@pytest.mark.rule("STORE-11")
def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path):
    path = tmp_path / "sessions.db"
    path.write_text("Dear diary, " * 100)

    with pytest.raises(StoreUnavailableError) as refusal, open_store(path, SeededEntropy()):
        pass

    assert f"The session store {path} is not a database. Move the file away" in str(refusal.value)


@pytest.mark.rule("STORE-11")
def test_someone_elses_database_is_left_alone(tmp_path: Path):
    path = tmp_path / "sessions.db"
    other = open_for_writing(path)
    with other.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE recipes (name TEXT)")
    other.close()

    with pytest.raises(StoreUnavailableError) as refusal, open_store(path, SeededEntropy()):
        pass
    with pytest.raises(StoreUnavailableError) as reading, open_reader(path):
        pass

    assert "not a session store: it holds the table 'recipes'" in str(refusal.value)
    assert str(reading.value) == str(refusal.value)


@pytest.mark.rule("STORE-12")
def test_a_store_of_a_newer_version_is_refused_and_left_alone(database: Path):
    opened = open_for_writing(database)
    with opened.writing() as connection:
        connection.exec_driver_sql("PRAGMA user_version = 99")
    opened.close()

    with pytest.raises(StoreUnavailableError) as refusal, open_store(database, SeededEntropy()):
        pass
    with pytest.raises(StoreUnavailableError, match="written by a newer"), open_reader(database):
        pass

    assert "its schema is number 99 and this program knows " in str(refusal.value)
    opened = open_for_reading(database)
    with opened.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA user_version").scalar_one() == 99
    opened.close()


@pytest.mark.rule("STORE-11")
def test_a_file_where_the_folder_should_be_is_named(tmp_path: Path):
    (tmp_path / "home").write_text("not a folder")

    with (
        pytest.raises(StoreUnavailableError, match="A file is where a folder is needed"),
        open_store(tmp_path / "home" / "sessions.db", SeededEntropy()),
    ):
        pass


@pytest.mark.rule("STORE-11")
def test_a_locked_store_is_said_to_be_locked(database: Path):
    holder, waiter = open_for_writing(database), open_for_writing(database)
    with waiter.reading() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 1")  # its only connection keeps this
    with (
        holder.writing(),
        pytest.raises(StoreUnavailableError, match="is locked: another process"),
        waiter.writing(),
    ):
        pass
    holder.close()
    waiter.close()


@pytest.mark.rule("STORE-11")
def test_a_full_disk_is_said_to_be_full_and_what_was_stored_stays_whole(small_disk: Path):
    path = small_disk / "sessions.db"
    script = SessionScript()
    with open_store(path, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        store.commit(script.start())
        _fill(small_disk)
        large = script.complete(Sent(artifacts=tuple(_noise(n) for n in range(40))))

        with pytest.raises(StoreUnavailableError, match="has no room: the disk is full"):
            store.commit(large)

        assert store.head(script.session_id).event_count == 2
        (small_disk / "filler").unlink()
        assert _mount("-o", "remount,size=16m", str(small_disk)).returncode == 0
        store.commit(large)
    with open_reader(path) as reader:
        verification = reader.verify(script.session_id)
        assert (verification.events, verification.problems) == (4, ())


def _fill(disk: Path) -> None:
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return


def _noise(seed: int) -> dict[str, str]:
    return {"kind": "test.noise", "data": SeededEntropy(f"noise {seed}").bytes(16_000).hex()}


@pytest.mark.rule("STORE-11")
def test_a_read_only_disk_is_said_to_be_read_only(small_disk: Path):
    path = small_disk / "sessions.db"
    script = SessionScript()
    with open_store(path, SeededEntropy()) as store:
        store.commit(script.start())
    assert _mount("-o", "remount,ro", str(small_disk)).returncode == 0

    with (
        pytest.raises(StoreUnavailableError, match="Make the folder writable for this user"),
        open_store(path, SeededEntropy()),
    ):
        pass

    with open_reader(path) as reader:
        assert reader.sessions().total == 1


@pytest.mark.rule("STORE-10")
def test_a_damaged_row_is_told_of_its_session_and_hides_no_other(tmp_path: Path):
    path = tmp_path / "sessions.db"
    broken, whole = SessionScript("broken"), SessionScript("whole")
    with open_store(path, SeededEntropy()) as store:
        for script in (broken, whole):
            store.commit(script.start())
            store.commit(script.complete())
        opened = open_for_writing(path)
        with opened.writing() as connection:
            connection.exec_driver_sql("UPDATE nodes SET position = '{}' WHERE session = 1")
            connection.exec_driver_sql("UPDATE events SET payload = '{' WHERE session = 1")
        opened.close()

        with pytest.raises(CorruptSessionError) as failure:
            store.standing(broken.handle(2))
        with pytest.raises(CorruptSessionError):
            store.notes_before(broken.session_id, NodeId(2), 1000)

        assert f"Session {broken.session_id}: node 2 cannot be read" in str(failure.value)
        assert f"workrail session verify {broken.session_id}" in str(failure.value)
        assert store.standing(whole.handle(2)) is not None
        assert len(store.notes_before(whole.session_id, NodeId(2), 1000).notes) == 1


def test_a_row_that_breaks_a_reference_is_refused(database: Path):
    opened = open_for_writing(database)

    with (
        pytest.raises(StoreUnavailableError, match="FOREIGN KEY constraint failed"),
        opened.writing() as connection,
    ):
        connection.exec_driver_sql(
            "INSERT INTO artifacts (session, node, step_id, kind, digest, size, accepted)"
            " VALUES (77, 1, 's', 'k', x'00', 1, 1)"
        )

    opened.close()


def test_a_row_that_is_there_already_is_a_conflict(database: Path):
    opened = open_for_writing(database)

    with pytest.raises(ConflictError), opened.writing() as connection:
        connection.exec_driver_sql("INSERT INTO events SELECT * FROM events")

    opened.close()


@pytest.mark.rule("STORE-11")
def test_a_damaged_file_is_said_to_be_damaged(database: Path):
    content = database.read_bytes()
    database.write_bytes(content[:4096] + b"\x55" * (len(content) - 4096))

    with (
        pytest.raises(StoreUnavailableError, match="is damaged"),
        open_reader(database) as reader,
    ):
        reader.sessions()


@pytest.mark.rule("STORE-11")
def test_a_file_that_vanished_cannot_be_opened(tmp_path: Path):
    opened = open_for_reading(tmp_path / "sessions.db")

    with (
        pytest.raises(StoreUnavailableError, match="cannot be opened"),
        opened.reading() as reading,
    ):
        reading.exec_driver_sql("SELECT 1")

    assert list(tmp_path.iterdir()) == []
    opened.close()


def test_a_statement_of_ours_that_is_wrong_is_not_taken_for_a_broken_disk(database: Path):
    opened = open_for_reading(database)

    with (
        pytest.raises(StoreUnavailableError, match="refused: OperationalError"),
        opened.reading() as reading,
    ):
        reading.exec_driver_sql("SELECT nonsense")

    opened.close()
