"""Does a step of a session of 10,000 steps cost what the first did, and how much memory does it take?"""

import os
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Final

from figures import Figure, p50_p95
from material import GOAL, LONG_LOOP, notes

from workrail_engine.engine import StartRequest, open_engine
from workrail_engine.outcomes import Completed
from workrail_engine.reader import open_reader
from workrail_engine.session.commands import Submission
from workrail_engine.system import Locations

ADVANCE_BUDGET_MS: Final = 4.0
MEMORY_BUDGET_MEGABYTES: Final = 400.0
STEPS: Final = 10_000
_WINDOW: Final = 100


def advances_of_one(where: Locations) -> tuple[Figure, ...]:
    """One session of 10,000 steps in a loop; the hundred steps at the start, at 1,000 and at 10,000."""
    took: list[float] = []
    with open_engine(where) as engine:
        outcome = engine.start(StartRequest(LONG_LOOP, f"{GOAL}, 10,000 times", None))
        for number in range(STEPS):
            if isinstance(outcome, Completed):
                failure = "The long workflow completed too early."
                raise TypeError(failure)
            text = notes(number)
            began = perf_counter()
            outcome = engine.advance(outcome.token, Submission(notes=text))
            took.append(perf_counter() - began)
            if number % 1_000 == 999:
                print(f"  {number + 1:,} steps", file=sys.stderr, flush=True)
    first, middle, last = (took[at : at + _WINDOW] for at in (1, 1_000, STEPS - _WINDOW))
    named = (("1", first), ("1,000", middle), ("10,000", last))
    figures = [
        figure
        for name, some in named
        for figure in p50_p95(f"advance at step {name}", some, ADVANCE_BUDGET_MS)
    ]
    grown = figures[4].value / figures[0].value
    return (*figures, Figure("advance at step 10,000 / at step 1", grown, "times", 1.5))


def verifying_one(where: Locations) -> tuple[Figure, ...]:
    """`workrail session verify` on that session: time and the most memory the process had."""
    with open_reader(where) as reader:
        session = reader.sessions(limit=1).sessions[0].session_id
    command = [str(Path(sys.executable).with_name("workrail")), "session", "verify", session]
    began = perf_counter()
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "WORKRAIL_HOME": str(where.home)},
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        failure = f"The session of {STEPS:,} steps does not verify."
        raise RuntimeError(failure)
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return (
        Figure("verify 10,000 steps", perf_counter() - began, "s"),
        Figure("verify 10,000 steps, memory", used.ru_maxrss / unit, "MB", MEMORY_BUDGET_MEGABYTES),
    )
