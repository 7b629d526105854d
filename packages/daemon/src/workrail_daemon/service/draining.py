"""How does a run end at a good moment when the daemon is told to stop?

All that a run did is recorded when it is about to ask its model again: there it is stopped. It may
end its turn and its tools before. For what takes longer the dispatch has patience for some seconds,
or none when the daemon is told a second time. Runs stopped so are parked as drained; the next start
goes on with them.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Event, Lock
from typing import Final

from workrail_daemon.dispatch.contract import Ended, Lost, Parked, Work
from workrail_daemon.stopping import DRAINED, Stop
from workrail_engine.projections.runs import Claim

THINKING: Final = "thinking"
"""What a run says it does when it is about to ask its model."""


class Draining:
    """The end of a daemon's work. Safe to use from several threads."""

    def __init__(self) -> None:
        self.stop = Stop()
        """Given when no more runs are to be taken."""
        self._begun = Event()
        self._lock = Lock()
        self._runs = 0

    @property
    def begun(self) -> bool:
        """Whether the daemon is to end."""
        return self._begun.is_set()

    @property
    def runs(self) -> int:
        """How many runs are worked on now."""
        with self._lock:
            return self._runs

    def begin(self) -> None:
        """Take no more runs, and let those there are come to a good moment."""
        self._begun.set()
        self.stop.give(DRAINED)

    def around(self, work: Work) -> Work:
        """The same work, stopped at a good moment once this has begun."""

        def gently(claim: Claim, stop: Stop, doing: Callable[[str], None]) -> Parked | Ended | Lost:
            own = Stop()

            def told(what: str) -> None:
                if what == THINKING and self.begun:
                    own.give(DRAINED)
                doing(what)

            with self._counted(), stop.ending(lambda: own.give(stop.reason)):
                return work(claim, own, told)

        return gently

    @contextmanager
    def _counted(self) -> Generator[None]:
        with self._lock:
            self._runs += 1
        try:
            yield
        finally:
            with self._lock:
                self._runs -= 1
