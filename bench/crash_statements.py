"""What is left when a server dies before each statement of its work, one after another?

Run as a program, this file drives one agent: for every boundary it starts a server whose countdown kills
it there (`crash_server.py`), then a whole `workrail start` that carries on. Both are processes of their
own that speak over stdio.

Usage: crash_statements.py HOME NAME FIRST STRIDE [fresh]. With `fresh` every boundary gets a home of
its own, HOME/n, so that making the store is part of the work. Prints one JSON line a boundary.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

from crash_agent import Agent, Findings, inspect_store, prepared_home
from crash_kills import ended, spawned
from wire import Wire

STEPS = 3
MOST_BOUNDARIES = 1_000
_KILLED = -9
_VICTIM = (sys.executable, Path(__file__).with_name("crash_server.py"))


def boundary(home: Path, agent: Agent, kill_at: int) -> tuple[bool, float | None]:
    """Work until the countdown kills the server, then finish the session.

    Returns:
        Whether it was killed, and the seconds from the start of the next server to its first answer.
    """
    victim = spawned(home, (*_VICTIM, str(kill_at)))
    with suppress(RuntimeError, OSError):
        _work(agent, Wire(victim))
    ended(victim)
    if agent.finished:
        return victim.returncode == _KILLED, None
    began = perf_counter()
    whole = spawned(home)
    try:
        wire = Wire(whole)
        wire.open()
        agent.step(wire)
        recovery = perf_counter() - began
        while not agent.finished:
            agent.step(wire)
    finally:
        ended(whole)
    return victim.returncode == _KILLED, recovery


def driven(home: Path, name: str, first: int, stride: int, *, fresh: bool) -> Iterator[object]:
    """Every boundary in turn, until one lies behind the end of the work."""
    for kill_at in range(first, MOST_BOUNDARIES, stride):
        agent = Agent(f"{name} boundary {kill_at}", STEPS)
        own = prepared_home(home / str(kill_at), STEPS) if fresh else home
        killed, recovery = boundary(own, agent, kill_at)
        findings = inspect_store(own, [agent]) if fresh else Findings()
        line = {"kill_at": kill_at, "killed": killed, "recovery": recovery, "agent": asdict(agent)}
        yield {**line, "findings": asdict(findings)}
        if not killed:
            return


def _work(agent: Agent, wire: Wire) -> None:
    wire.open()
    while not agent.finished:
        agent.step(wire)


if __name__ == "__main__":
    asked = sys.argv[1:]
    for told in driven(
        Path(asked[0]), asked[1], int(asked[2]), int(asked[3]), fresh="fresh" in asked
    ):
        print(json.dumps(told), flush=True)
