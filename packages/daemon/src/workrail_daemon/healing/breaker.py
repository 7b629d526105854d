"""Is the store to be trusted with the next call?

A few failures within a short time open the breaker: from then on nobody works, and one at a time tries
whether the store is back. The first try that succeeds closes it.
"""

from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock


@dataclass(frozen=True)
class Tolerance:
    """How much may fail."""

    failures: int = 3
    """So many within `window` open the breaker …"""
    window: float = 30.0
    """… seconds, …"""
    least: float = 1.0
    """… but not before the first of them is so many seconds ago."""


class Breaker:
    """The state of one store, as its users see it. Safe to use from several threads."""

    def __init__(self, now: Callable[[], float], tolerance: Tolerance | None = None) -> None:
        self._now = now
        self._tolerance = tolerance or Tolerance()
        self._lock = Lock()
        self._trying = Lock()
        self._failures: deque[float] = deque()
        self._opened_at: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody is to work."""
        return self._opened_at is not None

    @property
    def failing(self) -> bool:
        """Whether something failed lately."""
        return self.is_open or bool(self._recent())

    @property
    def seconds(self) -> float:
        """For how long it has been open; 0 while it is not."""
        opened = self._opened_at
        return 0.0 if opened is None else self._now() - opened

    def failed(self) -> bool:
        """Note a failure; whether this one opened it."""
        with self._lock:
            now = self._now()
            self._failures.append(now)
            while now - self._failures[0] > self._tolerance.window:
                self._failures.popleft()
            enough = (
                len(self._failures) >= self._tolerance.failures
                and now - self._failures[0] >= self._tolerance.least
            )
            if self._opened_at is not None or not enough:
                return False
            self._opened_at = now
            return True

    def worked(self) -> float | None:
        """Note that the store is back; for how long the breaker was open, None where it was not."""
        with self._lock:
            opened, self._opened_at = self._opened_at, None
            self._failures.clear()
            return None if opened is None else self._now() - opened

    @contextmanager
    def turn(self) -> Generator[bool]:
        """Whether it is the caller's turn to try; while the block runs it is nobody else's."""
        mine = self._trying.acquire(blocking=False)
        try:
            yield mine
        finally:
            if mine:
                self._trying.release()

    def _recent(self) -> list[float]:
        with self._lock:
            now = self._now()
            return [at for at in self._failures if now - at <= self._tolerance.window]
