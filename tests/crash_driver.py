"""Runs one start and three advances again and again, each time killed one statement later.

A process of its own, so that the expensive imports happen once and every victim is a cheap fork. The
kill hangs on SQLite's trace callback, which fires before each statement SQLite runs, transaction
control and full-text maintenance included; the product has no hook for it.

Usage: crash_driver.py FOLDER. Prints one JSON line a victim:
`{"kill_at": n, "acknowledged": [tokens], "finished": bool}`; the store of victim n is FOLDER/n.
"""

import json
import os
import signal
import sqlite3
import sys
from pathlib import Path

import sqlalchemy
from sqlalchemy import event

from workrail_engine.engine import StartRequest, Submission, open_engine
from workrail_engine.outcomes import StepReady
from workrail_engine.system import Locations

ADVANCES = 3
MOST_STATEMENTS = 1_000


class Countdown:
    """Kills this process before the n-th statement."""

    def __init__(self, statements: int) -> None:
        self.left = statements

    def tick(self, _: str) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def victim(home: Path, kill_at: int, report: int) -> None:
    """Start and advance, telling `report` each token as it is acknowledged."""
    countdown = Countdown(kill_at)

    @event.listens_for(sqlalchemy.Engine, "connect")
    def watch(connection: sqlite3.Connection, _: object) -> None:
        connection.set_trace_callback(countdown.tick)

    locations = Locations.under(home)
    with open_engine(locations) as engine:
        outcome = engine.start(StartRequest("crash-test", "Survive.", home.parent / "project"))
        for number in range(ADVANCES + 1):
            countdown.tick("the moment between the commit and the answer")
            os.write(report, f"{outcome.session_id} {_token(outcome)}\n".encode())
            if number < ADVANCES:
                outcome = engine.advance(_token(outcome), Submission(notes=f"Step {number}."))
    os._exit(0)


def _token(outcome: object) -> str:
    return outcome.token if isinstance(outcome, StepReady) else ""


def main() -> None:
    folder = Path(sys.argv[1])
    for kill_at in range(1, MOST_STATEMENTS):
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            victim(folder / str(kill_at), kill_at, write)
        os.close(write)
        with os.fdopen(read) as told:
            acknowledged = told.read().split("\n")[:-1]
        _, status = os.waitpid(child, 0)
        finished = os.WIFEXITED(status) and os.WEXITSTATUS(status) == 0
        line = {"kill_at": kill_at, "acknowledged": acknowledged, "finished": finished}
        sys.stdout.write(json.dumps(line) + "\n")
        if finished:
            return


if __name__ == "__main__":
    main()
