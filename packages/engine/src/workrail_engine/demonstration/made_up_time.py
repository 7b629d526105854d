"""What time is it in a tale, and which random numbers come?"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

_A_LOOK: Final = timedelta(milliseconds=40)


class TaleClock:
    """A clock that is set; each look takes a moment, so that what is done takes time."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The time of the tale."""
        self._at += _A_LOOK
        return self._at

    def set(self, at: datetime) -> None:
        """Go to another time."""
        self._at = at

    def pass_minutes(self, minutes: float) -> None:
        """Let some time go by."""
        self._at += timedelta(minutes=minutes)


class SameEveryTime:
    """Bytes that look random and are the same in every store that is made, so are the ids."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._drawn = 0

    def bytes(self, count: int) -> bytes:
        """That many bytes; anyone can work them out."""
        self._drawn += 1
        return hashlib.shake_256(f"{self._seed} {self._drawn}".encode()).digest(count)
