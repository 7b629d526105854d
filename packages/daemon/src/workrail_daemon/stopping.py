"""How is whatever a run waits for ended at once?

A run is stopped from another thread: by an operator, a lost lease, the end of the daemon. What waits
(a stream, a process, a pause) registers how it is ended, and asks whether it was.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Lock
from typing import Final

CANCELLED: Final = "cancelled"
"""An operator, or a parent that ended, wants the run to end."""
PAUSED: Final = "paused"
"""An operator wants it to rest."""
DRAINED: Final = "drained"
"""The daemon ends; the run goes on with the next one."""
LOST: Final = "lost"
"""Another worker has the run, or the store was out of reach for too long: nothing may be written."""
TOOLING: Final = "tooling"
"""The ground under the run gave way: the store or the engine."""


class Stop:
    """A signal that is given once. Safe to use from several threads."""

    def __init__(self) -> None:
        self._given = Event()
        self._lock = Lock()
        self._endings: list[Callable[[], None]] = []
        self.reason = ""
        """Why, once it is given: one of the constants above."""

    @property
    def given(self) -> bool:
        """Whether it is time to stop."""
        return self._given.is_set()

    def give(self, reason: str) -> None:
        """Stop now; giving it again changes nothing."""
        with self._lock:
            if self._given.is_set():
                return
            self.reason = reason
            self._given.set()
            endings = list(self._endings)
        for end in endings:
            end()

    def wait(self, seconds: float) -> bool:
        """Wait that long, or until it is given; whether it was."""
        return self._given.wait(seconds)

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Generator[None]:
        """While the block runs, `end` is called when the signal is given, or at once if it was.

        Args:
            end: ends what the block waits for, from another thread; must not raise.
        """
        with self._lock:
            if not self._given.is_set():
                self._endings.append(end)
            late = self._given.is_set()
        if late:
            end()
        try:
            yield
        finally:
            with self._lock:
                if end in self._endings:
                    self._endings.remove(end)
