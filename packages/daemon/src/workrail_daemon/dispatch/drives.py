"""How does a process keep what it drives, and how does it learn that it must let go?

Two threads beside those that work. One speaks to the store: it renews leases, publishes what is done,
and hears what is wanted. The other only looks at the clock: when a lease was not renewed for as long as
it lasts, the run is stopped, because another worker may have it by now, whatever the first thread is
waiting for.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Lock, Thread
from time import monotonic
from typing import Final, TypeAlias, assert_never

from workrail_daemon.dispatch.contract import Ended, Lost, Parked, Work
from workrail_daemon.dispatch.this_process import worker_of
from workrail_daemon.stopping import CANCELLED, LOST, PAUSED, Stop
from workrail_engine.errors import LeaseLostError, StoreError
from workrail_engine.ids import SessionId
from workrail_engine.projections.driving import Driver
from workrail_engine.projections.runs import Beat, Claim, Wish
from workrail_engine.runs import Runs

_STOPS: Final[dict[Wish, str]] = {"cancel": CANCELLED, "pause": PAUSED}
_MOST_BACKOFF: Final = 5
_TOLD_EVERY: Final = 60.0


@dataclass(frozen=True)
class Pace:
    """How often things are looked at; seconds."""

    ttl: float = 6.0
    """A run whose worker was not heard of for so long is given to another."""
    beat: float = 1.5
    """A lease is renewed so often."""
    lasting: float = 0.5
    """What is done for so long is published before the next heartbeat."""
    look: float = 0.3
    """Wishes, and runs that became ready elsewhere, are looked for so often."""
    sweep: float = 1.0
    """A queue beside the store is compared with it so often."""
    grace: float = 10.0
    """A run has so long to let go by itself when the daemon stops."""
    again: float = 2.0
    """A run that failed rests so long before it is tried again; twice as long the next time."""


Failed: TypeAlias = Callable[[SessionId | None, Exception], None]
"""Told what went wrong with a run, or (None) with the dispatcher itself."""


def sparing(failed: Failed) -> Failed:
    """Tell what goes on going wrong once a minute, not several times a second; of runs, everything."""
    told: dict[type[Exception], float] = {}

    def tell(session_id: SessionId | None, error: Exception) -> None:
        kind, now = type(error), monotonic()
        if session_id is None and now - told.get(kind, -_TOLD_EVERY) < _TOLD_EVERY:
            return
        if session_id is None:
            told[kind] = now
        failed(session_id, error)

    return tell


@dataclass
class _Drive:
    claim: Claim
    fenced_at: float
    """The lease may be another's from then on, on this process's own clock."""
    stop: Stop = field(default_factory=Stop)
    doing: str | None = None
    since: float = 0.0
    unsaid: bool = True
    """Whether there is something to tell the store."""
    beat_at: float = 0.0
    noted: bool = False
    """Whether the store knows the process."""
    lost: bool = False
    """Whether nothing may be written any more."""

    def say(self, doing: str) -> None:
        """What is done from now on."""
        self.doing, self.since, self.unsaid = doing, monotonic(), True

    def lose(self) -> None:
        """It is not ours any more."""
        self.lost = True
        self.stop.give(LOST)


class Drives:
    """The runs a process drives. Safe to use from several threads."""

    def __init__(self, runs: Callable[[], Runs], me: Driver, pace: Pace, failed: Failed) -> None:
        self._runs = runs
        self._me = me
        self._worker = worker_of(me)
        self._pace = pace
        self._failed = failed
        self._claiming = Lock()
        self._changed = Condition()
        self._driven: dict[SessionId, _Drive] = {}
        self._closed = False

    @contextmanager
    def kept(self) -> Generator[None]:
        """While the block runs, what is driven is kept."""
        self._closed = False
        threads = [Thread(target=each, daemon=True) for each in (self._speak, self._watch)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._closed = True
                self._changed.notify_all()
            for thread in threads:
                thread.join()

    def take(self, only: SessionId | None = None) -> tuple[Claim, float] | None:
        """Claim a run, the next one or a certain one; with it, when the claim was asked for."""
        # Two claims at once could each miss what the other one begins to drive.
        with self._claiming:
            asked = monotonic()
            runs = self._runs()
            if only is None:
                claim = runs.claim(self._worker, self._pace.ttl)
            else:
                claim = runs.claim_this(only, self._worker, self._pace.ttl)
        return None if claim is None else (claim, asked)

    def drive(self, taken: tuple[Claim, float], work: Work) -> None:
        """Work on a run in this thread, and record what it came to."""
        claim, asked = taken
        one = _Drive(claim, asked + self._pace.ttl)
        with self._changed:
            self._driven[claim.lease.session_id] = one
            self._changed.notify_all()
        try:
            settled = self._work(one, work)
            self._settle(one, settled)
        finally:
            with self._changed:
                if self._driven.get(claim.lease.session_id) is one:
                    del self._driven[claim.lease.session_id]

    def stop_all(self, reason: str) -> None:
        """Tell every run to let go."""
        for one in self._now():
            one.stop.give(reason)

    def _work(self, one: _Drive, work: Work) -> Parked | Ended | Lost | None:
        """What working comes to; None: it failed."""
        try:
            return work(one.claim, one.stop, one.say)
        except LeaseLostError:
            return Lost()
        except Exception as error:  # noqa: BLE001 (whatever it is, it ends this run only)
            self._failed(one.claim.lease.session_id, error)
            return None

    def _settle(self, one: _Drive, settled: Parked | Ended | Lost | None) -> None:
        """Record how a run stands; while the store cannot be reached, as long as the lease lasts."""
        told = False
        while not one.lost:
            try:
                self._record(one.claim, settled)
            except LeaseLostError:
                return
            except StoreError as error:
                if not told:
                    self._failed(one.claim.lease.session_id, error)
                told = True
                self._pause()
            else:
                return

    def _record(self, claim: Claim, settled: Parked | Ended | Lost | None) -> None:
        runs = self._runs()
        match settled:
            case Parked():
                runs.park(claim.lease, settled.rest, settled.said, settled.until)
            case Ended():
                runs.end(claim.lease, settled.outcome, settled.said)
            case None:
                after = self._pace.again * 2 ** min(claim.crashes, _MOST_BACKOFF)
                runs.give_back(claim.lease, after)
            case Lost():
                pass
            case _:
                assert_never(settled)

    def _pause(self) -> None:
        with self._changed:
            self._changed.wait(self._pace.look)

    def _now(self) -> list[_Drive]:
        with self._changed:
            return list(self._driven.values())

    def _speak(self) -> None:
        """Renew, publish and hear, as long as something is driven."""
        while self._wait(self._pace.look):
            self._try(self._hear)
            for one in self._now():
                self._try(lambda one=one: self._renew(one))

    def _try(self, say: Callable[[], None]) -> None:
        """Say something to the store; what goes wrong with one thing keeps no other from being said."""
        try:
            say()
        except Exception as error:  # noqa: BLE001 (were this thread to end, every run would be lost)
            self._failed(None, error)

    def _hear(self) -> None:
        driven = self._runs().driven(self._worker)
        for one in self._now():
            lease = one.claim.lease
            epoch, wish = driven.get(lease.session_id, (0, None))
            if epoch > lease.epoch:
                one.lose()
            elif wish is not None:
                one.stop.give(_STOPS[wish])

    def _renew(self, one: _Drive) -> None:
        asked = monotonic()
        lasting = one.unsaid and asked - one.since >= self._pace.lasting
        if one.lost or (asked < one.beat_at and not lasting):
            return
        one.unsaid = False
        driver = None if one.noted else self._me
        beat = Beat(self._pace.ttl, one.doing, asked - one.since, driver)
        try:
            wish = self._runs().beat(one.claim.lease, beat)
        except LeaseLostError:
            self._let_go(one)
            return
        one.noted, one.beat_at = True, asked + self._pace.beat
        one.fenced_at = asked + self._pace.ttl
        if wish is not None:
            one.stop.give(_STOPS[wish])

    def _let_go(self, one: _Drive) -> None:
        """A lease is refused: it is another's, or the run has settled just now."""
        if one in self._now():
            one.lose()

    def _watch(self) -> None:
        """Stop what was not renewed in time."""
        while self._wait(min(self._pace.look, self._pace.ttl / 8)):
            for one in self._now():
                if monotonic() >= one.fenced_at:
                    one.lose()

    def _wait(self, seconds: float) -> bool:
        """Wait for something to be driven, then so long; whether to go on."""
        with self._changed:
            while not self._driven and not self._closed:
                self._changed.wait()
            if not self._closed:
                self._changed.wait(seconds)
            return not self._closed
