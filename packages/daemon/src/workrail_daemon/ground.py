"""How does a run reach the engine?

Every call goes through one place, so that whoever watches over the ground sees each of them fail.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from workrail_engine.engine import Engine

T = TypeVar("T")


class Ground(Protocol):
    """The engine, as a run reaches it."""

    def call(self, work: Callable[[Engine], T]) -> T:
        """What some work on the engine comes to.

        Raises:
            WorkRailError: as the engine raised it.
        """
        ...


@dataclass(frozen=True)
class Unwatched:
    """The engine itself."""

    engine: Engine

    def call(self, work: Callable[[Engine], T]) -> T:
        """What some work on the engine comes to."""
        return work(self.engine)
