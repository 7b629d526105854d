"""What do several processes reach on one store, and what does a large store cost?

Run as a program, this file is one of the workers: it starts a session, says that it is ready, waits
for a line, then advances for some seconds and says how often.
"""

import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import IO, cast

from figures import Figure, p50_p95
from material import GOAL, LINEAR, LINEAR_STEPS, locations, notes

from workrail_engine.engine import Engine, ResumeRequest, StartRequest, open_engine
from workrail_engine.outcomes import Completed, Found
from workrail_engine.session.commands import Submission
from workrail_engine.system import Locations

PROCESSES = 4
ADVANCES_BUDGET = 300.0
RESUME_BUDGET_MS = 20.0
_LOOKUPS = 30


def advances_a_second(folder: Path, seconds: float) -> tuple[Figure, ...]:
    """Steps a second of four processes, each with its own session on the same store."""
    locations(folder)
    command = [sys.executable, __file__, str(folder), str(seconds)]
    workers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    for worker in workers:
        cast("IO[bytes]", worker.stdout).readline()
    for worker in workers:
        cast("IO[bytes]", worker.stdin).write(b"go\n")
        cast("IO[bytes]", worker.stdin).flush()
    rate = sum(float(worker.communicate()[0]) for worker in workers)
    name = f"advances with {PROCESSES} processes"
    return (Figure(name, rate, "a second", ADVANCES_BUDGET, "at least", samples=PROCESSES),)


def resume_among(folder: Path, sessions: int) -> tuple[Figure, ...]:
    """Finding a session among many, by words that one of them has and by a word that all have."""
    with open_engine(locations(folder)) as engine:
        for number in range(sessions):
            engine.start(StartRequest(LINEAR, f"Repair the {notes(number, 60)}", None))
        engine.start(StartRequest(LINEAR, "Find the vanishing lighthouse invoice", None))
        one = _lookups(engine, "vanishing lighthouse", "lighthouse")
        all_of_them = _lookups(engine, "repair", "Repair")
    return (
        *p50_p95(f"resume among {sessions:,} sessions, one fits", one, RESUME_BUDGET_MS),
        *p50_p95(f"resume among {sessions:,} sessions, all fit", all_of_them, RESUME_BUDGET_MS),
    )


def _lookups(engine: Engine, query: str, expected: str) -> list[float]:
    took: list[float] = []
    for _ in range(_LOOKUPS):
        began = perf_counter()
        found = engine.resume(ResumeRequest(query=query))
        took.append(perf_counter() - began)
        if not isinstance(found, Found) or expected not in found.candidates[0].goal:
            failure = f"The first session found for {query!r} does not hold {expected!r}."
            raise RuntimeError(failure)
    return took


def _work(engine: Engine, seconds: float) -> float:
    outcome = engine.start(StartRequest(LINEAR, GOAL, None))
    print("ready", flush=True)
    sys.stdin.readline()
    done = 0
    began = perf_counter()
    while perf_counter() - began < seconds and done < LINEAR_STEPS - 1:
        if isinstance(outcome, Completed):
            break
        outcome = engine.advance(outcome.token, Submission(notes=notes(done)))
        done += 1
    return done / (perf_counter() - began)


if __name__ == "__main__":
    with open_engine(Locations.under(Path(sys.argv[1]))) as own:
        print(_work(own, float(sys.argv[2])))
