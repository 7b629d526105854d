"""Does a run go on when the ground gives way under it?"""

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import psutil
import pytest

from workrail_daemon.dispatch.contract import Lost
from workrail_daemon.event_log.reading import Wanted, lines
from workrail_daemon.healing.mending import Patience
from workrail_daemon.testing.ward import LASTING, Ward, ward
from workrail_daemon.testing.worksite import PATIENCE, call, complete, step
from workrail_engine.agent_events import (
    AgentEvent,
    MessageGiven,
    RunBegun,
    RunEnded,
    ToolBegun,
    ToolFinished,
    TurnTaken,
)
from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import SessionId
from workrail_engine.testing.postgres import NoServerError, PostgresServer, postgres_server

STEPS = [step("one"), step("two")]
TURNS = [
    call("Read", file_path="a.py"),
    call("Bash", command="echo x >> counted"),
    complete(),
    complete(),
]
HEALED = ["tooling_failure_detected", "self_heal_started", "self_heal_succeeded"]


@pytest.fixture(scope="module", name="server")
def server_of_postgres() -> Iterator[PostgresServer]:
    try:
        with postgres_server() as running:
            yield running
    except NoServerError as reason:
        pytest.skip(f"no PostgreSQL server: {reason}")


@pytest.fixture(name="here")
def ward_of_a_new_store(tmp_path: Path) -> Iterator[Ward]:
    with ward(tmp_path) as opened:
        yield opened


def until(fact: Callable[[], bool]) -> None:
    limit = monotonic() + PATIENCE
    while not fact():
        assert monotonic() < limit
        Event().wait(0.02)


def when_begun(here: Ward, tool: str, act: Callable[[], object]) -> None:
    """Do something once, as soon as the log says that a tool is begun."""

    def watch(_session: SessionId, event: AgentEvent) -> None:
        if isinstance(event, ToolBegun) and event.tool == tool:
            here.site.watch = None
            act()

    here.site.watch = watch


def healing(here: Ward, kind: str = "self_heal_started") -> Callable[[], bool]:
    return lambda: kind in here.told()


def healed_kinds(kinds: list[str]) -> list[str]:
    return [kind for kind in kinds if kind in HEALED]


@pytest.mark.rule("HEAL-1")
def test_a_run_whose_store_goes_away_is_interrupted_and_goes_on_when_it_is_back(
    here: Ward,
) -> None:
    store, away = here.site.locations.database, here.site.locations.home / "away"
    session_id = here.site.ordered(STEPS, TURNS, sandbox="off")
    when_begun(here, "Bash", lambda: store.rename(away))
    with here.working():
        until(healing(here))
        away.rename(store)
        view = here.site.settled(session_id, "ended")

    assert view.outcome == "completed"
    assert healed_kinds(here.told(session_id)) == HEALED
    assert healed_kinds(here.noticed(session_id)) == HEALED
    events = here.site.events(session_id)
    turns = [event.turn for event in events if isinstance(event, TurnTaken)]
    assert turns == [1, 2, 3, 4]
    bash = [e for e in events if isinstance(e, ToolFinished) and e.tool == "Bash"]
    assert [event.outcome for event in bash] == ["interrupted"]
    assert (here.site.workspace / "counted").read_text() == "x\n"
    reminders = [e.text for e in events if isinstance(e, MessageGiven) and "<context>" in e.text]
    assert len(reminders) == 1
    assert "Read a.py (ok)" in reminders[0]
    assert "Bash echo x >> counted" in reminders[0]
    assert [event.outcome for event in events if isinstance(event, RunEnded)] == ["completed"]


@pytest.mark.rule("HEAL-1")
def test_a_run_goes_on_when_there_is_room_on_the_disk_again(here: Ward) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    store = here.site.locations.database
    session_id = here.site.ordered(STEPS, TURNS, sandbox="off")

    def fill() -> None:
        room = store.with_name(f"{store.name}-wal").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))

    when_begun(here, "Bash", fill)
    try:
        with here.working():
            until(healing(here))
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
            view = here.site.settled(session_id, "ended")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert view.outcome == "completed"
    assert healed_kinds(here.noticed(session_id)) == HEALED


@pytest.mark.rule("HEAL-2")
def test_a_store_that_is_away_for_longer_than_a_lease_costs_the_lease_and_nothing_else(
    here: Ward,
) -> None:
    store, away = here.site.locations.database, here.site.locations.home / "away"
    session_id = here.site.ordered(STEPS, TURNS, sandbox="off")
    when_begun(here, "Bash", lambda: store.rename(away))
    with here.working():
        until(lambda: bool(here.settled))
        assert not store.exists()  # no empty store was made in its place
        away.rename(store)
        view = here.site.settled(session_id, "ended")

    assert isinstance(here.settled[0], Lost)
    assert (view.outcome, view.epoch) == ("completed", 2)
    assert healed_kinds(here.told(session_id)) == HEALED
    assert healed_kinds(here.noticed(session_id)) == HEALED


