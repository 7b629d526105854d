"""A store that cannot be used says why and what to do, to agents and on the command line.

Every fault is real. The same process goes on once its cause is gone, and nothing acknowledged is lost.
"""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.errors import StoreUnavailableError
from workrail_engine.outcomes import AdvanceOutcome, StartOutcome, StepReady
from workrail_engine.reader import open_reader
from workrail_engine.registry.registry import Registry
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import open_store
from workrail_engine.system import Locations
from workrail_engine.testing.world import FixedClock, SeededEntropy
from workrail_mcp_server.cli import main
from workrail_mcp_server.server import Tools

WORKFLOW = {
    "id": "fault-test",
    "name": "Fault test",
    "description": "Five plain steps.",
    "version": "1.0.0",
    "steps": [{"id": f"step-{n}", "title": f"Step {n}", "prompt": "Go on."} for n in range(1, 6)],
}
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
"""
LIMIT = 600
NEW_KEY = ("session", "repair", "--new-key")
LIST = ("session", "list")
Trouble = Callable[[Path], AbstractContextManager[None]]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Locations]:
    """A home on a disk of its own where one can be mounted, else a plain folder."""
    home, bundled = tmp_path / "home", tmp_path / "bundled"
    home.mkdir(mode=0o700)
    bundled.mkdir()
    (bundled / "fault-test.json").write_text(json.dumps(WORKFLOW))
    monkeypatch.setenv("WORKRAIL_HOME", str(home))
    monkeypatch.setenv("WORKRAIL_BUNDLED_DIR", str(bundled))
    mounted = os.geteuid() == 0 and mount("-t", "tmpfs", "-o", "size=3m,mode=700", "disk", home)
    yield Locations.under(home, bundled)
    if mounted:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


def mount(*arguments: object) -> bool:
    command = ["mount", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


@contextmanager
def full_disk(home: Path) -> Generator[None]:
    if not home.is_mount():
        pytest.skip("a small disk cannot be mounted here")
    filler = home / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass
    yield
    filler.unlink()


@contextmanager
def read_only(home: Path) -> Generator[None]:
    if home.is_mount():
        assert mount("-o", "remount,ro", home)
        yield
        assert mount("-o", "remount,rw", home)
        return
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere, and no disk can be mounted here")
    (home / "sessions.db").chmod(0o400)
    home.chmod(0o500)
    yield
    home.chmod(0o700)
    (home / "sessions.db").chmod(0o600)


@contextmanager
def locked(home: Path) -> Generator[None]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home / "sessions.db")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield
        holder.communicate("let go\n")


@contextmanager
def other_bytes(home: Path, change: Callable[[bytes], bytes]) -> Generator[None]:
    database = home / "sessions.db"
    whole = database.read_bytes()
    database.write_bytes(change(whole))
    yield
    database.write_bytes(whole)
    for ending in ("-wal", "-shm"):
        database.with_name(f"sessions.db{ending}").unlink(missing_ok=True)


def damaged_pages(home: Path) -> AbstractContextManager[None]:
    return other_bytes(home, lambda whole: whole[:4096] + b"\x55" * (len(whole) - 4096))


def no_database(home: Path) -> AbstractContextManager[None]:
    return other_bytes(home, lambda _: b"Dear diary, today I restored the wrong file. " * 200)


@contextmanager
def changed_rows(home: Path, there: str, back: str) -> Generator[None]:
    for statement in (there, back):
        database = open_for_writing(home / "sessions.db")
        with database.writing() as connection:
            for part in statement.split(";"):
                connection.exec_driver_sql(part)
        database.close()
        if statement == there:
            yield


def lost_key(home: Path) -> AbstractContextManager[None]:
    return changed_rows(
        home,
        "UPDATE settings SET name = 'elsewhere' WHERE name = 'token_key'",
        "DELETE FROM settings WHERE name = 'token_key';"
        "UPDATE settings SET name = 'token_key' WHERE name = 'elsewhere'",
    )


def newer_schema(home: Path) -> AbstractContextManager[None]:
    database = home / "sessions.db"
    known = int.from_bytes(database.read_bytes()[60:64], "big")  # SQLite's user_version
    return changed_rows(home, "PRAGMA user_version = 99", f"PRAGMA user_version = {known}")


def ready(outcome: StartOutcome | AdvanceOutcome) -> StepReady:
    assert isinstance(outcome, StepReady)
    return outcome


def acknowledged_session(places: Locations) -> tuple[str, str]:
    """A session with one completed step, and the token of its next."""
    with open_engine(places) as engine:
        first = ready(engine.start(StartRequest("fault-test", "Survive the fault")))
        second = ready(engine.advance(first.token, Submission(notes="Done before the fault.")))
        return second.session_id, second.token


def completed(tools: Tools, token: str) -> str:
    reply = tools.call("complete_step", {"token": token, "notes": "Done after the fault."})
    assert not reply.failed, reply.text
    return reply.text


@pytest.mark.rule("STORE-63")
@pytest.mark.rule("STORE-64")
@pytest.mark.parametrize(
    ("trouble", "command", "reason", "remedy"),
    [
        (full_disk, NEW_KEY, "has no room: the disk is full", "Free some space"),
        (read_only, NEW_KEY, "cannot be written|is read-only", "Make the folder writable"),
        (locked, NEW_KEY, "is locked: another process", "Make the same call again"),
        (damaged_pages, LIST, "is damaged", "workrail session repair"),
        (no_database, LIST, "is not a database", "restore it from a backup"),
        (newer_schema, LIST, "written by a newer WorkRail", "Install the newer WorkRail"),
        (lost_key, None, "lost the key its tokens are made with", "session repair --new-key"),
    ],
)
def test_a_fault_is_told_with_its_remedy_and_the_same_process_goes_on_after_it(
    places: Locations,
    trouble: Trouble,
    command: tuple[str, ...] | None,
    reason: str,
    remedy: str,
) -> None:
    session_id, token = acknowledged_session(places)
    tools = Tools(places.home, places)

    with trouble(places.home):
        told: list[str] = []

        def ask_as_an_agent() -> None:
            reply = tools.call("complete_step", {"token": token, "notes": "Done in the fault."})
            assert reply.failed
            assert len(reply.text.encode()) <= LIMIT
            told.append(reply.text)

        agent = threading.Thread(target=ask_as_an_agent)
        agent.start()
        if command is not None:
            result = CliRunner().invoke(main, command)
            assert (result.exit_code, result.stdout) == (2, "")
            told.append(result.stderr)
        agent.join()

    assert len(told) == (1 if command is None else 2)
    for text in told:
        assert re.search(reason, text), text
        assert remedy in text
        assert "Traceback" not in text
    assert "Step 3" in completed(tools, token)
    tools.close()
    with open_reader(places) as reader:
        (session,) = reader.sessions().sessions
        assert reader.verify(session.session_id).problems == ()
        notes = [node.notes for node in reader.session(session.session_id).nodes if node.notes]
    assert session.session_id == session_id
    assert notes == ["Done before the fault.", "Done after the fault."]


@pytest.mark.rule("STORE-64")
@pytest.mark.parametrize("trouble", [full_disk, locked], ids=["full disk", "locked"])
def test_a_process_that_was_at_work_before_the_fault_goes_on_after_it(
    places: Locations, trouble: Trouble
) -> None:
    session_id, token = acknowledged_session(places)
    with open_engine(places) as engine:
        third = ready(engine.advance(token, Submission(notes="Done by the same process.")))
        with (
            trouble(places.home),
            pytest.raises(StoreUnavailableError, match=r"Nothing was recorded\."),
        ):
            start_until_refused(engine)

        outcome = ready(engine.advance(third.token, Submission(notes="Done once there is room.")))

    assert (outcome.session_id, outcome.step.number) == (session_id, 4)


def start_until_refused(engine: Engine) -> None:
    """A full disk may leave some room inside the store's files."""
    for number in range(1000):
        engine.start(StartRequest("fault-test", f"Filler {number}"))


