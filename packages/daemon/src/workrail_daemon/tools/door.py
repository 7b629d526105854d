"""How does a tool reach the engine?"""

from collections.abc import Callable
from typing import Protocol, TypeVar

from workrail_engine.engine import Engine

T = TypeVar("T")


class Door(Protocol):
    """The engine, as a run reaches it."""

    def call(self, work: Callable[[Engine], T]) -> T:
        """What some work on the engine comes to.

        Raises:
            WorkRailError: as the engine raised it.
        """
        ...