@pytest.mark.rule("HEAL-3")
def test_the_tools_of_a_run_are_ended_as_soon_as_its_store_is_gone(here: Ward) -> None:
    store, away = here.site.locations.database, here.site.locations.home / "away"
    turns = [call("Bash", command="echo $$ > pid; sleep 600"), complete(), complete()]
    session_id = here.site.ordered(STEPS, turns, sandbox="off")
    pid = here.site.workspace / "pid"
    with here.working(pace=LASTING):
        until(lambda: pid.exists() and pid.read_text() != "")
        store.rename(away)
        until(healing(here))
        assert not psutil.pid_exists(int(pid.read_text()))
        away.rename(store)
        view = here.site.settled(session_id, "ended")
    assert (view.outcome, view.epoch) == ("completed", 1)


@pytest.mark.rule("HEAL-4")
def test_no_run_works_while_the_store_of_all_is_gone(here: Ward) -> None:
    store, away = here.site.locations.database, here.site.locations.home / "away"
    turns = [call("Bash", command="touch $$.run; sleep 600"), complete(), complete()]
    runs = [here.site.ordered(STEPS, turns, sandbox="off") for _ in range(2)]
    with here.working(pace=LASTING):
        until(lambda: len(list(here.site.workspace.glob("*.run"))) == len(runs))
        store.rename(away)
        until(lambda: here.told().count("self_heal_started") == len(runs))
        away.rename(store)
        outcomes = [here.site.settled(each, "ended").outcome for each in runs]
    assert outcomes == ["completed"] * 2
    log = lines(here.site.locations.home, Wanted(kinds=HEALED))
    of_all = [line["kind"] for line in log if "sessionId" not in line]
    assert of_all == ["tooling_failure_detected", "self_heal_succeeded"]


@pytest.mark.rule("HEAL-5")
def test_a_run_that_fails_again_each_time_it_is_healed_is_given_up_and_a_person_is_asked(
    tmp_path: Path,
) -> None:
    with ward(tmp_path, patience=Patience(heals=2, first_pause=0.01)) as here:
        session_id = here.site.ordered(STEPS, TURNS, sandbox="off")

        def fail(_session: SessionId, event: AgentEvent) -> None:
            if isinstance(event, RunBegun):
                message = "What is stored contradicts itself."
                raise CorruptSessionError(message)

        here.site.watch = fail
        with here.working():
            view = here.site.settled(session_id, "ended")
        assert view.outcome == "interrupted_tooling_failure"
        (letter,) = here.site.engine.mail.waiting(None)
        assert f"worktrain session retry {session_id}" in str(letter.body["text"])
        assert "self_heal_failed" in here.told(session_id)
        assert "self_heal_failed" in here.noticed(session_id)
        last = here.site.events(session_id)[-1]
        assert isinstance(last, RunEnded)
        assert last.outcome == "interrupted_tooling_failure"


@pytest.mark.rule("HEAL-6")
def test_a_session_whose_log_is_damaged_is_not_gone_on_with(here: Ward) -> None:
    session_id = here.site.ordered(STEPS, TURNS, sandbox="off")

    def damage() -> None:
        change = (
            "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=30);"
            "c.execute(\"UPDATE events SET payload = '{' WHERE seq = 3\"); c.commit()"
        )
        subprocess.run([sys.executable, "-c", change, here.site.locations.database], check=True)
        message = "An event cannot be read."
        raise CorruptSessionError(message)

    when_begun(here, "Bash", damage)
    with here.working():
        view = here.site.settled(session_id, "ended")
    assert view.outcome == "interrupted_tooling_failure"
    (letter,) = here.site.engine.mail.waiting(None)
    assert f"workrail session repair {session_id}" in str(letter.body["text"])


@pytest.mark.rule("HEAL-7")
def test_a_daemon_can_be_stopped_while_its_store_is_away(here: Ward) -> None:
    store, away = here.site.locations.database, here.site.locations.home / "away"
    session_id = here.site.ordered(STEPS, TURNS, sandbox="off")
    when_begun(here, "Bash", lambda: store.rename(away))
    with here.working():
        until(healing(here))
    away.rename(store)
    with here.working():
        assert here.site.settled(session_id, "ended").outcome == "completed"


@pytest.mark.rule("HEAL-1")
def test_a_run_goes_on_after_its_server_was_stopped_and_started(
    tmp_path: Path, server: PostgresServer
) -> None:
    with ward(tmp_path, server.new_database()) as here:
        session_id = here.site.ordered(STEPS, TURNS, sandbox="off")
        when_begun(here, "Bash", server.stop)
        with here.working():
            until(healing(here))
            server.start()
            view = here.site.settled(session_id, "ended")
        assert view.outcome == "completed"
        assert healed_kinds(here.noticed(session_id)) == HEALED
        assert (here.site.workspace / "counted").read_text() == "x\n"
