"""How does a run go on when the ground gives way under it?

Work is wrapped: when the store or the engine fails, whatever the run waits for is ended, what is wrong
is looked at, and the same claim goes on once all is well again. While the store is out of reach leases
end; then a run is let go of, and healed by whoever claims it first when the store is back.
"""

from collections.abc import Callable
from threading import Event, Lock
from typing import Final

from workrail_daemon.dispatch.contract import Ended, Lost, Parked, Work
from workrail_daemon.ground import Ground
from workrail_daemon.healing.guard import Guard
from workrail_daemon.healing.health import store_health
from workrail_daemon.healing.mending import (
    CouldNot,
    Healed,
    Mending,
    NotYet,
    Patience,
    Surroundings,
)
from workrail_daemon.healing.trouble import Note, Trouble, detected
from workrail_daemon.stopping import CANCELLED, LOST, PAUSED, Stop
from workrail_engine.errors import StoreError, StoreUnavailableError, WorkRailError
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Claim

_HANDING_OUT: Final = "handing out runs"
_ALL: Final = "working"
_LOOKS: Final = 3
_LOOK_PAUSE: Final = 0.5
_NO_MESSAGE: Final = 0
"""What is told of it begins a transaction that may write, and changes nothing."""
Settled = Parked | Ended | Lost


class Healing:
    """Wraps the work on runs; a `dispatch.contract.Work`. Safe to use from several threads."""

    def __init__(
        self,
        guard: Guard,
        work: Callable[[Ground], Work],
        around: Surroundings,
        patience: Patience | None = None,
    ) -> None:
        """Heal some work.

        Args:
            guard: watches over the engine.
            work: the work, given the engine as one run reaches it.
            around: see there.
            patience: see there.
        """
        self._guard = guard
        self._work = work
        self._locations = around.locations
        self._patience = patience or Patience()
        self._mending = Mending(guard, around, self._patience)
        self._lock = Lock()
        self._troubles: dict[SessionId, Trouble] = {}
        self._escalated = False
        guard.opened = self._opened

    def __call__(self, claim: Claim, stop: Stop, doing: Callable[[str], None]) -> Settled:
        """Work on a run, and heal it as often as it needs it.

        Raises:
            LeaseLostError: the run is another worker's.
        """
        self._worked()  # or there would be no claim
        while True:
            settled = self._healed(claim, stop, doing) or self._tried(claim, stop, doing)
            if settled is not None:
                return settled

    def failed(self, session_id: SessionId | None, error: Exception) -> None:
        """Note what went wrong with a run, or (None) with handing runs out; a `drives.Failed`."""
        if not isinstance(error, StoreUnavailableError):
            self._mending.write(session_id, detected(error, _HANDING_OUT))
            return
        self._guard.failed(error)
        if self._guard.breaker.seconds > self._patience.seconds and not self._escalated:
            self._escalated = True
            self._escalate()

    def look(self) -> None:
        """Ask the store something, a few times where it fails; never raises.

        For whoever has time every so often: a run that waits for its model asks nothing, and while
        there is no run to work on nobody else would notice that the store is back.
        """
        for _ in range(_LOOKS):
            try:
                self._guard.holder.engine.mail.acknowledge(_NO_MESSAGE)
            except WorkRailError as error:
                self.failed(None, error)
            else:
                self._worked()
                return
            if self._guard.breaker.is_open:
                return
            Event().wait(_LOOK_PAUSE)

    def _tried(self, claim: Claim, stop: Stop, doing: Callable[[str], None]) -> Settled | None:
        """What the work comes to; None: the ground gave way."""
        session_id, latest = claim.lease.session_id, ["getting ready"]

        def said(what: str) -> None:
            latest[0] = what
            doing(what)

        with self._guard.watching(stop) as (ground, own):
            try:
                settled = self._work(ground)(claim, own, said)
            except StoreError as error:
                self._begin(session_id, error, latest[0])
                return None
        unheard = self._guard.last if self._guard.breaker.failing else None
        if isinstance(settled, Lost) and stop.reason == LOST and unheard is not None:
            self._begin(session_id, unheard, latest[0])
        return settled

    def _begin(self, session_id: SessionId, error: StoreError, doing: str) -> None:
        with self._lock:
            known = self._troubles.get(session_id)
        if known is None:
            known = self._mending.found(session_id, error, doing)
        with self._lock:
            self._troubles[session_id] = known

    def _healed(self, claim: Claim, stop: Stop, doing: Callable[[str], None]) -> Settled | None:
        """Heal what there is to heal; None: the run can go on."""
        session_id = claim.lease.session_id
        with self._lock:
            trouble = self._troubles.get(session_id)
        if trouble is None:
            return None
        doing("healing")
        pause = self._patience.first_pause
        while True:
            with self._guard.breaker.turn() as mine:
                tried = self._mending.tried(claim, trouble) if mine else NotYet()
            match tried:
                case Healed():
                    self._over(session_id)
                    return None
                case CouldNot():
                    self._over(session_id)
                    return self._mending.give_up(claim, trouble, tried)
                case NotYet():
                    if stop.given:
                        return _left(stop.reason)
            stop.wait(pause)
            pause = min(pause * 2, self._patience.longest_pause)

    def _over(self, session_id: SessionId) -> None:
        with self._lock:
            self._troubles.pop(session_id, None)
        self._worked()

    def _worked(self) -> None:
        """The store answers, whatever it did before."""
        self._escalated = False
        seconds = self._guard.breaker.worked()
        if seconds is not None:
            said = f"The store can be used again after {seconds:.1f} s."
            note = Note("self_heal_succeeded", said, {"seconds": round(seconds, 3)})
            self._mending.write(None, note)

    def _opened(self, error: StoreUnavailableError) -> None:
        self._mending.write(None, detected(error, _ALL))

    def _escalate(self) -> None:
        health = store_health(self._locations)
        said = (
            f"The store has been out of reach for {self._guard.breaker.seconds:.0f} s. {health.said} "
            "Runs go on by themselves once it is back; `workrail doctor` looks closer."
        )
        self._mending.write(None, Note("self_heal_failed", said, {"health": health.json()}))


def _left(reason: str) -> Settled:
    """How a run is left that is told to stop before it is healed."""
    if reason == LOST:
        return Lost()
    if reason == CANCELLED:
        return Ended("cancelled", "It was cancelled while it was interrupted.")
    if reason == PAUSED:
        return Parked("paused", "It was paused while it was interrupted.")
    return Parked("drained", "The daemon was stopped while it was interrupted.")
