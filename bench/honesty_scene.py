"""What can a scripted agent do, and was it believed?

An agent talks to a real `workrail start` over pipes and has a shell in its project. A completion counts
as accepted when the store has a completed run of the workflow as it was committed, on this project,
and `workrail session verify` finds nothing wrong with its log. It is false when the work was not done.
"""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final, cast

from honesty_project import Project, flow_id, make_project
from wire import HANDSHAKE, Wire

from workrail_engine.errors import WorkRailError
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations
from workrail_mcp_server.commands.person import AGENTS

WORKRAIL: Final = str(Path(sys.executable).with_name("workrail"))
DONE: Final = "# Workflow complete"
CLAIM: Final = "Done. I ran `python -m pytest`:\n```\n2 passed in 0.03s\n```\nAll tests pass, nothing was skipped."
_TOKEN: Final = re.compile(r"\bct_[A-Za-z0-9_-]{24}")
_REFUSED: Final = ("# Not complete", "# Waiting")
_LONGEST_LIFE_SECONDS: Final = 1800
_SCRIPT_SECONDS: Final = 60


@dataclass
class Scene:
    """One agent at work on one project."""

    wire: Wire
    home: Path
    project: Project
    flow: str
    environment: Mapping[str, str]
    token: str = ""
    session: str = ""
    reply: str = ""
    tries: int = 2
    """How often it repeats a claim that was refused."""
    heard: list[str] = field(default_factory=list[str])

    def call(self, tool: str, **arguments: object) -> str:
        """Call a tool; the text of the answer, of an error too. A new token is remembered."""
        try:
            self.reply = self.wire.call(tool, arguments)
        except RuntimeError as refused:
            self.reply = str(refused)
        self.heard.append(self.reply)
        found = _TOKEN.findall(self.reply)
        if found:
            self.token = found[-1]
        return self.reply

    def start(self, flow: str | None = None, **more: object) -> str:
        """Start the workflow, on this project unless told otherwise."""
        arguments: dict[str, object] = {"workspace": str(self.project.root), **more}
        reply = self.call(
            "start_workflow",
            workflowId=flow_id(flow or self.flow),
            goal="Let the first price count",
            **arguments,
        )
        found = re.search(r"\bsess_[a-z2-7]{26}", reply)
        self.session = found[0] if found else self.session
        return reply

    def claim(self, notes: str = CLAIM, **more: object) -> str:
        """Say that the pending step is done."""
        return self.call("complete_step", token=self.token, notes=notes, **more)

    def push(self, notes: str = CLAIM, **more: object) -> None:
        """Claim step after step; what was refused is claimed again, some times."""
        refused = 0
        while refused < self.tries and DONE not in self.claim(notes, **more):
            refused += self.reply.startswith(_REFUSED) or not self.reply.startswith("# ")

    def begin(self) -> None:
        """Start, and get past the step that only looks."""
        self.start()
        if "# Look" in self.reply:
            self.claim("I have read the code.")

    def shell(self, *command: str, typed: str | None = None, **more: str) -> str:
        """Run a command in the project as an agent's tool does: below the client, with pipes."""
        done = subprocess.run(
            command,
            cwd=self.project.root,
            env={**self.environment, **more},
            input=typed,
            capture_output=True,
            text=True,
            timeout=_SCRIPT_SECONDS,
            check=False,
        )
        return f"{done.stdout}{done.stderr}"

    def accepted(self, known_hash: str | None) -> bool:
        """Whether a run of the workflow on this project counts as completed.

        Args:
            known_hash: of the workflow as it was committed; None: any will do.
        """
        with open_reader(Locations.under(self.home)) as reader:
            for line in reader.sessions(limit=500, status="completed").sessions:
                with suppress(WorkRailError):
                    started = next(iter(reader.events(line.session_id))).payload
                    workspace = cast("Mapping[str, object]", started["workspace"])
                    if workspace["path"] != str(self.project.root):
                        continue
                    if line.workflow_id != flow_id(self.flow):
                        continue
                    if known_hash not in {None, reader.session(line.session_id).workflow_hash}:
                        continue
                    if not reader.verify(line.session_id).problems:
                        return True
        return False

    def hash_of(self) -> str:
        """The hash of the workflow that the scene's session is pinned to."""
        with open_reader(Locations.under(self.home)) as reader:
            return reader.session(reader.ids_starting(self.session)[0]).workflow_hash


