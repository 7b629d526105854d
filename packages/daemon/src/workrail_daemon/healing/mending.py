"""How is a run that was interrupted put right, or given up?

Nothing is done to what is stored: the engine is begun anew, the session is looked at, and what happened
is told. Whatever has to be changed is a person's to change.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Final, TypeAlias

from workrail_daemon.dispatch.contract import Ended, Lost
from workrail_daemon.event_log.writing import EventLog
from workrail_daemon.healing.guard import Guard
from workrail_daemon.healing.health import session_health, store_health, store_is_there
from workrail_daemon.healing.trouble import (
    Note,
    Trouble,
    detected,
    heals_without_progress,
    reminder,
)
from workrail_engine.agent_events import AgentEvent, RunEnded
from workrail_engine.canonical import JsonObject
from workrail_engine.errors import LeaseLostError, StoreError
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Claim
from workrail_engine.system import Locations

_RENEW_EVERY: Final = 3
"""The engine is begun anew at every so many tries."""


@dataclass(frozen=True)
class Patience:
    """How long healing is tried."""

    heals: int = 5
    """Times in a row that a run is healed and fails again before it gets anywhere."""
    seconds: float = 300.0
    """In which an interruption is to be over; then a person is asked."""
    first_pause: float = 0.2
    """Before the second try; each next one is twice as long, …"""
    longest_pause: float = 5.0
    """… up to this."""


@dataclass(frozen=True)
class Surroundings:
    """What healing works with beside the guard."""

    locations: Locations
    log: EventLog
    told: Callable[[SessionId, AgentEvent], None]
    """Told every fact that is recorded."""
    now: Callable[[], datetime]


@dataclass(frozen=True)
class Healed:
    """The run can go on."""


@dataclass(frozen=True)
class NotYet:
    """It may help to try again later."""


@dataclass(frozen=True)
class CouldNot:
    """A person is needed."""

    why: str
    """And what they can do, in sentences."""


Tried: TypeAlias = Healed | NotYet | CouldNot


class Mending:
    """Puts runs right. Each run is put right in its own thread."""

    def __init__(self, guard: Guard, around: Surroundings, patience: Patience) -> None:
        self._guard = guard
        self._around = around
        self._patience = patience

    def found(self, session_id: SessionId, error: StoreError, doing: str) -> Trouble:
        """A run was interrupted: look at what is wrong, and say so in the daemon's log at once."""
        trouble = Trouble(session_id, self._now(), monotonic(), error, doing)
        health = store_health(self._around.locations)
        said = f"The run was stopped while it was {doing}. {health.said}"
        started = Note("self_heal_started", said, {"doing": doing, "health": health.json()})
        trouble.untold += [detected(error, doing), started]
        for note in trouble.untold:
            self.write(session_id, note)
        return trouble

    def tried(self, claim: Claim, trouble: Trouble) -> Tried:
        """Try once to have a run go on.

        Raises:
            LeaseLostError: the run is another worker's.
        """
        trouble.tries += 1
        try:
            if trouble.tries % _RENEW_EVERY == 0 and store_is_there(self._around.locations):
                self._guard.holder.renew()
            self.tell(trouble)
            return self._resumed(claim, trouble)
        except StoreError as error:
            trouble.error = error
            if monotonic() - trouble.since < self._patience.seconds:
                return NotYet()
            return CouldNot(f"It was not over after {self._patience.seconds:.0f} s: {error}")

    def tell(self, trouble: Trouble) -> None:
        """Write into the session's log what it does not hold yet.

        Raises:
            StoreError: it cannot be written.
            SessionNotFoundError: the session is not there any more.
        """
        engine = self._guard.holder.engine
        while trouble.untold:
            node = engine.place(trouble.session_id).node
            engine.journal.noted(trouble.session_id, trouble.untold[0].at(node))
            del trouble.untold[0]

    def give_up(self, claim: Claim, trouble: Trouble, could_not: CouldNot) -> Ended | Lost:
        """Tell the operators all there is to tell, and end the run."""
        session_id, engine = trouble.session_id, self._guard.holder.engine
        said = (
            f"The run was interrupted while it was {trouble.doing}, and could not be healed. "
            f"{could_not.why} `worktrain session retry {session_id}` takes it up again afterwards."
        )
        note = Note("self_heal_failed", said, _facts(trouble))
        self.write(session_id, note)
        trouble.untold.append(note)
        key = f"heal:{session_id}:{trouble.at}"
        letter: JsonObject = {"kind": "note", "text": said, "session": session_id, "key": key}
        over: AgentEvent
        try:
            with suppress(StoreError):
                self.tell(trouble)
            with suppress(StoreError):
                engine.mail.send(None, "daemon", letter)
            with suppress(StoreError):
                node = engine.place(session_id).node
                over = RunEnded(node, "interrupted_tooling_failure", said)
                engine.journal.append(claim.lease, [over])
                self._around.told(session_id, over)
        except LeaseLostError:
            return Lost()
        return Ended("interrupted_tooling_failure", said)

    def write(self, session_id: SessionId | None, note: Note) -> None:
        """Write into the daemon's log."""
        self._around.log.write(note.what, session_id, said=note.said, facts=note.facts)

    def _resumed(self, claim: Claim, trouble: Trouble) -> Healed | CouldNot:
        session_id, engine = trouble.session_id, self._guard.holder.engine
        health = session_health(engine, self._around.locations, session_id)
        if health.bad:
            mend = f"`workrail session repair {session_id}` copies what is whole."
            return CouldNot(f"{health.said} {mend}")
        entries = engine.journal.read(session_id)
        heals = heals_without_progress(entries)
        if heals >= self._patience.heals:
            return CouldNot(f"It was healed {heals} times and failed each time: {trouble.error}")
        seconds = monotonic() - trouble.since
        said = f"The store can be used again after {seconds:.1f} s; the run goes on where it was."
        done = Note("self_heal_succeeded", said, {**_facts(trouble), "seconds": round(seconds, 3)})
        words = reminder(entries, trouble, self._now())
        events: list[AgentEvent] = [done.at(engine.place(session_id).node)]
        if words is not None:
            events.append(words)
        for event in engine.journal.append(claim.lease, events):
            self._around.told(session_id, event)
        return Healed()

    def _now(self) -> str:
        return self._around.now().isoformat(timespec="seconds").replace("+00:00", "Z")


def _facts(trouble: Trouble) -> JsonObject:
    return {"error": type(trouble.error).__name__, "tries": trouble.tries}
