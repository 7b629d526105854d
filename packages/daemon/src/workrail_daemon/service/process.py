"""How does the daemon's process begin, live and end?

It holds the lock of its home, so that there is one of it; takes back what its dead predecessors on
this host drove; and works on runs until it is told to stop. The first signal lets runs come to their
next recorded point, the second one ends them at once; either way they are parked, and the next
start goes on with them. An error in one run ends no other.
"""

import os
import signal
import socket
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final, Literal, Protocol, TypeAlias

from workrail_daemon.dispatch.contract import Dispatch, Work
from workrail_daemon.service.draining import Draining
from workrail_daemon.service.lock import Holder, Lock, locked

BEAT: Final = 2.0
"""Seconds between the signs of life of the lock."""
_BEATS_A_LINE: Final = 150
"""Signs of life between those that are written down: one in five minutes."""
_LAST: Final = 10.0
"""Seconds a run has to let go once it was ended at once; then the process leaves anyway."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
Heard: TypeAlias = Literal["signal", "over"]
Kind: TypeAlias = Literal["daemon_started", "daemon_heartbeat", "daemon_stopped"]


class Log(Protocol):
    """Where the daemon writes down what it does."""

    def write(self, kind: Kind, session_id: str | None = None, **facts: object) -> None:
        """Write a line."""
        ...


@dataclass(frozen=True)
class Parts:
    """What a daemon is made of."""

    dispatch: Dispatch
    work: Work
    """Works on one run."""
    release: Callable[[], object]
    """Takes back what dead processes of this host drove."""
    look: Callable[[], object]
    """Looks every so often whether all is well with the store; never raises."""
    log: Log
    slots: int
    grace: float
    """Seconds in which runs may come to a recorded point when the daemon is told to stop."""


@dataclass(frozen=True)
class Left:
    """How the daemon ended."""

    reason: Literal["stopped", "failed"]
    runs: int
    """How many runs did not let go in time; their leases are taken back at the next start."""


def holder_here(store: str, slots: int, started_at: str) -> Holder:
    """This process, as the holder of the lock."""
    return Holder(os.getpid(), socket.gethostname(), store, slots, started_at)


def hold(
    home: Path,
    holder: Holder,
    build: Callable[[], AbstractContextManager[Parts]],
    told: Callable[[str], None],
) -> Left:
    """Hold the lock of a home, and work until the process is told to stop.

    Must be called in the main thread, which is the one that hears signals.

    Args:
        home: the folder of the store.
        holder: this process.
        build: makes the parts, once the lock is held, and lets go of them in the end.
        told: told in some words, for people, what happens.

    Raises:
        DaemonRunningError: another daemon works there.
    """
    with _heard() as heard, locked(home, holder) as lock, build() as parts:
        parts.release()
        parts.log.write("daemon_started", store=holder.store, slots=parts.slots)
        left = Left("failed", 0)
        try:
            left = _serve(parts, heard, lock, told)
        finally:
            parts.log.write("daemon_stopped", reason=left.reason, runs=left.runs)
        return left


def _serve(
    parts: Parts, heard: "SimpleQueue[Heard]", lock: Lock, told: Callable[[str], None]
) -> Left:
    draining = Draining()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            parts.dispatch.work(draining.around(parts.work), parts.slots, draining.stop)
        except BaseException as error:  # noqa: BLE001 - told by the main thread, which is not here
            failures.append(error)
        finally:
            heard.put("over")

    over = Event()

    def look() -> None:
        while not over.wait(BEAT):
            parts.look()

    # Daemon threads: a run that cannot be ended must not keep the process from ending.
    Thread(target=work, name="dispatch", daemon=True).start()
    looking = Thread(target=look, name="look", daemon=True)
    looking.start()
    try:
        left = _until_over(parts, heard, lock, draining, told)
    finally:
        over.set()
        looking.join(BEAT)
    if failures:
        raise failures[0]
    return left


def _until_over(
    parts: Parts,
    heard: "SimpleQueue[Heard]",
    lock: Lock,
    draining: Draining,
    told: Callable[[str], None],
) -> Left:
    """Heed signals until the dispatch has ended, or will not."""
    log = parts.log
    while True:
        match _next(heard, lock, lambda: log.write("daemon_heartbeat", runs=draining.runs)):
            case "over":
                return Left("stopped", draining.runs)
            case "signal" if draining.begun:
                told("Told again: ending at once.")
                parts.dispatch.hurry()
                return Left("stopped", _last_moments(heard, draining))
            case "signal":
                told(_farewell(draining.runs, parts.grace))
                draining.begin()


def _next(heard: "SimpleQueue[Heard]", lock: Lock, write: Callable[[], None]) -> Heard:
    """What is heard next; until then, give signs of life."""
    beats = 0
    while True:
        try:
            return heard.get(timeout=BEAT)
        except Empty:
            beats += 1
            lock.beat()
            if beats % _BEATS_A_LINE == 0:
                write()


def _last_moments(heard: "SimpleQueue[Heard]", draining: Draining) -> int:
    """Wait for runs that were ended to let go; how many did not."""
    try:
        while heard.get(timeout=_LAST) != "over":
            pass  # a third signal changes nothing
    except Empty:
        return draining.runs
    return 0


def _farewell(runs: int, grace: float) -> str:
    if runs == 0:
        return "Stopping; nothing is under way."
    what = "1 run" if runs == 1 else f"{runs} runs"
    return (
        f"Stopping: no new runs; {what} may come to a recorded point, for up to {grace:g} s. "
        "Once more ends them at once."
    )


@contextmanager
def _heard() -> "Generator[SimpleQueue[Heard]]":
    """What the process hears; signals only put something in, which is safe at any moment."""
    heard: SimpleQueue[Heard] = SimpleQueue()

    def put(_number: int, _frame: object) -> None:
        heard.put("signal")

    # What was ignored when the process began stays so, as `nohup` wants it.
    heeded = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, put) for number in heeded}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
