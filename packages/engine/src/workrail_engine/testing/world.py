"""A world that does what a test says: a clock that stands still, randomness that repeats."""

import hashlib
from datetime import UTC, datetime, timedelta

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class FixedClock:
    """A clock that moves only when told to."""

    def __init__(self, now: datetime = MORNING) -> None:
        self._now = now

    def now(self) -> datetime:
        """The time it was set to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let some time pass."""
        self._now += timedelta(seconds=seconds)


class SeededEntropy:
    """Bytes that look random and are the same in every run with the same seed."""

    def __init__(self, seed: str = "workrail") -> None:
        self._seed = seed
        self._drawn = 0

    def bytes(self, count: int) -> bytes:
        """The next bytes; never the same twice."""
        self._drawn += 1
        name = f"{self._seed}:{self._drawn}".encode()
        return hashlib.shake_256(name).digest(count)
