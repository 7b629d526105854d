"""A whole daemon in one process, for tests: a real store, a real workspace, real tools, a scripted model."""

import json
import os
import subprocess
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic

from workrail_daemon.agent.held_checks import HeldChecks
from workrail_daemon.agent.run import AgentRun
from workrail_daemon.agent.site import Site
from workrail_daemon.config.loading import load
from workrail_daemon.config.settings import Settings
from workrail_daemon.dispatch.drives import Pace
from workrail_daemon.dispatch.embedded import EmbeddedDispatch
from workrail_daemon.dispatch.this_process import this_process
from workrail_daemon.ground import Ground, Unwatched
from workrail_daemon.models.registry import Models
from workrail_daemon.stopping import DRAINED, Stop
from workrail_engine.agent_events import AgentEvent, Content, ToolFinished
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.engine import Engine, StartRequest, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Entry, RunOrder, RunView
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock

NOTES = "This step is done: everything that it asked for was carried out and looked at once more."
"""Notes that are long enough."""
QUICK = Pace(ttl=3.0, beat=0.5, look=0.05, grace=5.0, again=0.1)
PATIENCE = 30.0


def step(name: str, **more: JsonValue) -> JsonObject:
    """A step of a workflow."""
    return {"id": name, "title": name.title(), "prompt": f"Do what {name} asks.", **more}


def call(tool: str, **given: JsonValue) -> JsonObject:
    """A turn of a script that calls one tool."""
    return {"calls": [{"tool": tool, "input": given}]}


def complete(notes: str = NOTES, **more: JsonValue) -> JsonObject:
    """A turn of a script that completes the step."""
    return call("complete_step", notes=notes, **more)