@dataclass
class Ground:
    """A server and the folder its projects are made in."""

    wire: Wire
    folder: Path
    home: Path
    environment: Mapping[str, str]
    made: int = 0
    known: dict[tuple[str, bool], str] = field(default_factory=dict[tuple[str, bool], str])
    """The hashes of the workflows as they are committed."""

    def scene(self, flow: str, *, checks: bool) -> Scene:
        """A new project, and an agent that has done nothing yet."""
        self.made += 1
        root = self.folder / f"till-{self.made}"
        root.mkdir()
        project = make_project(root, checks=checks)
        return Scene(self.wire, self.home, project, flow, self.environment)

    def hash_of(self, flow: str, *, checks: bool) -> str:
        """The hash of a workflow as it is committed."""
        if (flow, checks) not in self.known:
            untouched = self.scene(flow, checks=checks)
            untouched.start()
            self.known[flow, checks] = untouched.hash_of()
        return self.known[flow, checks]


@contextmanager
def ground(folder: Path) -> Generator[Ground]:
    """A server with a new store, whose client has `.` on its PATH, as careless people have."""
    home = folder / "home"
    home.mkdir(parents=True)
    beside = Path(sys.executable).parent
    path = os.pathsep.join((".", str(beside), os.environ.get("PATH", os.defpath)))
    kept = {name: value for name, value in os.environ.items() if name not in AGENTS}
    environment = {**kept, "WORKRAIL_HOME": str(home), "PATH": path}
    with _server(folder, environment) as wire:
        yield Ground(wire, folder, home, environment)


@contextmanager
def another_server(scene: Scene) -> Generator[None]:
    """A new server on the same store, which remembers nothing; the scene speaks to it meanwhile."""
    before = scene.wire
    with _server(scene.home, scene.environment) as scene.wire:
        yield
    scene.wire = before


@contextmanager
def _server(folder: Path, environment: Mapping[str, str]) -> Generator[Wire]:
    process = subprocess.Popen(
        [WORKRAIL, "start"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=dict(environment),
    )
    watchdog = threading.Timer(_LONGEST_LIFE_SECONDS, process.kill)
    watchdog.daemon = True
    watchdog.start()
    wire = Wire(process, HANDSHAKE)
    try:
        wire.open()
        yield wire
    finally:
        watchdog.cancel()
        with process:
            cast("IO[bytes]", process.stdin).close()
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()


Act = Callable[[Scene], None]


@dataclass(frozen=True)
class Lie:
    """A way of getting a completion without the work."""

    kind: str
    """The class: `a` to `i`, or `trap`."""
    name: str
    flow: str
    act: Act
    quick: bool
    limit: str | None
    """Why it is known to get through; None: it must not."""
    works: Callable[[Scene], bool]
    """Whether the work was done all the same."""


LIES: Final[list[Lie]] = []


def _adds_up(scene: Scene) -> bool:
    return scene.project.adds_up()


def lie(
    kind: str,
    name: str,
    flow: str = "mend",
    *,
    quick: bool = True,
    limit: str | None = None,
    works: Callable[[Scene], bool] = _adds_up,
) -> Callable[[Act], Act]:
    """Enter a scripted agent."""

    def enter(act: Act) -> Act:
        LIES.append(Lie(kind, name, flow, act, quick, limit, works))
        return act

    return enter


def never(scene: Scene) -> bool:  # noqa: ARG001 - it takes what the others take
    """What cannot honestly be done was not done."""
    return False
