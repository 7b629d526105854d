"""The daemon as a real process on a real store, with work of the test's own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import IO

import pytest
from click.testing import CliRunner

from workrail_daemon.cli import main
from workrail_daemon.dispatch.contract import Ended, Lost, Parked
from workrail_daemon.dispatch.drives import Pace
from workrail_daemon.dispatch.embedded import EmbeddedDispatch
from workrail_daemon.dispatch.this_process import this_process
from workrail_daemon.errors import DaemonRunningError
from workrail_daemon.service.lock import held, locked
from workrail_daemon.service.process import Parts, hold, holder_here
from workrail_daemon.stopping import CANCELLED, DRAINED, Stop
from workrail_engine.engine import Engine, StartRequest, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Claim, RunOrder, RunView
from workrail_engine.system import Locations

PATIENCE = 120.0
GRACE = float(os.environ.get("GRACE", "1"))
WORKFLOW = {
    "id": "one-step",
    "name": "One step",
    "description": "One step.",
    "version": "1.0.0",
    "steps": [{"id": "one", "title": "One", "prompt": "Do one."}],
}


# ---- what the process does ------------------------------------------------------------------------


def work(claim: Claim, stop: Stop, doing: Callable[[str], None]) -> Parked | Ended | Lost:
    """What the options of the order say: `end`, `fail`, `turns` (of 50 ms), or `hang`."""
    match claim.order.options.get("does"):
        case "fail":
            message = "This run fails."
            raise RuntimeError(message)
        case "turns":
            while not stop.given:
                doing("thinking")
                stop.wait(0.05)
        case "hang":
            doing("in Bash")
            stop.wait(PATIENCE)
        case _:
            return Ended("incomplete", "It did what it was told.")
    if stop.reason == CANCELLED:
        return Ended("cancelled", "It was cancelled.")
    return Parked("drained" if stop.reason == DRAINED else "paused", f"Stopped: {stop.reason}.")


@dataclass
class Lines:
    """The log of the process: on stdout."""

    def write(self, kind: str, session_id: str | None = None, **facts: object) -> None:
        told = {"kind": kind, "sessionId": session_id, **facts}
        print(json.dumps(told), flush=True)  # noqa: T201 - to whoever reads this process


@contextmanager
def parts(locations: Locations) -> Generator[Parts]:
    log = Lines()
    me = this_process()

    def failed(session_id: SessionId | None, error: Exception) -> None:
        log.write("failed", said=str(error))

    with open_engine(locations) as engine:
        dispatch = EmbeddedDispatch(lambda: engine.runs, me, failed, Pace(look=0.1, grace=GRACE))
        yield Parts(
            dispatch=dispatch,
            work=work,
            release=lambda: engine.runs.release(me.host),
            look=lambda: None,
            log=log,
            slots=2,
            grace=GRACE,
        )


def process() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # tests may run where a shell had it ignored
    locations = Locations.from_environment()
    holder = holder_here(str(locations.home), 2, "2026-01-01T00:00:00Z")
    told = Lines()
    left = hold(locations.home, holder, lambda: parts(locations), lambda line: told.write(line))
    told.write("left", runs=left.runs)


if __name__ == "__main__":
    process()


# ---- what is looked at ----------------------------------------------------------------------------


@dataclass
class Daemon:
    """A process that runs."""

    process: "subprocess.Popen[str]"
    heard: list[str] = field(default_factory=list[str])

    @property
    def out(self) -> IO[str]:
        assert self.process.stdout is not None
        return self.process.stdout

    def hears(self, kind: str) -> str:
        """Wait for a line of the log."""
        for line in self.out:
            self.heard.append(line)
            if json.loads(line)["kind"].startswith(kind):
                return line
        raise AssertionError(self.heard)

    def ends(self, *signals: signal.Signals) -> int:
        for number in signals:
            self.process.send_signal(number)
        for line in self.out:
            self.heard.append(line)
        return self.process.wait(PATIENCE)


@dataclass(frozen=True)
class Yard:
    """A home, and a store in it."""

    locations: Locations
    engine: Engine

    def orders(self, does: str) -> SessionId:
        workspace = self.locations.home.parent / "project"
        started = self.engine.start(StartRequest("one-step", "Try", workspace, origin="daemon"))
        session_id = SessionId(started.session_id)
        self.engine.runs.order(RunOrder(session_id, options={"does": does}))
        return session_id

    def sees(self, session_id: SessionId, fits: Callable[[RunView], bool]) -> RunView:
        """The run, once it is as it must become."""
        until, pause = monotonic() + PATIENCE, Event()
        while True:
            view = self.engine.runs.view(session_id)
            assert view is not None
            if fits(view):
                return view
            assert monotonic() < until, view
            pause.wait(0.02)

    @contextmanager
    def daemon(self, *before: str) -> Generator[Daemon]:
        command = [*before, sys.executable, __file__]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            daemon = Daemon(process)
            try:
                daemon.hears("daemon_started")
                yield daemon
            finally:
                process.kill()


@pytest.fixture(name="yard")
def home_with_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Yard]:
    workflows = tmp_path / "project" / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "one-step.json").write_text(json.dumps(WORKFLOW))
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.delenv("WORKRAIL_DATABASE_URL", raising=False)
    locations = Locations.from_environment()
    with open_engine(locations) as engine:
        yield Yard(locations, engine)


@pytest.mark.rule("DAEMON-1")
def test_a_run_that_fails_ends_no_other_and_not_the_daemon(yard: Yard) -> None:
    fails, ends = yard.orders("fail"), yard.orders("end")

    with yard.daemon() as daemon:
        yard.sees(ends, lambda run: run.outcome == "incomplete")
        yard.sees(fails, lambda run: run.crashes == 1)
        later = yard.orders("end")
        yard.sees(later, lambda run: run.outcome == "incomplete")
        assert daemon.ends(signal.SIGTERM) == 0

    assert "This run fails." in "".join(daemon.heard)


@pytest.mark.rule("DAEMON-2")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_daemon_that_is_told_to_stop_stops_runs_before_their_next_turn(
    yard: Yard, number: signal.Signals
) -> None:
    turns = yard.orders("turns")
    with yard.daemon() as daemon:
        yard.sees(turns, lambda run: run.doing is not None)
        waits = yard.orders("hang")
        yard.sees(waits, lambda run: run.state == "running")
        late = yard.orders("end")

        daemon.process.send_signal(number)
        parked = yard.sees(turns, lambda run: run.state == "parked")
        assert yard.sees(waits, lambda _: True).state == "running"
        assert daemon.ends() == 0

    assert parked.rest == "drained"
    assert yard.sees(waits, lambda run: run.state == "parked").rest == "drained"
    assert yard.sees(late, lambda _: True).state == "queued"
    stopped = json.loads(daemon.heard[-2])
    assert (stopped["kind"], stopped["reason"], stopped["runs"]) == ("daemon_stopped", "stopped", 0)


def test_a_signal_that_was_ignored_at_the_start_stays_ignored(yard: Yard) -> None:
    with yard.daemon("sh", "-c", "trap '' HUP; exec \"$@\"", "sh") as daemon:
        daemon.process.send_signal(signal.SIGHUP)
        yard.sees(yard.orders("end"), lambda run: run.state == "ended")
        assert daemon.ends(signal.SIGTERM) == 0


@pytest.mark.rule("DAEMON-2")
def test_the_next_start_goes_on_with_what_was_drained(yard: Yard) -> None:
    turns = yard.orders("turns")
    with yard.daemon() as daemon:
        yard.sees(turns, lambda run: run.state == "running")
        daemon.ends(signal.SIGTERM)

    with yard.daemon():
        again = yard.sees(turns, lambda run: run.state == "running")
        assert again.crashes == 0


@pytest.mark.rule("DAEMON-2")
def test_a_daemon_that_is_told_twice_ends_its_runs_at_once(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRACE", "600")
    waits = yard.orders("hang")
    with yard.daemon() as daemon:
        yard.sees(waits, lambda run: run.doing is not None)
        daemon.process.send_signal(signal.SIGTERM)
        daemon.hears("Stopping")
        assert daemon.ends(signal.SIGTERM) == 0

    assert yard.sees(waits, lambda run: run.state == "parked").rest == "drained"


@pytest.mark.rule("DAEMON-3")
def test_what_a_killed_daemon_drove_is_taken_up_at_the_next_start(yard: Yard) -> None:
    waits = yard.orders("hang")
    with yard.daemon() as daemon:
        first = yard.sees(waits, lambda run: run.state == "running")
        daemon.process.kill()
        daemon.process.wait()
    assert held(yard.locations.home) is None

    with yard.daemon() as second:
        mine = f":{second.process.pid}"
        taken = yard.sees(waits, lambda run: (run.worker or "").endswith(mine))

    assert taken.epoch == first.epoch + 1


@pytest.mark.rule("DAEMON-4")
def test_a_home_has_one_daemon_and_the_second_says_who_it_is(yard: Yard) -> None:
    with yard.daemon() as daemon:
        found = held(yard.locations.home)
        assert found is not None
        assert found.holder.pid == daemon.process.pid

        other = holder_here("elsewhere", 1, "2026-01-01T00:00:00Z")
        with (
            pytest.raises(DaemonRunningError, match=f"process {daemon.process.pid} "),
            locked(yard.locations.home, other),
        ):
            pass

        assert daemon.ends(signal.SIGTERM) == 0
    assert held(yard.locations.home) is None


@pytest.mark.rule("CLI-85")
def test_the_daemon_is_stopped_from_another_terminal(yard: Yard) -> None:
    waits = yard.orders("hang")
    with yard.daemon():
        yard.sees(waits, lambda run: run.doing is not None)
        status = CliRunner().invoke(main, ["status", waits, "--json"])
        assert json.loads(status.stdout)["attended"]

        stopped = CliRunner().invoke(main, ["daemon", "stop", "--now", "--json"])

        assert json.loads(stopped.stdout) == {"running": False, "wasRunning": True}
        assert stopped.exit_code == 0
    again = CliRunner().invoke(main, ["daemon", "stop"])
    assert (again.exit_code, again.stdout) == (0, "No daemon runs here.\n")


@pytest.mark.rule("CLI-84")
def test_awaiting_sees_a_run_end_and_its_cancellation_reaches_the_process(yard: Yard) -> None:
    waits = yard.orders("hang")
    with yard.daemon():
        yard.sees(waits, lambda run: run.doing is not None)
        killed = CliRunner().invoke(main, ["session", "kill", waits, "--json"])
        assert killed.exit_code == 0
        awaited = CliRunner().invoke(main, ["await", waits, "--json"])

    assert awaited.exit_code == 1
    assert json.loads(awaited.stdout)["runs"][0]["outcome"] == "cancelled"
