"""What is left when a server dies before each statement of its work, one after another?

Run as a program, this file drives one agent: for every boundary it forks a server whose countdown
kills it there, then a whole one that carries on. A fork saves the imports; the server speaks over
stdio like any other. The countdown hangs on SQLite's trace callback, which fires before each
statement SQLite runs, transaction control and full-text maintenance included; one more tick stands
between a call's commit and its answer. The product has no hook for it.

Usage: crash_statements.py HOME NAME FIRST STRIDE [fresh]. With `fresh` every boundary gets a home of
its own, HOME/n, so that making the store is part of the work. Prints one JSON line a boundary.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import cast

import sqlalchemy
from crash_agent import Agent, Findings, inspect_store, prepared_home
from sqlalchemy import event
from wire import Wire

from workrail_engine.canonical import JsonValue
from workrail_mcp_server import server
from workrail_mcp_server.failures import Reply
from workrail_mcp_server.process import serve
from workrail_mcp_server.tools import desk

STEPS = 3
MOST_BOUNDARIES = 1_000
LOADED = desk.Desk
"""Imported here so that forked servers have it."""


class Child:
    """A forked server; looks to `Wire` like any other process."""

    def __init__(self, home: Path, kill_at: int | None) -> None:
        request, requests = os.pipe()
        answers, answer = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(requests)
            os.close(answers)
            _become_server(home, kill_at, request, answer)
        os.close(request)
        os.close(answer)
        self.stdin = os.fdopen(requests, "wb")
        self.stdout = os.fdopen(answers, "rb")

    def end(self) -> bool:
        """Close its input and wait; whether it was killed."""
        with suppress(OSError):
            self.stdin.close()
        _, status = os.waitpid(self.pid, 0)
        self.stdout.close()
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def boundary(home: Path, agent: Agent, kill_at: int) -> bool:
    """Work until the countdown kills the server, then finish the session; whether it was killed."""
    child = Child(home, kill_at)
    with suppress(RuntimeError, OSError):
        _work(agent, child)
    killed = child.end()
    whole = Child(home, None)
    _work(agent, whole)
    whole.end()
    return killed


def driven(home: Path, name: str, first: int, stride: int, *, fresh: bool) -> Iterator[object]:
    """Every boundary in turn, until one lies behind the end of the work."""
    for kill_at in range(first, MOST_BOUNDARIES, stride):
        agent = Agent(f"{name} boundary {kill_at}", STEPS)
        own = prepared_home(home / str(kill_at), STEPS) if fresh else home
        killed = boundary(own, agent, kill_at)
        findings = inspect_store(own, [agent]) if fresh else Findings()
        line = {"kill_at": kill_at, "killed": killed, "agent": asdict(agent)}
        yield {**line, "findings": asdict(findings)}
        if not killed:
            return


def _work(agent: Agent, child: Child) -> None:
    wire = Wire(cast("subprocess.Popen[bytes]", child))
    wire.open()
    while not agent.finished:
        agent.step(wire)


def _become_server(home: Path, kill_at: int | None, request: int, answer: int) -> None:
    silent = os.open(os.devnull, os.O_RDWR)
    for ours, standard in ((request, 0), (answer, 1), (silent, 2)):
        os.dup2(ours, standard)
    os.environ["WORKRAIL_HOME"] = str(home)
    os.chdir(home)
    if kill_at is not None:
        _count_down(kill_at)
    serve()


def _count_down(left: int) -> None:
    def tick(_: object = None) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(connection: sqlite3.Connection, _: object) -> None:
        connection.set_trace_callback(tick)

    served = server.Tools.call

    def call(self: server.Tools, name: str, arguments: Mapping[str, JsonValue]) -> Reply:
        reply = served(self, name, arguments)
        tick()
        return reply

    event.listen(sqlalchemy.Engine, "connect", watch)
    server.Tools.call = call


if __name__ == "__main__":
    asked = sys.argv[1:]
    for told in driven(
        Path(asked[0]), asked[1], int(asked[2]), int(asked[3]), fresh="fresh" in asked
    ):
        print(json.dumps(told), flush=True)