@dataclass
class Worksite:
    """A store, a workspace, and a daemon that works on it."""

    locations: Locations
    workspace: Path
    settings: Settings
    engine: Engine
    checks: HeldChecks
    told: list[tuple[SessionId, AgentEvent]] = field(
        default_factory=list[tuple[SessionId, AgentEvent]]
    )
    """Every fact that was recorded, in order."""
    failures: list[Exception] = field(default_factory=list[Exception])
    _pause: Event = field(default_factory=Event)
    watch: Callable[[SessionId, AgentEvent], None] | None = None
    """Called with every fact; may raise, as a crash would."""

    def site(self) -> Site:
        """What the runs share."""
        return Site(
            settings=self.settings,
            models=Models(self.settings, os.environ),
            home=self.locations.home,
            reader=lambda: open_reader(self.locations),
            checks=self.checks,
            later=lambda seconds: (SystemClock().now() + timedelta(seconds=seconds)).isoformat(),
            told=self._hear,
        )

    def ordered(
        self,
        steps: Sequence[JsonObject],
        turns: Sequence[JsonObject] | JsonObject,
        **options: JsonValue,
    ) -> SessionId:
        """A session of a workflow with these steps, ordered to be worked on by a script.

        Args:
            steps: of the workflow.
            turns: of the script; a whole script where it is an object.
            options: further `RunOptions`.
        """
        script = self.locations.home / f"script{len(list(self.locations.home.iterdir()))}.json"
        whole = turns if isinstance(turns, Mapping) else {"turns": list(turns)}
        script.write_text(json.dumps(whole, default=dict))
        name = self.workflow(steps)
        started = self.engine.start(
            StartRequest(name, "Try it out", self.workspace, origin="daemon")
        )
        session_id = SessionId(started.session_id)
        given = {"model": "scripted/test", "script": str(script), **options}
        if given["model"] != "scripted/test":
            del given["script"]
        self.engine.runs.order(RunOrder(session_id, options=given))
        return session_id

    def workflow(self, steps: Sequence[JsonObject]) -> str:
        """A workflow with these steps, in the user's library."""
        library = self.locations.home / "workflows"
        library.mkdir(exist_ok=True)
        name = f"my.try-{len(list(library.iterdir()))}"
        told = {"name": "Try", "description": "Something to try", "version": "1.0.0"}
        document = {"id": name, **told, "steps": list(steps)}
        (library / f"{name}.json").write_text(json.dumps(document, default=dict))
        return name

    @contextmanager
    def working(self, slots: int = 3, ground: Ground | None = None) -> Generator[EmbeddedDispatch]:
        """While the block runs, a daemon works; afterwards it has let go of everything."""
        dispatch = EmbeddedDispatch(lambda: self.engine.runs, this_process(), self._failed, QUICK)
        stop = Stop()
        run = AgentRun(ground or Unwatched(self.engine), self.site())
        thread = Thread(target=dispatch.work, args=(run, slots, stop))
        thread.start()
        try:
            yield dispatch
        finally:
            stop.give(DRAINED)
            thread.join()

    def settled(self, session_id: SessionId, *states: str) -> RunView:
        """The run, once it is in one of some states: over, or at rest, when none is named.

        Raises:
            TimeoutError: it was not, for a long time.
        """
        wanted = states or ("ended", "parked")
        return self.until(session_id, lambda view: view.state in wanted)

    def until(self, session_id: SessionId, holds: Callable[[RunView], bool]) -> RunView:
        """The run, once something holds of it.

        Raises:
            TimeoutError: it did not, for a long time.
        """
        limit = monotonic() + PATIENCE
        while True:
            view = self.engine.runs.view(session_id)
            if view is not None and holds(view):
                return view
            if monotonic() > limit:
                message = f"{view}\n{self.failures[-3:]}\n{self.events(session_id)[-5:]}"
                raise TimeoutError(message)
            self._pause.wait(0.01)

    def run(
        self,
        steps: Sequence[JsonObject],
        turns: Sequence[JsonObject] | JsonObject,
        **options: JsonValue,
    ) -> RunView:
        """A run of these steps by this script, once it settled."""
        session_id = self.ordered(steps, turns, **options)
        with self.working():
            return self.settled(session_id)

    def events(self, session_id: SessionId) -> tuple[AgentEvent, ...]:
        """The facts in the log of a session."""
        return tuple(entry.event for entry in self.entries(session_id))

    def entries(self, session_id: SessionId) -> tuple[Entry, ...]:
        """The facts in the log of a session, with their places."""
        return self.engine.journal.read(session_id)

    def answers(self, session_id: SessionId, tool: str) -> tuple[str, ...]:
        """What a tool answered, each time it was used."""
        return tuple(
            self.text(event.answer)
            for event in self.events(session_id)
            if isinstance(event, ToolFinished) and event.tool == tool
        )

    def text(self, content: Content) -> str:
        """What the log names."""
        return self.engine.journal.content(content).decode()

    def _hear(self, session_id: SessionId, event: AgentEvent) -> None:
        self.told.append((session_id, event))
        if self.watch is not None:
            self.watch(session_id, event)

    def _failed(self, _session_id: SessionId | None, error: Exception) -> None:
        self.failures.append(error)


@contextmanager
def worksite(
    folder: Path, database_url: str | None = None, settings: str = ""
) -> Generator[Worksite]:
    """A new one.

    Args:
        folder: an empty one.
        database_url: of a database on a server; a file in the folder when left out.
        settings: what config.toml says.
    """
    locations = replace(Locations.under(folder / "home"), database_url=database_url)
    workspace = folder / "workspace"
    for each in (locations.home, workspace):
        each.mkdir()
    (workspace / "a.py").write_text("x = 1\n")
    names = ("-c", "user.name=someone", "-c", "user.email=someone@example.com")
    for command in (("init", "-q"), ("add", "."), (*names, "commit", "-qm", "first")):
        subprocess.run(["git", *command], cwd=workspace, check=True)
    checks = HeldChecks("auto", (locations.home,))
    (locations.home / "config.toml").write_text(settings)
    loaded = load(locations.home, {}).settings
    with open_engine(locations, checks) as engine:
        yield Worksite(locations, workspace, loaded, engine, checks)
