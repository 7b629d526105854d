"""Where does a test put a dispatcher to work?"""

import json
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from threading import Event, Thread
from time import monotonic
from typing import Final

from workrail_daemon.dispatch.contract import Dispatch
from workrail_daemon.dispatch.drives import Pace
from workrail_daemon.stopping import Stop
from workrail_daemon.testing.acting import Notes, acting
from workrail_daemon.testing.dispatch_worker import dispatch_of
from workrail_engine.canonical import JsonValue
from workrail_engine.engine import Engine, StartRequest
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunOrder, RunView
from workrail_engine.system import Locations

LONGEST: Final = 20.0
"""Seconds after which something that should happen is taken not to."""
PACE: Final = Pace(ttl=2.0, beat=0.4, look=0.1, sweep=0.15, grace=0.2, again=0.0)


@dataclass
class Ground:
    """A store, a kind of dispatcher on it, and what its runs leave."""

    kind: str
    locations: Locations
    engine: Engine
    notes: Notes
    running: ExitStack
    numbers: Iterator[int]
    pace: Pace = PACE

    def session(self) -> SessionId:
        """A new session."""
        goal = f"Run {next(self.numbers)}"
        started = self.engine.start(StartRequest("wr.classify-task", goal, origin="daemon"))
        return SessionId(started.session_id)

    def order(self, act: str = "finish", **more: JsonValue) -> SessionId:
        """A new session with an order; `priority`, `lane`, `delay` are the order's, the rest options."""
        session_id = self.session()
        self.dispatch.order(self.ordered(session_id, act, **more))
        return session_id

    def ordered(self, session_id: SessionId, act: str, **more: JsonValue) -> RunOrder:
        """An order of a session, as `order` takes it."""
        given = {name: more.pop(name) for name in ("priority", "lane", "delay") if name in more}
        return replace(RunOrder(session_id, options={"act": act, **more}), **given)

    def __post_init__(self) -> None:
        """Make the dispatcher."""
        url = self.locations.database_url
        self.dispatch: Dispatch = dispatch_of(self.kind, self.engine, url, self.pace)

    @contextmanager
    def working(self, slots: int = 3) -> Generator[Stop]:
        """A worker in this process, until the block ends."""
        stop = Stop()
        work = acting(self.engine, self.notes)
        thread = Thread(target=self.dispatch.work, args=(work, slots, stop))
        thread.start()
        try:
            yield stop
        finally:
            stop.give("")
            thread.join(LONGEST)
            self.expect(not thread.is_alive())

    def processes(
        self, number: int, slots: int = 3, *, release: bool = False
    ) -> "list[subprocess.Popen[str]]":
        """Workers of their own, which begin when the last of them is ready."""
        told = {
            "home": str(self.locations.home),
            "url": self.locations.database_url,
            "kind": self.kind,
            "slots": slots,
            "pace": asdict(self.pace),
            "notes": str(self.notes.path),
            "release": release,
        }
        command = [sys.executable, "-m", "workrail_daemon.testing.dispatch_worker"]
        begun = [_begun([*command, json.dumps(told)]) for _ in range(number)]
        for process in begun:
            self.running.callback(_ended, process)
        for process in begun:
            _expect(process, "ready\n")
        for process in begun:
            _tell(process, "go\n")
        return begun

    def view(self, session_id: SessionId) -> RunView:
        """How a run stands."""
        view = self.engine.runs.view(session_id)
        if view is None:
            message = f"{session_id} has no run."
            raise AssertionError(message)
        return view

    def state(self, *sessions: SessionId) -> list[str]:
        """The states of some runs."""
        return [self.view(one).state for one in sessions]

    def over(self, *sessions: SessionId) -> bool:
        """Whether all of some runs are over."""
        views = self.engine.runs.views("queued", "running", "parked", most=1000)
        return not {view.session_id for view in views} & set(sessions)

    def until(self, fact: Callable[[], bool], seconds: float = LONGEST) -> None:
        """Wait until something is so."""
        patience = monotonic() + seconds
        while not fact():
            self.expect(monotonic() < patience)
            Event().wait(0.02)

    def expect(self, fact: object) -> None:
        """Fail, with all there is to see, where something is not so."""
        if not fact:
            lines = [*self.notes.read(), *self.engine.runs.views()]
            raise AssertionError("\n".join(map(str, lines)))

    def doing(self, session_id: SessionId) -> str | None:
        """What a run is said to do."""
        doing = self.view(session_id).doing
        return None if doing is None else doing.what

    def until_ended(self, *sessions: SessionId, seconds: float = LONGEST) -> list[str | None]:
        """Wait until some runs are over; how they ended."""
        self.until(lambda: self.over(*sessions), seconds)
        return [self.view(one).outcome for one in sessions]

    def goes_down(self, process: "subprocess.Popen[str]", *sessions: SessionId) -> bool:
        """Wait until the worker is no more, or all is done; whether it is the former."""

        def done() -> bool:
            return process.poll() is not None or self.over(*sessions)

        self.until(done)
        return process.poll() is not None

    def begun(self, *sessions: SessionId) -> bool:
        """Whether all of some runs were begun."""
        return {line.session_id for line in self.notes.read("begun")} >= set(sessions)


def _begun(command: list[str]) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)


def _expect(process: "subprocess.Popen[str]", line: str) -> None:
    said = "" if process.stdout is None else process.stdout.readline()
    if said != line:
        message = f"The worker said {said!r} instead of {line!r}."
        raise AssertionError(message)


def _tell(process: "subprocess.Popen[str]", line: str) -> None:
    if process.stdin is not None:
        process.stdin.write(line)
        process.stdin.flush()


def _ended(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()
