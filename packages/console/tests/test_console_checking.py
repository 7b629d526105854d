"""Records are checked by a process of its own, so that pages are made meanwhile."""

import json
import os
from collections.abc import Iterator

import psutil
import pytest

from workrail_console.checking_apart import CheckerApart
from workrail_console.checking_process import answers
from workrail_console.integrity import IntegrityBook, Verifier
from workrail_engine.engine import Engine, StartRequest
from workrail_engine.errors import SessionNotFoundError, StoreUnavailableError
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import StepReady
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

NOBODY = SessionId("sess_" + "b" * 26)


@pytest.fixture
def checker(home: Locations) -> Iterator[CheckerApart]:
    checker = CheckerApart({**os.environ, "WORKRAIL_HOME": str(home.home)})
    yield checker
    checker.let_go()


def begin(engine: Engine) -> SessionId:
    outcome = engine.start(StartRequest("careful", "Look"))
    assert isinstance(outcome, StepReady)
    return SessionId(outcome.session_id)


def those_who_check() -> list[psutil.Process]:
    return [one for one in psutil.Process().children() if "checking_process" in command_of(one)]


def command_of(process: psutil.Process) -> str:
    """Nothing for a process that has ended meanwhile."""
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


@pytest.mark.rule("CON-19")
def test_another_process_reads_the_record_is_replaced_when_it_fails_and_ends_when_it_is_let_go(
    acting: Engine, checker: CheckerApart
) -> None:
    session = begin(acting)

    found = checker.check(session)
    with pytest.raises(SessionNotFoundError):
        checker.check(NOBODY)
    (process,) = those_who_check()
    process.kill()
    process.wait(10)
    with pytest.raises(StoreUnavailableError, match=f"workrail session verify {session}"):
        checker.check(session)
    again = checker.check(session)
    (other,) = those_who_check()
    checker.let_go()

    assert found.events > 0
    assert found.problems == ()
    assert again == found
    assert not process.is_running()
    assert not other.is_running()


@pytest.mark.rule("CON-19")
def test_the_round_goes_on_with_the_next_record_when_one_cannot_be_checked(
    home: Locations, acting: Engine
) -> None:
    sessions = {begin(acting), begin(acting)}
    asked: list[SessionId] = []

    class Failing:
        def check(self, session_id: SessionId) -> object:
            asked.append(session_id)
            message = "It has ended."
            raise StoreUnavailableError(message)

        def let_go(self) -> None:
            """Hold nothing."""

    verifier = Verifier(IntegrityBook(), lambda: open_reader(home), Failing())  # type: ignore[arg-type]  # it never answers
    for rest in verifier.sweep():
        if rest > 1:
            break

    assert set(asked) == sessions


@pytest.mark.rule("CON-19")
def test_each_line_is_answered_with_one_line(home: Locations, acting: Engine) -> None:
    session = begin(acting)

    told = [
        json.loads(line) for line in answers([f"{session}\n", NOBODY], lambda: open_reader(home))
    ]
    broken = Locations.under(home.home / "other", home.bundled_dir)
    broken.home.mkdir()
    broken.database.write_text("no database, and long enough to be read as one" * 50)
    (failed,) = answers([session], lambda: open_reader(broken))

    assert told[0]["problems"] == []
    assert NOBODY in told[1]["missing"]
    assert "failed" in json.loads(failed)
