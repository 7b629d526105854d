"""What is to be driven without a person, by whom, and how does it stand?

The door for whoever orders runs, drives them or watches over them. A lease is kept by heartbeat, and
whoever lost it is refused. Times are those of the database's server, or of this machine for a file.
"""

import os
from typing import Final

from workrail_engine.agent_events import Rest, RunOutcome
from workrail_engine.errors import ConflictError
from workrail_engine.ids import SessionId
from workrail_engine.ports import Clock
from workrail_engine.projections.runs import (
    Beat,
    Claim,
    Lease,
    RunOrder,
    RunState,
    RunView,
    Spent,
    Wish,
)
from workrail_engine.settling import until_settled
from workrail_engine.store import runs, runs_driving, runs_views
from workrail_engine.store.database import Database
from workrail_engine.store.rows import microseconds
from workrail_engine.store.runs_claiming import Unfit, any_ready, claim
from workrail_engine.store.runs_ending import put_aside

_MOST: Final = 200


class Runs:
    """The runs of one store. Safe to use from several threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def order(self, order: RunOrder) -> bool:
        """Have a session driven, or driven again when its run is over.

        Returns:
            False where the run is not over: nothing was changed.

        Raises:
            SessionNotFoundError: the session, or the parent, is not in this store.
        """
        here = self._here()
        return until_settled(lambda: self._database.write(lambda on: runs.order(on, order, here)))

    def claim(self, worker: str, ttl: float) -> Claim | None:
        """Take the next run up, if there is one; costs no more than a look when there is none.

        Args:
            worker: `host:process` that drives it.
            ttl: seconds the lease lasts without a heartbeat.
        """
        here = self._here()
        if not self._database.read(lambda on: any_ready(on, here)):
            return None
        return self._claim(worker, ttl, None)

    def claim_this(self, session_id: SessionId, worker: str, ttl: float) -> Claim | None:
        """Take a certain run up; None where it is not ready, or someone else was faster."""
        return self._claim(worker, ttl, session_id)

    def beat(self, lease: Lease, beat: Beat) -> Wish | None:
        """Keep a lease, say what is done, and learn what is wanted of the run.

        Raises:
            LeaseLostError: it is another's now.
        """
        here = self._here()
        return self._database.write(lambda on: runs_driving.beat(on, lease, beat, here))

    def driven(self, worker: str) -> dict[SessionId, tuple[int, Wish | None]]:
        """What a worker drives: the number of each claim, and what is wanted of the run."""
        rows = self._database.read(lambda on: runs_driving.standing(on, worker))
        return {SessionId(row.session_id): (row.epoch, row.wish) for row in rows}

    def park(self, lease: Lease, rest: Rest, said: str, wait: float | None = None) -> None:
        """Have a run rest and give its slot back; a wish that came meanwhile counts.

        It goes on by itself when what it waits for is there: `child` when every run it spawned is
        over, `approval` when the session waits no more, `operator` and `budget` when a message
        (`answer` or `steer`, `raise`) was sent, `drained` with the next claim, any when `wait` is over.

        Args:
            lease: of the driver.
            rest: what it waits for.
            said: the same, in a sentence.
            wait: seconds after which it goes on in any case; None: never.

        Raises:
            LeaseLostError: it is another's now.
        """
        here = self._here()
        self._database.write(lambda on: runs_driving.park(on, lease, rest, said, wait, here))

    def end(self, lease: Lease, outcome: RunOutcome, said: str) -> None:
        """Say that a run is over; those it spawned are cancelled.

        Raises:
            LeaseLostError: it is another's now.
        """
        here = self._here()
        self._database.write(lambda on: runs_driving.end(on, lease, outcome, said, here))

    def give_back(self, lease: Lease, after: float = 0.0) -> None:
        """Let go of a run that its driver failed with; it counts as a crash.

        Args:
            lease: of the driver.
            after: seconds before it may be claimed again.

        Raises:
            LeaseLostError: it is another's now.
        """
        here = self._here()
        self._database.write(lambda on: runs_driving.give_back(on, lease, after, here))

    def release(self, host: str) -> tuple[str, ...]:
        """Let go of all that dead processes of a host drove; for a daemon that starts there.

        Returns:
            Those workers. The process that asks counts as dead: it has not begun to drive.
        """
        here = self._here()
        found = self._database.read(runs_driving.workers)
        dead = tuple(worker for worker in found if _is_dead(worker, host))
        for worker in dead:
            self._release(worker, here)
        return dead

    def wake(self, session_id: SessionId) -> bool:
        """Have a parked run go on, or take back a wish to pause; whether there was anything to do.

        Raises:
            SessionNotFoundError: no such session.
        """
        here = self._here()
        return self._database.write(lambda on: runs.wake(on, session_id, here))

    def wish(self, session_id: SessionId, wish: Wish) -> None:
        """Want a run to end or to pause: at once where nobody drives it, else with a heartbeat.

        Raises:
            SessionNotFoundError: no such session.
        """
        here = self._here()
        self._database.write(lambda on: runs.want(on, session_id, wish, here))

    def ready(self, most: int = _MOST) -> tuple[RunView, ...]:
        """The runs that could be claimed now, those first that would be."""
        here = self._here()
        return self._database.read(lambda on: runs_views.ready(on, most, here))

    def view(self, session_id: SessionId) -> RunView | None:
        """How a run stands; None where the session has none."""
        here = self._here()
        return self._database.read(lambda on: runs_views.view(on, session_id, here))

    def views(self, *states: RunState, most: int = _MOST) -> tuple[RunView, ...]:
        """The runs in some states, or all; the newest orders first."""
        here = self._here()
        return self._database.read(lambda on: runs_views.views(on, states, most, here))

    def below(self, session_id: SessionId) -> tuple[RunView, ...]:
        """The runs that a run spawned itself, in the order of their sessions.

        Raises:
            SessionNotFoundError: no such session.
        """
        here = self._here()
        return self._database.read(lambda on: runs_views.below(on, session_id, here))

    def tree_spent(self, session_id: SessionId) -> Spent:
        """What a run and all below it have used.

        Raises:
            SessionNotFoundError: no such session.
        """
        here = self._here()
        return self._database.read(lambda on: runs_views.tree_spent(on, session_id, here))

    def _claim(self, worker: str, ttl: float, only: SessionId | None) -> Claim | None:
        while True:
            here = self._here()
            try:
                found = self._taken(worker, ttl, here, only)
            except ConflictError:  # another worker took a run of the same lane at this moment
                return None
            if not isinstance(found, Unfit):
                return found
            self._put_aside(found.session_id, here)

    def _taken(
        self, worker: str, ttl: float, here: int, only: SessionId | None
    ) -> Claim | Unfit | None:
        return self._database.write(lambda on: claim(on, worker, ttl, here, only))

    def _put_aside(self, session_id: SessionId, here: int) -> None:
        self._database.write(lambda on: put_aside(on, session_id, here))

    def _release(self, worker: str, here: int) -> None:
        self._database.write(lambda on: runs_driving.release(on, worker, here))

    def _here(self) -> int:
        return microseconds(self._clock.now())


def _is_dead(worker: str, host: str) -> bool:
    """Whether a worker's process is of that host, this machine, and is no more."""
    where, _, process = worker.rpartition(":")
    if where != host or not process.isdecimal():
        return False
    if int(process) == os.getpid():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
