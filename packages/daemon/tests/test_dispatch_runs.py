"""What the store promises whoever drives runs, and what a driver does when it cannot reach the store."""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from threading import Event, Thread

import pytest

from workrail_daemon.dispatch.contract import Lost, Parked
from workrail_daemon.dispatch.drives import Pace
from workrail_daemon.dispatch.embedded import EmbeddedDispatch
from workrail_daemon.dispatch.this_process import this_process
from workrail_daemon.stopping import LOST, Stop
from workrail_engine.agent_events import Content, RunBegun, TurnTaken, Usage
from workrail_engine.canonical import digest_bytes
from workrail_engine.engine import Engine, StartRequest, open_engine
from workrail_engine.errors import LeaseLostError, StoreUnavailableError
from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.projections.runs import Beat, Claim, RunOrder, RunView
from workrail_engine.runs import Runs
from workrail_engine.system import Locations
from workrail_engine.testing.postgres import NoServerError, PostgresServer, postgres_server

LONGEST = 20.0
_numbers = count(1)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    try:
        with postgres_server() as running:
            yield running
    except NoServerError as reason:
        pytest.skip(f"no PostgreSQL server: {reason}")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url: str | None = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("server")
        url = server.new_database()
    with open_engine(replace(Locations.under(tmp_path / "home"), database_url=url)) as opened:
        yield opened


def session(engine: Engine) -> SessionId:
    goal = f"Run {next(_numbers)}"
    return SessionId(engine.start(StartRequest("wr.classify-task", goal)).session_id)


def claimed(engine: Engine, worker: str = "here:1", ttl: float = 60.0) -> Claim:
    """A run that was ordered and claimed."""
    session_id = session(engine)
    engine.runs.order(RunOrder(session_id))
    return taken(engine, session_id, worker, ttl)


def taken(
    engine: Engine, session_id: SessionId, worker: str = "here:1", ttl: float = 60.0
) -> Claim:
    claim = engine.runs.claim_this(session_id, worker, ttl)
    assert claim is not None
    return claim


def seen(engine: Engine, session_id: SessionId) -> RunView:
    view = engine.runs.view(session_id)
    assert view is not None
    return view


@pytest.mark.rule("DISP-15")
def test_a_lease_that_ended_is_overdue_and_passes_to_who_claims_it(engine: Engine) -> None:
    first = claimed(engine, ttl=0.0)
    session_id = first.lease.session_id
    assert seen(engine, session_id).overdue
    second = taken(engine, session_id, "there:2")
    assert (second.lease.epoch, second.crashes) == (first.lease.epoch + 1, 1)
    assert not seen(engine, session_id).overdue
    told: list[Callable[[], object]] = [
        lambda: engine.runs.beat(first.lease, Beat(1.0)),
        lambda: engine.runs.park(first.lease, "operator", "It waits."),
        lambda: engine.runs.end(first.lease, "completed", "Done."),
        lambda: engine.runs.give_back(first.lease),
    ]
    for say in told:
        with pytest.raises(LeaseLostError):
            say()
    assert seen(engine, session_id).worker == "there:2"


@pytest.mark.rule("DISP-18")
def test_a_heartbeat_keeps_the_lease_says_what_is_done_and_hears_the_wish(engine: Engine) -> None:
    claim = claimed(engine, ttl=0.0)
    session_id = claim.lease.session_id
    assert engine.runs.beat(claim.lease, Beat(60.0, "thinking", 2.0, this_process())) is None
    view = seen(engine, session_id)
    assert (view.overdue, view.doing and view.doing.what) == (False, "thinking")
    engine.runs.wish(session_id, "pause")
    assert engine.runs.driven("here:1")[session_id] == (claim.lease.epoch, "pause")
    engine.runs.wish(session_id, "cancel")
    engine.runs.wish(session_id, "pause")
    assert engine.runs.beat(claim.lease, Beat(60.0)) == "cancel"


@pytest.mark.rule("DISP-19")
def test_only_what_was_recorded_of_the_work_takes_crashes_back(engine: Engine) -> None:
    first = claimed(engine, ttl=0.0)
    second = taken(engine, first.lease.session_id, ttl=0.0)
    begun = RunBegun(NodeId(1), 2, "here:1", "a/model", "none", None)
    engine.journal.append(second.lease, [begun])
    third = taken(engine, first.lease.session_id, ttl=0.0)
    assert third.crashes == 2
    turn(engine, third)
    assert taken(engine, first.lease.session_id).crashes == 1


def turn(engine: Engine, claim: Claim, number: int = 1) -> None:
    said = b"[]"
    content = Content(Digest(digest_bytes(said)), len(said))
    usage = Usage(input=100, output=20, cache_read=5)
    taken_turn = TurnTaken(
        NodeId(1), number, "a/model", "end_turn", None, (), content, usage, 7, 5, 1
    )
    engine.journal.append(claim.lease, [taken_turn], [said])


