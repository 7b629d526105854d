"""How is every call of a run watched?

A call that finds the store out of reach is made again for a moment. When calls keep failing, whoever's
they are, every run is told to stop at once, and none of them gets through any more: what an agent did
without its store watching must not be recorded afterwards.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Lock
from typing import Final, TypeVar

from workrail_daemon.healing.breaker import Breaker
from workrail_daemon.healing.holder import EngineHolder
from workrail_daemon.stopping import TOOLING, Stop
from workrail_engine.engine import Engine
from workrail_engine.errors import StoreDamagedError, StoreUnavailableError

T = TypeVar("T")
PAUSES: Final = (0.3, 0.8)
"""Seconds before a call is made again."""


class Guard:
    """Watches over the calls of all runs. Safe to use from several threads."""

    def __init__(self, holder: EngineHolder, breaker: Breaker) -> None:
        self.holder = holder
        self.breaker = breaker
        self.last: StoreUnavailableError | None = None
        """What failed last."""
        self.opened: Callable[[StoreUnavailableError], None] | None = None
        """Told when every run is stopped, after they were."""
        self._lock = Lock()
        self._stops: set[Stop] = set()

    @contextmanager
    def watching(self, stop: Stop) -> Generator[tuple["WatchedGround", Stop]]:
        """The engine as one run reaches it while the block runs, and that run's own signal.

        Args:
            stop: given to the run; its own signal is given when this one is.
        """
        own = Stop()
        with self._lock:
            self._stops.add(own)
        try:
            with stop.ending(lambda: own.give(stop.reason)):
                yield WatchedGround(self, own), own
        finally:
            with self._lock:
                self._stops.discard(own)

    def failed(self, error: StoreUnavailableError) -> None:
        """Note that a call found the store out of reach; one too many stops every run."""
        self.last = error
        if not self.breaker.failed():
            return
        with self._lock:
            stops = list(self._stops)
        for stop in stops:
            stop.give(TOOLING)
        if self.opened is not None:
            self.opened(error)


class WatchedGround:
    """The engine, as one run reaches it; a `ground.Ground`."""

    def __init__(self, guard: Guard, own: Stop) -> None:
        self._guard = guard
        self._own = own

    def call(self, work: Callable[[Engine], T]) -> T:
        """What some work on the engine comes to.

        Args:
            work: may be made again although it was done before, as every call of the engine may.

        Raises:
            StoreUnavailableError: the store is out of reach, or was and the run is to stop.
            WorkRailError: as the engine raised it.
        """
        for pause in PAUSES:
            self._let_through()
            try:
                return work(self._guard.holder.engine)
            except StoreDamagedError:
                raise
            except StoreUnavailableError as error:
                self._guard.failed(error)
            self._own.wait(pause)
        self._let_through()
        try:
            return work(self._guard.holder.engine)
        except StoreDamagedError:
            raise
        except StoreUnavailableError as error:
            self._guard.failed(error)
            raise

    def _let_through(self) -> None:
        if self._own.reason == TOOLING:
            message = f"The run was interrupted, because the store failed: {self._guard.last}"
            raise StoreUnavailableError(message)
