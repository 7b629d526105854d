"""Is the process that drives a session there? Asked of this machine, and kept for two seconds."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from workrail_console.standing import Liveness, Process, liveness
from workrail_console.words import Status
from workrail_engine.ports import Clock
from workrail_engine.projections.driving import Driver, SeenDriver
from workrail_engine.projections.run_lines import RunLine

KEPT: Final = 2.0
"""Seconds an answer of the machine is used again."""
_MOST: Final = 2_000
"""Processes whose answer is kept."""
_SAME: Final = 10_000
"""Microseconds two readings of when one process began may differ by."""
_ELSEWHERE: Final = Process(here=False, there=False, name=None)


class LivenessJudge:
    """Says of drivers whether they are there; safe to use from several threads."""

    def __init__(self, clock: Clock, look: Callable[[Driver], Process] | None = None) -> None:
        """A judge.

        Args:
            clock: tells how long ago a driver was heard of.
            look: what is said of a driver's process; this machine's own word when left out.
        """
        self._clock = clock
        self._look = look or look_at
        self._kept: dict[Driver, tuple[float, Process]] = {}
        self._lock = threading.Lock()

    def of(
        self, status: Status, drivers: Sequence[SeenDriver], run: RunLine | None = None
    ) -> Liveness | None:
        """Whether anyone drives a session; None once it is complete, or where nobody has to.

        Args:
            status: of the session.
            drivers: who drove it, last heard of first.
            run: of a session that is driven without a person; one that rests needs no process.
        """
        if status == "completed" or (run is not None and run.view.state != "running"):
            return None
        return self.of_driver(drivers[0] if drivers else None)

    def of_driver(self, driver: SeenDriver | None) -> Liveness:
        """Whether a driver is there."""
        process = _ELSEWHERE if driver is None else self._process(driver.driver)
        return liveness(driver, process, self._clock.now())

    def _process(self, driver: Driver) -> Process:
        now = time.monotonic()
        with self._lock:
            kept = self._kept.get(driver)
            if kept is not None and now - kept[0] < KEPT:
                return kept[1]
        seen = self._look(driver)
        with self._lock:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[driver] = (now, seen)
        return seen


def look_at(driver: Driver) -> Process:
    """What this machine says of the process a driver names."""
    if driver.host != socket.gethostname():
        return _ELSEWHERE
    import psutil  # noqa: PLC0415 (heavy, and needed only where a driver is of this machine)

    try:
        process = psutil.Process(driver.process)
        began = round(process.create_time() * 1_000_000)
        there = abs(began - driver.began_at) <= _SAME and process.status() != psutil.STATUS_ZOMBIE
        return Process(here=True, there=there, name=process.name() if there else None)
    except (psutil.NoSuchProcess, ValueError, OverflowError):
        return Process(here=True, there=False, name=None)
    except psutil.AccessDenied:
        # It runs, for another account; what began then under this number is all that can be told.
        return Process(here=True, there=True, name=None)
