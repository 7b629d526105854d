"""What does the daemon cost beside its models?

`make bench` measures it: a real `worktrain daemon run` works on three sessions, the model of each is a
server of its own that thinks for a moment and always asks for a file of 50 KB. The gap between the end of
an answer and the next request is what the daemon adds to a turn: reading the stream, recording the answer,
reading the file, recording the result, building the next request. An idle daemon's memory and processor
time come from the system.
"""

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from statistics import median
from threading import Event
from time import monotonic
from typing import Any, Final

import psutil
from daemon_model import FILE, TURNS_A_STEP
from figures import Figure

from workrail_engine.engine import StartRequest, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunOrder
from workrail_engine.system import Locations

_SESSIONS: Final = 3
_WORKFLOW: Final = "my.measured"
_PATIENCE: Final = 180.0
_IDLE_SECONDS: Final = 20.0
_SETTLE: Final = 3.0


def daemon_figures(folder: Path, turns: int) -> tuple[Figure, ...]:
    """What a turn costs beside the model, and what an idle daemon does.

    Args:
        folder: an empty one.
        turns: of each session.
    """
    home = folder / "home"
    (home / "workflows").mkdir(parents=True)
    steps = [
        {"id": f"read-{number}", "title": f"Read {number}", "prompt": "Read it."}
        for number in range(turns // TURNS_A_STEP)
    ]
    told = {"name": "Measured", "description": "Reading", "version": "1.0.0", "steps": steps}
    (home / "workflows" / f"{_WORKFLOW}.json").write_text(json.dumps({"id": _WORKFLOW, **told}))

    with ExitStack() as models:
        running = [models.enter_context(_model()) for _ in range(_SESSIONS)]
        addresses = [str(each.stdout and each.stdout.readline()).strip() for each in running]
        (home / "config.toml").write_text("".join(map(_provider, range(_SESSIONS), addresses)))
        with _daemon(home) as daemon:
            idle = _idle(daemon)
            _work(home, folder, turns)
        gaps = [gap for each in running for gap in _gaps(each)]
    came, read = zip(*gaps, strict=True)
    return (
        *idle,
        Figure("daemon, turn beside the model, p50", median(came), "ms", budget=10),
        Figure("daemon, turn beside the model, p95", sorted(came)[int(len(came) * 0.95)], "ms"),
        Figure("daemon, the same until all of the request is read, p50", median(read), "ms"),
    )


def _work(home: Path, folder: Path, turns: int) -> None:
    pause, limit = Event(), monotonic() + _PATIENCE
    with open_engine(Locations.under(home)) as engine:
        sessions: list[SessionId] = []
        for number in range(_SESSIONS):
            workspace = folder / f"workspace-{number}"
            workspace.mkdir()
            for each in range(turns):
                lines = (f"{each} {line} {'x' * 90}" for line in range(500))
                (workspace / f"{each}-{FILE}").write_text("\n".join(lines))
            goal = f"This is measured session {number}."
            begun = engine.start(StartRequest(_WORKFLOW, goal, workspace, origin="daemon"))
            sessions.append(SessionId(begun.session_id))
        limits = {"turns": turns * 2, "minutes": 60}
        for number, session_id in enumerate(sessions):
            options = {"model": f"model{number}/x", "limits": limits, "stuck": "notify_only"}
            engine.runs.order(RunOrder(session_id, options=options))
        while not all(_over(engine.runs.view(each)) for each in sessions):
            if monotonic() > limit:
                message = f"{[engine.runs.view(each) for each in sessions]}"
                raise TimeoutError(message)
            pause.wait(0.2)


def _over(view: Any) -> bool:
    return view is not None and view.state == "ended"


def _provider(number: int, address: str) -> str:
    return f"""[models.providers.model{number}]
kind = "anthropic"
base_url = "{address}"
headers = {{ authorization = "none" }}

"""


@contextmanager
def _model() -> "Generator[subprocess.Popen[str]]":
    program = [sys.executable, str(Path(__file__).with_name("daemon_model.py"))]
    pipe = subprocess.PIPE
    with subprocess.Popen(program, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _gaps(model: "subprocess.Popen[str]") -> list[tuple[float, float]]:
    """Milliseconds between the end of an answer and the next request, and until that is read."""
    said, _nothing = model.communicate()
    times: list[tuple[float, float, float]] = sorted(json.loads(said))
    return [
        ((came - sent) * 1000, (read - sent) * 1000)
        for (_came, _read, sent), (came, read, _sent) in pairwise(times)
    ]


def _idle(daemon: "psutil.Process") -> tuple[Figure, Figure]:
    Event().wait(_SETTLE)
    before, at = sum(daemon.cpu_times()[:2]), monotonic()
    Event().wait(_IDLE_SECONDS)
    share = (sum(daemon.cpu_times()[:2]) - before) / (monotonic() - at) * 100
    memory = daemon.memory_info().rss / 1_000_000
    return (
        Figure("daemon, idle, of a core", share, "%", budget=1),
        Figure("daemon, idle, memory", memory, "MB", budget=120),
    )


@contextmanager
def _daemon(home: Path) -> "Generator[psutil.Process]":
    program = Path(sys.executable).parent / "worktrain"
    with (home / "daemon.txt").open("wb") as log:
        process = subprocess.Popen(
            [program, "daemon", "run"],
            env={**os.environ, "WORKRAIL_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()