@pytest.mark.rule("DISP-20")
def test_a_run_that_lost_two_drivers_is_driven_alone(engine: Engine) -> None:
    suspect = claimed(engine, ttl=0.0)
    taken(engine, suspect.lease.session_id, ttl=0.0)
    other = claimed(engine)
    assert engine.runs.claim_this(suspect.lease.session_id, "here:1", 60.0) is None
    engine.runs.end(other.lease, "completed", "Done.")
    alone = taken(engine, suspect.lease.session_id)
    third = session(engine)
    engine.runs.order(RunOrder(third))
    assert engine.runs.claim_this(third, "here:1", 60.0) is None
    turn(engine, alone)
    assert engine.runs.claim_this(third, "here:1", 60.0) is not None


@pytest.mark.rule("DISP-21")
def test_what_a_dead_process_drove_is_released_for_its_host_and_nothing_else(
    engine: Engine,
) -> None:
    host = socket.gethostname()
    dead = claimed(engine, f"{host}:{2**22 + 1}")
    living = claimed(engine, f"{host}:{os.getppid()}")
    elsewhere = claimed(engine, f"elsewhere:{2**22 + 1}")
    assert engine.runs.release(host) == (dead.lease.worker,)
    states = [seen(engine, one.lease.session_id).state for one in (dead, living, elsewhere)]
    assert states == ["queued", "running", "running"]
    assert seen(engine, dead.lease.session_id).crashes == 1


@pytest.mark.rule("DISP-22")
def test_a_wish_that_came_before_a_run_rests_is_heeded_when_it_does(engine: Engine) -> None:
    cancelled, paused, resumed = (claimed(engine) for _ in range(3))
    engine.runs.wish(cancelled.lease.session_id, "cancel")
    engine.runs.park(cancelled.lease, "operator", "It waits for an answer.")
    assert seen(engine, cancelled.lease.session_id).outcome == "cancelled"
    engine.runs.wish(paused.lease.session_id, "pause")
    engine.runs.park(paused.lease, "operator", "It waits for an answer.", 0.0)
    assert seen(engine, paused.lease.session_id).rest == "paused"
    assert engine.runs.claim_this(paused.lease.session_id, "here:1", 60.0) is None
    engine.runs.wish(resumed.lease.session_id, "pause")
    assert engine.runs.wake(resumed.lease.session_id)
    engine.runs.park(resumed.lease, "paused", "It was paused.")
    assert engine.runs.claim_this(resumed.lease.session_id, "here:1", 60.0) is not None


@pytest.mark.rule("DISP-4")
def test_a_run_that_rests_for_a_time_goes_on_when_it_is_over(engine: Engine) -> None:
    soon, late = claimed(engine), claimed(engine)
    engine.runs.park(soon.lease, "rate_limit", "The model is busy.", 0.0)
    engine.runs.park(late.lease, "rate_limit", "The model is busy.", 3600.0)
    ready = {view.session_id for view in engine.runs.ready()}
    assert (soon.lease.session_id in ready, late.lease.session_id in ready) == (True, False)


@pytest.mark.rule("DISP-23")
def test_what_a_run_and_all_below_it_used_is_told_together(engine: Engine) -> None:
    root = claimed(engine)
    turn(engine, root)
    below = session(engine)
    engine.runs.order(RunOrder(below, parent=root.lease.session_id, depth=1))
    child = taken(engine, below)
    turn(engine, child)
    turn(engine, child, 2)
    engine.runs.end(child.lease, "completed", "Done.")
    spent = engine.runs.tree_spent(root.lease.session_id)
    assert (spent.turns, spent.input_tokens, spent.output_tokens, spent.cost) == (3, 315, 60, 21)
    alone = seen(engine, root.lease.session_id).spent
    assert alone.turns == 1
    assert spent.seconds >= seen(engine, below).spent.seconds > 0
    assert [view.session_id for view in engine.runs.below(root.lease.session_id)] == [below]


def unheard(_session_id: SessionId | None, _error: Exception) -> None:
    """Whoever listens to what goes wrong."""


@pytest.mark.rule("DISP-24")
def test_a_driver_that_cannot_reach_the_store_for_as_long_as_a_lease_lasts_lets_go(
    engine: Engine,
) -> None:
    """The reason is what the run is told; that it wrote nothing shows in the row it left behind."""
    session_id = session(engine)
    cut, begun, told = Event(), Event(), list[str]()

    def runs() -> Runs:
        if cut.is_set():
            message = "The session store cannot be reached."
            raise StoreUnavailableError(message)
        return engine.runs

    def work(_claim: Claim, stop: Stop, _doing: Callable[[str], None]) -> Parked | Lost:
        begun.set()
        stop.wait(LONGEST)
        told.append(stop.reason)
        return Parked("paused", "It would rest.")

    pace = Pace(ttl=0.6, beat=0.1, look=0.05)
    dispatch = EmbeddedDispatch(runs, this_process(), unheard, pace)
    dispatch.order(RunOrder(session_id, priority=1000))
    stop = Stop()
    thread = Thread(target=dispatch.work, args=(work, 1, stop))
    thread.start()
    assert begun.wait(LONGEST)
    cut.set()
    for _ in range(1000):
        if told:
            break
        Event().wait(0.02)
    stop.give("")
    thread.join(LONGEST)
    assert told == [LOST]
    assert seen(engine, session_id).state == "running"
