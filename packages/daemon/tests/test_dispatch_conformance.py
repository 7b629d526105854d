"""What every dispatcher promises, held against each of them with real stores, threads and processes."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from workrail_daemon.testing.acting import Notes
from workrail_daemon.testing.dispatch_ground import Ground
from workrail_engine.agent_events import RunEnded
from workrail_engine.engine import Engine, open_engine
from workrail_engine.projections.runs import RunOrder
from workrail_engine.system import Locations
from workrail_engine.testing.postgres import NoServerError, PostgresServer, postgres_server


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    try:
        with postgres_server() as running:
            yield running
    except NoServerError as reason:
        pytest.skip(f"no PostgreSQL server: {reason}")


class Stores:
    """A store for each kind of dispatcher; one that was made serves all tests."""

    def __init__(self, folders: pytest.TempPathFactory, opened: ExitStack) -> None:
        self._folders = folders
        self._opened = opened
        self._made: dict[str, tuple[Locations, Engine]] = {}

    def of(self, kind: str, server: PostgresServer | None) -> tuple[Locations, Engine]:
        if kind not in self._made:
            url = None if server is None else server.new_database()
            home = Locations.under(self._folders.mktemp(kind))
            locations = replace(home, database_url=url)
            self._made[kind] = locations, self._opened.enter_context(open_engine(locations))
        return self._made[kind]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    with ExitStack() as opened:
        yield Stores(tmp_path_factory, opened)


@pytest.fixture(params=["embedded-sqlite", "embedded-postgresql", "procrastinate-postgresql"])
def ground(request: pytest.FixtureRequest, stores: Stores, tmp_path: Path) -> Iterator[Ground]:
    kind, _, database = str(request.param).partition("-")
    server = request.getfixturevalue("server") if database == "postgresql" else None
    locations, engine = stores.of(str(request.param), server)
    with ExitStack() as running:
        yield Ground(kind, locations, engine, Notes(tmp_path / "notes"), running, count(1))
    for view in engine.runs.views("queued", "running", "parked"):
        engine.runs.wish(view.session_id, "cancel")


@pytest.mark.rule("DISP-1")
def test_a_run_is_worked_on_once_and_ends_as_its_work_said(ground: Ground) -> None:
    first = ground.order()
    with ground.working():
        second = ground.order()
        assert ground.until_ended(first, second) == ["completed", "completed"]
    assert len(ground.notes.read("begun")) == 2
    assert ground.view(first).said == "Done."


@pytest.mark.rule("DISP-2")
def test_ordering_again_changes_nothing_until_the_run_is_over_and_then_has_it_tried_anew(
    ground: Ground,
) -> None:
    session_id = ground.order(priority=3)
    ground.dispatch.order(ground.ordered(session_id, "fail"))
    assert ground.view(session_id).priority == 3
    with ground.working():
        ground.until_ended(session_id)
        ground.dispatch.order(ground.ordered(session_id, "hold"))
        ground.until(lambda: len(ground.notes.read("begun")) == 2)
        again = ground.view(session_id)
        assert (again.state, again.outcome, again.ended_at) == ("running", None, None)
        ground.engine.runs.wish(session_id, "cancel")
        assert ground.until_ended(session_id) == ["cancelled"]


@pytest.mark.rule("DISP-3")
def test_higher_priorities_begin_first_and_equal_ones_in_the_order_they_were_ordered(
    ground: Ground,
) -> None:
    low, high, second_high, middle = (ground.order(priority=priority) for priority in (-1, 5, 5, 2))
    with ground.working(slots=1):
        ground.until_ended(low, high, second_high, middle)
    order = [line.session_id for line in ground.notes.read("begun")]
    assert order == [high, second_high, middle, low]


@pytest.mark.rule("DISP-4")
def test_a_run_with_a_delay_begins_when_it_is_over_and_keeps_no_other_waiting(
    ground: Ground,
) -> None:
    far = ground.order(delay=3600.0, priority=9)
    near = ground.order(delay=0.3)
    now = ground.order()
    with ground.working(slots=1):
        ground.until_ended(near, now)
    assert [line.session_id for line in ground.notes.read("begun")] == [now, near]
    assert ground.state(far) == ["queued"]


@pytest.mark.rule("DISP-5")
def test_runs_of_one_lane_go_one_at_a_time_and_others_beside_them(ground: Ground) -> None:
    in_lane = [ground.order("brief", lane="one") for _ in range(4)]
    beside = ground.order("hold")
    with ground.working(slots=3):
        ground.until(lambda: ground.begun(beside))
        ground.until_ended(*in_lane)
        ground.engine.runs.wish(beside, "cancel")
        ground.until_ended(beside)
    lines = [line for line in ground.notes.read() if line.session_id in in_lane]
    assert [line.what for line in lines] == ["begun", "left"] * 4


@pytest.mark.rule("DISP-6")
def test_no_more_runs_are_worked_on_than_there_are_slots(ground: Ground) -> None:
    runs = [ground.order("hold") for _ in range(3)]
    with ground.working(slots=2):
        ground.until(lambda: len(ground.notes.read("begun")) == 2)
        assert sorted(ground.state(*runs)) == ["queued", "running", "running"]
        for session_id in sorted(runs, key=ground.state, reverse=True):
            ground.engine.runs.wish(session_id, "cancel")
            ground.until_ended(session_id)
    at_once, most = 0, 0
    for line in ground.notes.read():
        at_once += {"begun": 1, "left": -1}.get(line.what, 0)
        most = max(most, at_once)
    assert most == 2


@pytest.mark.rule("DISP-7")
def test_parents_that_fill_every_slot_rest_for_their_children_and_all_come_to_an_end(
    ground: Ground,
) -> None:
    children = [ground.session() for _ in range(3)]
    parents = [ground.order("spawn", children=[child]) for child in children]
    with ground.working(slots=3):
        assert ground.until_ended(*parents) == ["completed"] * 3
    assert [ground.view(child).parent for child in children] == parents
    assert ground.view(parents[0]).epoch == 2


@pytest.mark.rule("DISP-8")
def test_a_cancelled_run_is_stopped_where_it_is_driven(ground: Ground) -> None:
    session_id = ground.order("hold")
    with ground.working():
        ground.until(lambda: ground.doing(session_id) == "holding")
        ground.engine.runs.wish(session_id, "cancel")
        assert ground.until_ended(session_id) == ["cancelled"]
    assert len(ground.notes.read("stopped-cancelled")) == 1


@pytest.mark.rule("DISP-9")
def test_a_run_nobody_drives_is_cancelled_at_once_and_its_log_says_so(ground: Ground) -> None:
    session_id = ground.order()
    ground.engine.runs.wish(session_id, "cancel")
    assert ground.view(session_id).outcome == "cancelled"
    events = [entry.event for entry in ground.engine.journal.read(session_id)]
    assert events == [RunEnded(events[0].node, "cancelled", "It was cancelled.")]


@pytest.mark.rule("DISP-10")
def test_what_a_cancelled_run_spawned_is_cancelled_with_it_however_far_down(
    ground: Ground,
) -> None:
    driven, below = ground.session(), ground.session()
    parent = ground.order("spawn", children=[driven], child_act="hold")
    with ground.working():
        ground.until(lambda: ground.begun(driven))
        ground.dispatch.order(RunOrder(below, parent=driven, depth=2, delay=3600.0))
        ground.engine.runs.wish(parent, "cancel")
        assert ground.until_ended(parent, driven, below) == ["cancelled"] * 3


@pytest.mark.rule("DISP-11")
def test_a_paused_run_rests_until_it_is_resumed(ground: Ground) -> None:
    driven, queued = ground.order("hold"), ground.order("hold", delay=3600.0)
    with ground.working():
        ground.until(lambda: ground.begun(driven))
        for session_id in (driven, queued):
            ground.engine.runs.wish(session_id, "pause")
        ground.until(lambda: ground.state(driven, queued) == ["parked", "parked"])
        assert [ground.view(one).rest for one in (driven, queued)] == ["paused", "paused"]
        ground.dispatch.wake(driven)
        ground.dispatch.wake(queued)
        ground.until(lambda: len(ground.notes.read("begun")) == 3)
        for session_id in (driven, queued):
            ground.engine.runs.wish(session_id, "cancel")
        ground.until_ended(driven, queued)


@pytest.mark.rule("DISP-12")
def test_a_run_that_asked_goes_on_when_an_answer_was_sent(ground: Ground) -> None:
    session_id = ground.order("ask")
    with ground.working():
        ground.until(lambda: ground.state(session_id) == ["parked"])
        ground.engine.mail.send(session_id, "operator", {"kind": "note", "text": "Not an answer."})
        ground.engine.mail.send(session_id, "operator", {"kind": "answer", "text": "Blue."})
        assert ground.until_ended(session_id) == ["completed"]


@pytest.mark.rule("DISP-13")
def test_a_run_that_fails_is_tried_three_times_and_then_ended_with_the_reason(
    ground: Ground,
) -> None:
    failing, beside = ground.order("fail"), ground.order("brief")
    with ground.working():
        assert ground.until_ended(failing, beside) == ["error", "completed"]
    lines = [line for line in ground.notes.read("begun") if line.session_id == failing]
    assert len(lines) == 3
    assert "3 drivers in a row" in (ground.view(failing).said or "")


@pytest.mark.rule("DISP-14")
def test_a_run_that_lets_go_because_the_daemon_stops_goes_on_with_the_next(
    ground: Ground,
) -> None:
    session_id = ground.order("hold")
    with ground.working():
        ground.until(lambda: ground.begun(session_id))
    assert ground.view(session_id).rest == "drained"
    with ground.working():
        ground.until(lambda: len(ground.notes.read("begun")) == 2)
        assert ground.view(session_id).crashes == 0
        ground.engine.runs.wish(session_id, "cancel")
        ground.until_ended(session_id)


@pytest.mark.rule("DISP-15")
def test_runs_of_a_worker_that_died_or_was_away_too_long_are_taken_over_and_it_is_refused(
    ground: Ground,
) -> None:
    dying, freezing = ground.processes(2, slots=1)
    runs = [ground.order("late") for _ in range(2)]
    ground.until(lambda: ground.begun(*runs))
    dying.kill()
    freezing.send_signal(signal.SIGSTOP)
    with ground.working():
        ground.until(lambda: len(ground.notes.read("begun")) == 4)
        ground.notes.gate.touch()
        assert ground.until_ended(*runs) == ["completed"] * 2
        freezing.send_signal(signal.SIGCONT)
        ground.until(lambda: bool(ground.notes.read("refused")))
    here = os.getpid()
    begun = [line.process for line in ground.notes.read("begun")]
    assert (set(begun[:2]), begun[2:]) == ({dying.pid, freezing.pid}, [here, here])
    assert [line.process for line in ground.notes.read("refused")] == [freezing.pid]
    assert [line.process for line in ground.notes.read("written")] == [here, here]
    for session_id in runs:
        assert ground.view(session_id).epoch == 2
        assert len(ground.engine.journal.read(session_id)) == 1


@pytest.mark.rule("DISP-16")
def test_three_processes_work_on_150_runs_and_on_each_of_them_once(ground: Ground) -> None:
    runs = [ground.order("finish", lane="one" if n % 10 == 0 else None) for n in range(150)]
    workers = ground.processes(3, slots=2)
    assert ground.until_ended(*runs, seconds=60) == ["completed"] * 150
    begun = [line.session_id for line in ground.notes.read("begun")]
    assert sorted(begun) == sorted(runs)
    took_part = {line.process for line in ground.notes.read()}
    assert took_part <= {worker.pid for worker in workers}
    assert len(took_part) > 1  # one may have been slow to start and found nothing left


@pytest.mark.rule("DISP-17")
def test_a_run_that_takes_its_worker_down_is_ended_and_takes_no_other_run_along(
    ground: Ground,
) -> None:
    poison = ground.order("crash", priority=1)
    beside = [ground.order("slow") for _ in range(2)]
    for _ in range(6):
        if not ground.goes_down(ground.processes(1, release=True)[0], poison, *beside):
            break
    assert ground.until_ended(poison, *beside) == ["error", "completed", "completed"]
    assert len(ground.notes.read("crashing")) == 3
    last = [entry.event for entry in ground.engine.journal.read(poison)][-1]
    assert isinstance(last, RunEnded)
    assert last.outcome == "error"
