"""How is the demonstration shown?

With the real parts: a daemon in a process of its own, tools in a real sandbox, checks that run the
tests. What is shown is read from the session's log, as it is written.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

import click

from workrail_daemon.demo.material import FILES, GOAL, SCRIPT, WORKFLOW, WORKFLOW_ID
from workrail_engine.agent_events import (
    AgentEvent,
    MessageGiven,
    Noticed,
    RunBegun,
    RunEnded,
    RunParked,
    ToolFinished,
    TurnTaken,
)
from workrail_engine.engine import Engine, StartRequest, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunOrder, RunView
from workrail_engine.system import Locations

_PATIENCE: Final = 120.0
_LOOK: Final = 0.05
_SHOWN_LINES: Final = 7
_WIDTH: Final = 96
_PORT: Final = "3456"


@dataclass(frozen=True)
class Stage:
    """Where it takes place."""

    folder: Path

    @property
    def home(self) -> Path:
        """Of the store."""
        return self.folder / "home"

    @property
    def repository(self) -> Path:
        """That has the bug."""
        return self.folder / "till"

    @property
    def script(self) -> Path:
        """That the model follows."""
        return self.folder / "model.yaml"

    @property
    def environment(self) -> Mapping[str, str]:
        """Of the processes that take part."""
        others = {
            n: v for n, v in os.environ.items() if not n.startswith(("WORKRAIL_", "WORKTRAIN_"))
        }
        return {**others, "WORKRAIL_HOME": str(self.home)}


def show(keep: str | None, *, console: bool | None) -> int:
    """Show it from the beginning to the end.

    Args:
        keep: a new folder for it, which stays; a passing one when left out.
        console: whether the console is served at the end; on a terminal when left out.

    Returns:
        The exit code: 0 when the run was completed, and the tests pass.
    """
    with _stage(keep) as stage:
        _build(stage)
        _title("A repository with a bug, and a procedure to mend it")
        _say(f"{stage.repository}: two of its four tests fail")
        _say(f"{WORKFLOW_ID}: three steps; what each must show is checked by running it")
        outcome = _watched(stage)
        _title("What came of it")
        mended = _proved(stage)
        done = outcome == "completed" and mended
        serve = sys.stdout.isatty() if console is None else console
        if serve and done:
            _serve(stage)
        elif keep is not None:
            _say(f"Look around: WORKRAIL_HOME={stage.home} worktrain-console")
        return 0 if done else 1


@contextmanager
def _stage(keep: str | None) -> Generator[Stage]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="worktrain-demo-") as folder:
            yield Stage(Path(folder).resolve())
        return
    folder = Path(keep).expanduser()
    if folder.exists() and any(folder.iterdir()):
        message = f"{folder} is there already and not empty; name a new folder."
        raise click.ClickException(message)
    folder.mkdir(parents=True, exist_ok=True)
    yield Stage(folder.resolve())


def _build(stage: Stage) -> None:
    for name, text in FILES.items():
        file = stage.repository / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    names = ("-c", "user.name=Demo", "-c", "user.email=demo@example.com")
    for command in (("init", "-q"), ("add", "."), (*names, "commit", "-qm", "The till")):
        subprocess.run(["git", *command], cwd=stage.repository, check=True)
    library = stage.home / "workflows"
    library.mkdir(parents=True)
    stage.home.chmod(0o700)
    (library / f"{WORKFLOW_ID}.yaml").write_text(WORKFLOW)
    stage.script.write_text(SCRIPT)


def _watched(stage: Stage) -> str | None:
    """How the run ended; each fact of it is told as it is recorded."""
    _title("A daemon in a process of its own takes it up")
    with _daemon(stage) as daemon, open_engine(Locations.under(stage.home)) as engine:
        begun = engine.start(StartRequest(WORKFLOW_ID, GOAL, stage.repository, origin="daemon"))
        session_id = SessionId(begun.session_id)
        options = {"model": "scripted/demo", "script": str(stage.script)}
        engine.runs.order(RunOrder(session_id, options=options))
        _say(f'session {session_id}: "{GOAL}"')
        for event in _facts(engine, session_id, daemon):
            _tell(engine, event)
        view = engine.runs.view(session_id)
        return None if view is None else view.outcome


@contextmanager
def _daemon(stage: Stage) -> "Generator[subprocess.Popen[bytes]]":
    program = shutil.which("worktrain", path=str(Path(sys.executable).parent)) or "worktrain"
    log = (stage.folder / "daemon.txt").open("wb")
    process = subprocess.Popen(
        [program, "daemon", "run"],
        env=stage.environment,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        with log:
            yield process
    finally:
        process.terminate()
        process.wait()


def _facts(
    engine: Engine, session_id: SessionId, daemon: "subprocess.Popen[bytes]"
) -> Iterator[AgentEvent]:
    """The facts of a run as they come, until it settles."""
    known, pause = 0, Event()
    limit = monotonic() + _PATIENCE
    while monotonic() < limit and daemon.poll() is None:
        view = engine.runs.view(session_id)
        entries = engine.journal.read(session_id)
        for entry in entries[known:]:
            yield entry.event
        known = len(entries)
        if view is None or _settled(view):
            return
        pause.wait(_LOOK)
    gone = "The daemon ended" if daemon.poll() is not None else "The run did not come to an end"
    message = f"{gone}. Run it again with --keep FOLDER and read daemon.txt in that folder."
    raise click.ClickException(message)


def _settled(view: RunView) -> bool:
    return view.state in ("ended", "parked")


def _tell(engine: Engine, event: AgentEvent) -> None:
    match event:
        case RunBegun():
            walls = "nothing" if event.sandbox == "none" else event.sandbox
            _say(f"{event.driver} drives it, {event.model} thinks, {walls} holds the tools")
        case MessageGiven(source="engine"):
            _heading(event.text)
        case TurnTaken():
            click.echo()
            click.echo(f"  {click.style('model', fg='cyan')}  {event.said or ''}")
        case ToolFinished():
            text = engine.journal.content(event.answer).decode("utf-8", "replace")
            _result(event, text)
        case Noticed():
            _say(f"{event.what}: {event.said}")
        case RunParked() | RunEnded():
            _say(event.said)
        case _:
            pass


def _result(event: ToolFinished, text: str) -> None:
    good = event.outcome == "ok"
    mark = click.style("✓" if good else "✗", fg="green" if good else "red")
    said = "" if event.tool == "complete_step" else f" {event.said}"
    click.echo(f"  {mark} {click.style(event.tool, bold=True)}{said[: _WIDTH - 20]}")
    lines = [line for line in text.splitlines() if line.strip()]
    if event.tool == "complete_step" and good:
        _heading(text)
        return
    for line in lines[:_SHOWN_LINES]:
        click.echo(click.style(f"      {line[: _WIDTH - 6]}", dim=True))
    if len(lines) > _SHOWN_LINES:
        click.echo(click.style(f"      … {len(lines) - _SHOWN_LINES} more lines", dim=True))


def _heading(text: str) -> None:
    """The title of the step that a text gives."""
    titles = [line[2:] for line in text.splitlines() if line.startswith("# ")]
    if titles:
        click.echo()
        click.echo(f"  {click.style('step', fg='yellow')}   {titles[-1]}")


def _proved(stage: Stage) -> bool:
    """Whether the tests pass and are as they were; shows the change."""
    diff = _git(stage, "diff", "--stat", "HEAD")
    for line in diff.splitlines():
        _say(line)
    tests = subprocess.run(
        [sys.executable, "-m", "unittest", "-q"],
        cwd=stage.repository,
        capture_output=True,
        check=False,
    )
    untouched = not _git(stage, "status", "--porcelain", "tests").strip()
    passed = tests.returncode == 0 and untouched
    _say("the tests pass, and none was changed" if passed else "the tests do NOT pass as they were")
    return passed


def _git(stage: Stage, *arguments: str) -> str:
    command = ["git", "-c", "core.fsmonitor=false", *arguments]
    return subprocess.run(
        command, cwd=stage.repository, capture_output=True, check=True, text=True
    ).stdout


def _serve(stage: Stage) -> None:
    program = shutil.which("worktrain-console", path=str(Path(sys.executable).parent))
    if program is None:
        _say("The console is not installed here: install workrail-console to look at the session.")
        return
    _title("The console shows it; Ctrl-C ends the demonstration")
    try:
        subprocess.run([program, "--port", _PORT], env=stage.environment, check=False)
    except KeyboardInterrupt:
        click.echo()


def _title(text: str) -> None:
    click.echo()
    click.echo(click.style(text, bold=True))


def _say(text: str) -> None:
    click.echo(f"  {text}")
