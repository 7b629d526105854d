"""Which sessions moved after a place in the order of all commits?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NOWHERE: Final = "0.0"
"""The place before everything, where there is no store yet."""
AT_ONCE: Final = 20_000
"""After more events than this nobody is told which sessions they belong to."""


@dataclass(frozen=True)
class Moved:
    """What was committed after a place."""

    place: str
    """Where the next question starts from."""
    sessions: Sequence[int]
    """By number, oldest change first."""
    complete: bool
    """False when that cannot be told: any may have moved."""
