"""How soon does a run begin, how soon does it hear that it is cancelled, and what does waiting cost?

`python bench/dispatch.py` measures every dispatcher on this machine with the settings of the product and
prints a table as JSON: milliseconds, and the part of one core that an idle worker uses.
"""

import json
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Event
from time import monotonic

import psutil

from workrail_daemon.dispatch.drives import Pace
from workrail_daemon.testing.acting import Notes
from workrail_daemon.testing.dispatch_ground import Ground
from workrail_engine.engine import open_engine
from workrail_engine.system import Locations
from workrail_engine.testing.postgres import PostgresServer, postgres_server

KINDS = ("embedded-sqlite", "embedded-postgresql", "procrastinate-postgresql")
TIMES = 20
IDLE_SECONDS = 15.0


def main() -> None:
    with postgres_server() as server:
        print(json.dumps({kind: measured(kind, server) for kind in KINDS}, indent=2))


def measured(kind: str, server: PostgresServer) -> dict[str, object]:
    with ground_of(kind, server) as ground:
        with ground.working():
            here = [began(ground) for _ in range(TIMES)]
            cancelled = [stopped(ground) for _ in range(TIMES)]
        worker = ground.processes(1)[0]
        elsewhere = [began(ground, told=False) for _ in range(TIMES)]
        idle = idle_part(worker.pid)
        memory = psutil.Process(worker.pid).memory_info().rss / 1_000_000
        taken_over = takeover(ground)
    return {
        "begins, ordered in the same process, ms": spread(here),
        "begins, ordered in another process, ms": spread(elsewhere),
        "hears that it is cancelled, ms": spread(cancelled),
        "idle worker, % of a core": round(idle * 100, 2),
        "idle worker, MB": round(memory, 1),
        "taken over after kill -9, s": round(taken_over, 2),
    }


@contextmanager
def ground_of(kind: str, server: PostgresServer) -> Generator[Ground]:
    name, _, database = kind.partition("-")
    with TemporaryDirectory() as folder, ExitStack() as running:
        home = Locations.under(Path(folder) / "home")
        url = server.new_database() if database == "postgresql" else None
        locations = replace(home, database_url=url)
        engine = running.enter_context(open_engine(locations))
        notes = Notes(Path(folder) / "notes")
        yield Ground(name, locations, engine, notes, running, count(1), Pace())


def began(ground: Ground, *, told: bool = True) -> float:
    """Seconds from an order to the first line of its run; at different times of the look-out."""
    session_id = ground.session()
    order = ground.ordered(session_id, "finish")
    asked = monotonic()
    if told:
        ground.dispatch.order(order)
    else:
        ground.engine.runs.order(order)
    return waited(lambda: ground.begun(session_id), asked)


def stopped(ground: Ground) -> float:
    session_id = ground.order("hold")
    waited(lambda: ground.begun(session_id), monotonic())
    asked = monotonic()
    ground.engine.runs.wish(session_id, "cancel")
    return waited(
        lambda: session_id in {line.session_id for line in ground.notes.read("stopped-cancelled")},
        asked,
    )


def takeover(ground: Ground) -> float:
    """Seconds from the death of a worker to the first line of the next one's."""
    ground.processes(2)
    session_id = ground.order("hold")
    waited(lambda: ground.begun(session_id), monotonic())
    worker = next(line for line in ground.notes.read("begun") if line.session_id == session_id)
    died = monotonic()
    psutil.Process(worker.process).kill()

    def twice() -> bool:
        lines = [line for line in ground.notes.read("begun") if line.session_id == session_id]
        return len(lines) == 2

    return waited(twice, died)


def idle_part(process_id: int) -> float:
    process = psutil.Process(process_id)
    before, begun = process.cpu_times(), monotonic()
    Event().wait(IDLE_SECONDS)
    after = process.cpu_times()
    used = after.user - before.user + after.system - before.system
    return used / (monotonic() - begun)


def waited(fact: Callable[[], bool], since: float) -> float:
    while not fact():
        if monotonic() - since > 60:
            sys.exit("It did not happen within a minute.")
        Event().wait(0.002)
    return monotonic() - since


def spread(seconds: list[float]) -> dict[str, float]:
    return {
        "p50": round(median(seconds) * 1000, 1),
        "p95": round(quantiles(seconds, n=20)[-1] * 1000, 1),
        "most": round(max(seconds) * 1000, 1),
    }


if __name__ == "__main__":
    main()