@pytest.mark.rule("STORE-63")
def test_reading_goes_on_while_nothing_can_be_written(places: Locations) -> None:
    session_id, token = acknowledged_session(places)
    tools = Tools(places.home, places)

    with locked(places.home):
        back = tools.call("continue_workflow", {"continueToken": token})
        found = tools.call("resume_session", {})
        listed = CliRunner().invoke(main, LIST)

    tools.close()
    assert not back.failed
    assert "Step 2" in back.text
    assert session_id in found.text
    assert session_id in listed.stdout


@pytest.mark.rule("STORE-64")
def test_a_restored_backup_is_used_by_a_process_that_had_the_old_file_open(
    places: Locations,
) -> None:
    _, token = acknowledged_session(places)
    backup = places.home / "backup.db"
    backup.write_bytes(places.database.read_bytes())
    with open_engine(places) as engine:
        ready(engine.advance(token, Submission(notes="Not in the backup.")))
        for ending in ("-wal", "-shm"):
            places.database.with_name(f"sessions.db{ending}").unlink()
        backup.replace(places.database)

        engine.advance(token, Submission(notes="After the restore."))

    with open_reader(places) as reader:
        (session,) = reader.sessions().sessions
        assert reader.verify(session.session_id).problems == ()
        notes = [node.notes for node in reader.session(session.session_id).nodes if node.notes]
    assert notes == ["Done before the fault.", "After the restore."]


def test_a_store_that_is_gone_is_not_made_anew_under_a_running_process(places: Locations) -> None:
    _, token = acknowledged_session(places)
    away = places.home / "away.db"
    with open_engine(places) as engine:
        engine.rehydrate(token)
        places.database.rename(away)

        with pytest.raises(StoreUnavailableError, match="cannot be opened"):
            engine.advance(token, Submission(notes="Into the void."))

        assert not places.database.exists()
        away.rename(places.database)
        assert isinstance(engine.advance(token, Submission(notes="Back again.")), StepReady)


@pytest.mark.rule("STORE-65")
def test_a_clock_set_back_turns_no_log_around(places: Locations) -> None:
    clock = FixedClock()
    with open_store(places.database, SeededEntropy()) as store:
        engine = Engine(store, Registry(places), clock, SeededEntropy("engine"))
        first = ready(engine.start(StartRequest("fault-test", "Begin in the morning")))
        clock.advance(60)
        second = ready(engine.advance(first.token, Submission(notes="A minute later.")))
        clock.advance(-timedelta(days=400).total_seconds())
        third = ready(engine.advance(second.token, Submission("More than a year before.")))
        clock.advance(30)
        engine.advance(third.token, Submission(notes="And half a minute."))

    with open_reader(places) as reader:
        (session,) = reader.sessions().sessions
        events = list(reader.events(session.session_id))
        assert reader.verify(session.session_id).problems == ()
        assert [event.at for event in events] == sorted(event.at for event in events)
        assert session.updated_at == events[-1].at == "2026-03-02T09:01:00.000000Z"
        notes = [node.notes for node in reader.session(session.session_id).nodes if node.notes]
    assert notes == ["A minute later.", "More than a year before.", "And half a minute."]
