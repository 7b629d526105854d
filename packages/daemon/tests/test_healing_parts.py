"""What do the parts of healing promise, each by itself?"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workrail_daemon.dispatch.contract import Ended, Work
from workrail_daemon.event_log.reading import Wanted, lines
from workrail_daemon.event_log.writing import EventLog
from workrail_daemon.ground import Ground
from workrail_daemon.healing.breaker import Breaker, Tolerance
from workrail_daemon.healing.guard import Guard
from workrail_daemon.healing.health import session_health, store_health, store_is_there
from workrail_daemon.healing.holder import EngineHolder, holding
from workrail_daemon.healing.mending import Patience, Surroundings
from workrail_daemon.healing.work import Healing
from workrail_daemon.stopping import PAUSED, TOOLING, Stop
from workrail_engine.agent_events import AgentEvent
from workrail_engine.engine import StartRequest, open_engine
from workrail_engine.errors import StoreUnavailableError
from workrail_engine.ids import SessionId
from workrail_engine.system import Locations

HELD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("CREATE TABLE other (x)")
print("held", flush=True)
sys.stdin.read()
"""


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def clock_set_by_hand() -> Clock:
    return Clock()


@pytest.fixture(name="places")
def places_of_a_new_store(tmp_path: Path) -> Locations:
    return Locations.under(tmp_path)


@pytest.fixture(name="holder")
def holder_of_a_new_store(places: Locations) -> Iterator[EngineHolder]:
    with holding(lambda: open_engine(places)) as held:
        yield held


def test_the_breaker_opens_by_several_failures_that_last_and_closes_by_one_success(
    clock: Clock,
) -> None:
    breaker = Breaker(clock, Tolerance(failures=3, window=10.0, least=1.0))
    assert [breaker.failed() for _ in range(4)] == [False] * 4  # all at one moment
    clock.now += 1.0
    assert breaker.failing
    assert not breaker.is_open
    assert breaker.failed()
    assert not breaker.failed()  # it is open already
    clock.now += 2.5
    assert breaker.seconds == 2.5
    assert breaker.worked() == 2.5
    assert breaker.worked() is None
    assert not breaker.failing


def test_failures_far_apart_open_nothing(clock: Clock) -> None:
    breaker = Breaker(clock, Tolerance(failures=2, window=10.0, least=1.0))
    for _ in range(5):
        assert not breaker.failed()
        clock.now += 10.5
    assert not breaker.failing


def test_one_at_a_time_tries_whether_the_store_is_back(clock: Clock) -> None:
    breaker = Breaker(clock)
    with breaker.turn() as first, breaker.turn() as second:
        assert (first, second) == (True, False)
    with breaker.turn() as again:
        assert again


def test_the_engine_is_begun_anew_and_one_that_cannot_be_leaves_the_one_before(
    places: Locations, holder: EngineHolder
) -> None:
    before = holder.engine
    holder.renew()
    assert holder.engine is not before
    started = holder.engine.start(StartRequest("wr.classify-task", "Try it", origin="daemon"))
    assert started.session_id

    now = holder.engine
    places.database.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreUnavailableError):
        holder.renew()
    assert holder.engine is now


@pytest.mark.rule("HEAL-4")
def test_calls_that_keep_failing_stop_every_run_and_nothing_more_gets_through(
    clock: Clock, places: Locations, holder: EngineHolder
) -> None:
    guard = Guard(holder, Breaker(clock, Tolerance(failures=1, least=0.0)))
    away = places.home / "away"
    with ExitStack() as watched:
        runs = [watched.enter_context(guard.watching(Stop())) for _ in range(2)]
        grounds = [ground for ground, _ in runs]
        assert grounds[0].call(lambda engine: engine.runs.views()) == ()
        places.database.rename(away)
        with pytest.raises(StoreUnavailableError):
            grounds[0].call(lambda engine: engine.runs.views())
        away.rename(places.database)
        assert [own.reason for _, own in runs] == [TOOLING, TOOLING]
        with pytest.raises(StoreUnavailableError, match="interrupted"):
            grounds[1].call(lambda engine: engine.runs.views())


def test_a_run_hears_what_it_is_told_through_the_guard(holder: EngineHolder, clock: Clock) -> None:
    guard, told = Guard(holder, Breaker(clock)), Stop()
    with guard.watching(told) as (_ground, own):
        told.give(PAUSED)
        assert own.reason == PAUSED


@pytest.mark.rule("HEAL-8")
def test_the_state_of_a_store_is_told_with_what_it_was_taken_from(
    places: Locations, holder: EngineHolder
) -> None:
    assert store_health(places).bad == ()
    session_id = _session(holder)
    assert session_health(holder.engine, places, session_id).bad == ()

    away = places.home / "away"
    places.database.rename(away)
    assert [probe.name for probe in store_health(places).bad] == ["file", "answer"]
    assert not store_is_there(places)
    assert not places.database.exists()
    away.write_bytes(b"no database" * 1000)
    away.rename(places.database)
    assert [probe.name for probe in store_health(places).bad] == ["answer"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a file")
def test_who_holds_the_file_is_named(places: Locations, holder: EngineHolder) -> None:
    _session(holder)
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", HELD, str(places.database)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        held = [probe for probe in store_health(places).bad if probe.name == "lock"]
        other.communicate()
    assert [str(other.pid) in probe.said for probe in held] == [True]


@pytest.mark.rule("HEAL-9")
def test_a_store_that_stays_away_is_told_once_with_what_to_look_at(
    clock: Clock, places: Locations, holder: EngineHolder
) -> None:
    guard = Guard(holder, Breaker(clock, Tolerance(failures=1, least=0.0)))
    log = EventLog(places.home, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    around = Surroundings(places, log, _unheard, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    healing = Healing(guard, _nothing, around, Patience(seconds=60.0))
    error = StoreUnavailableError("It does not answer.")
    for _ in range(5):
        healing.failed(None, error)
        clock.now += 30.0
    found = list(lines(places.home, Wanted()))
    assert [line["kind"] for line in found] == ["tooling_failure_detected", "self_heal_failed"]
    assert "workrail doctor" in json.dumps(found[1])

    healing.look()
    assert not guard.breaker.is_open
    assert [line["kind"] for line in lines(places.home, Wanted())][2:] == ["self_heal_succeeded"]


def _unheard(_session: SessionId, _event: AgentEvent) -> None:
    """Nobody listens."""


def _nothing(_ground: Ground) -> Work:
    return lambda _claim, _stop, _doing: Ended("completed", "Nothing was to be done.")


def _session(holder: EngineHolder) -> SessionId:
    request = StartRequest("wr.classify-task", "Try it", origin="daemon")
    return SessionId(holder.engine.start(request).session_id)
