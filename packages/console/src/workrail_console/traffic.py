"""Which requests were answered, and how fast?"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Seconds; upper bounds of the classes a duration falls into."""


@dataclass
class Answered:
    """The requests of one route that had one status."""

    count: int = 0
    seconds: float = 0.0
    """In all."""
    within: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    """How many took at most the bound at the same place in `BOUNDS`."""


class Traffic:
    """Counts of this process; safe to use from several threads."""

    def __init__(self) -> None:
        self._answered: dict[tuple[str, int], Answered] = {}
        self._lock = threading.Lock()

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answer. `route` is a pattern as `/sessions/{session_id}`, never an address."""
        with self._lock:
            row = self._answered.setdefault((route, status), Answered())
            row.count += 1
            row.seconds += seconds
            for place, bound in enumerate(BOUNDS):
                row.within[place] += seconds <= bound

    def so_far(self) -> Mapping[tuple[str, int], Answered]:
        """What was counted, by route and status."""
        with self._lock:
            return {
                key: Answered(row.count, row.seconds, list(row.within))
                for key, row in self._answered.items()
            }
