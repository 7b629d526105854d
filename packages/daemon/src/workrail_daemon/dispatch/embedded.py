"""How are runs handed out with nothing but the store?

A free slot claims the next run. Orders of this process are claimed at once; others are found by looking
every so often, which costs one small query.
"""

from collections.abc import Callable
from threading import Event, Thread
from time import monotonic

from workrail_daemon.dispatch.contract import Work
from workrail_daemon.dispatch.drives import Drives, Failed, Pace, sparing
from workrail_daemon.stopping import DRAINED, Stop
from workrail_engine.errors import StoreError
from workrail_engine.ids import SessionId
from workrail_engine.projections.driving import Driver
from workrail_engine.projections.runs import Claim, RunOrder
from workrail_engine.runs import Runs


class EmbeddedDispatch:
    """Hands out runs of a store, of either kind; several processes may share one."""

    def __init__(
        self, runs: Callable[[], Runs], me: Driver, failed: Failed, pace: Pace | None = None
    ) -> None:
        self._runs = runs
        self._pace = pace or Pace()
        self._failed = sparing(failed)
        self._drives = Drives(runs, me, self._pace, self._failed)
        self._nudged = Event()
        self._hurried = Event()

    def order(self, order: RunOrder) -> None:
        """Have a run worked on; ordering the same session again changes nothing while it is not over."""
        self._runs().order(order)
        self._nudged.set()

    def wake(self, session_id: SessionId) -> None:
        """Have a parked run go on."""
        self._runs().wake(session_id)
        self._nudged.set()

    def work(self, work: Work, slots: int, stop: Stop) -> None:
        """Work on runs, at most `slots` at a time, until `stop` is given and every run has let go."""
        threads: set[Thread] = set()
        with self._drives.kept():
            with stop.ending(self._nudged.set):
                while not stop.given:
                    self._nudged.clear()
                    threads = {thread for thread in threads if thread.is_alive()}
                    taken = self._take() if len(threads) < slots else None
                    if taken is not None:
                        threads.add(self._begun(taken, work))
                    elif not stop.given:
                        self._nudged.wait(self._pace.look)
            self._wait(threads)

    def hurry(self) -> None:
        """Do not give runs time to let go by themselves."""
        self._hurried.set()
        self._nudged.set()

    def _take(self) -> tuple[Claim, float] | None:
        try:
            return self._drives.take()
        except StoreError as error:
            self._failed(None, error)
            return None

    def _begun(self, taken: tuple[Claim, float], work: Work) -> Thread:
        def drive() -> None:
            try:
                self._drives.drive(taken, work)
            finally:
                self._nudged.set()

        thread = Thread(target=drive, name=taken[0].lease.session_id, daemon=True)
        thread.start()
        return thread

    def _wait(self, threads: set[Thread]) -> None:
        """Until every run has let go, by itself or told to."""
        patience = monotonic() + self._pace.grace
        while any(thread.is_alive() for thread in threads):
            if self._hurried.is_set() or monotonic() >= patience:
                self._drives.stop_all(DRAINED)
            self._nudged.wait(self._pace.look)
            self._nudged.clear()
