"""Where does a session stand? Three facts, each with a word, a sentence and its evidence.

*Lifecycle* is what the log says, *liveness* whether the process that drives it is there, *integrity*
whether the log is what was written. They are never mixed into one word.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from workrail_console.run_words import RunStanding, run_standing
from workrail_console.times import ago
from workrail_console.words import Status
from workrail_engine.projections.driving import Driver, SeenDriver
from workrail_engine.projections.listing import ListedSession

QUIET_AFTER = timedelta(minutes=2)
"""A driver that is there but was not heard of for so long is idle."""
LivenessWord: TypeAlias = Literal["live", "idle", "gone", "unknown"]
IntegrityWord: TypeAlias = Literal["whole", "damaged", "unchecked"]


@dataclass(frozen=True)
class Process:
    """What this machine says of the process a driver names."""

    here: bool
    """Whether it would be on this machine; nothing is known of others."""
    there: bool
    """Whether it runs: the same process, not another that got its number."""
    name: str | None
    """Of its program."""


@dataclass(frozen=True)
class Liveness:
    """Whether anyone drives a session now."""

    word: LivenessWord
    sentence: str
    """With the evidence."""
    seen_at: str | None
    """When its driver was last heard of."""


@dataclass(frozen=True)
class Integrity:
    """Whether a session's record is what was written."""

    word: IntegrityWord
    sentence: str
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Standing:
    """Where a session stands."""

    lifecycle: Status
    sentence: str | None
    """Why it does not go on by itself; None where it does, or is complete."""
    remedy: str | None
    command: str | None
    """What a person runs in a terminal; None where there is nothing to run."""
    liveness: Liveness | None
    """None once it is complete: nobody has to drive it any more."""
    integrity: Integrity
    run: RunStanding | None = None
    """Of a session that is driven without a person."""


def liveness(driver: SeenDriver | None, process: Process, now: datetime) -> Liveness:
    """Whether a driver is there.

    Args:
        driver: the one that was heard of last; None where none was recorded.
        process: what this machine says of it; ignored without a driver.
        now: the present.
    """
    if driver is None:
        return Liveness("unknown", "No process is recorded that drives it.", None)
    who, heard = _named(driver.driver, process), f"last call {ago(driver.seen_at, now)}"
    if not process.here:
        sentence = f"{who} on {driver.driver.host} drives it; that machine cannot be seen: {heard}."
        return Liveness("unknown", sentence, driver.seen_at)
    if not process.there:
        sentence = f"{who} has ended; {heard}. The session can be resumed."
        return Liveness("gone", sentence, driver.seen_at)
    quiet = now - datetime.fromisoformat(driver.seen_at) > QUIET_AFTER
    word: LivenessWord = "idle" if quiet else "live"
    return Liveness(word, f"{who} is there; {heard}.", driver.seen_at)


def integrity(problems: tuple[str, ...] | None, events: int) -> Integrity:
    """Whether a record is whole.

    Args:
        problems: what its check found; None where it was not checked as it is now.
        events: how many events it has.
    """
    if problems is None:
        return Integrity("unchecked", "The record was not checked since its last change.", ())
    if not problems:
        counted = "its event" if events == 1 else f"all {events:,} events"
        return Integrity("whole", f"The record is what was written: {counted} checked.", ())
    first, *others = problems
    more = f" (and {len(others)} more)" if others else ""
    return Integrity("damaged", f"The record is damaged: {first}{more}", problems)


def standing(
    listed: ListedSession, alive: Liveness | None, whole: Integrity, now: datetime
) -> Standing:
    """All three facts of a session in a list.

    Args:
        listed: its row.
        alive: whether anyone drives it; None once it is complete.
        whole: whether its record is.
        now: the present.
    """
    sentence, remedy = _reason(listed, now)
    waiting = listed.summary.status == "waiting"
    command = f"workrail approve {listed.summary.session_id}" if waiting else None
    run = None if listed.run is None else run_standing(listed.run, now)
    return Standing(listed.summary.status, sentence, remedy, command, alive, whole, run)


def _reason(listed: ListedSession, now: datetime) -> tuple[str | None, str | None]:
    reason, summary = listed.reason, listed.summary
    if listed.problem is not None:
        return f"Its row cannot be told whole: {listed.problem}", None
    at = summary.step_title or "its step"
    match summary.status:
        case "blocked":
            since = ago(reason.since if reason else summary.updated_at, now)
            start = f"Blocked {since} at {at}"
            if reason is None or not reason.blockers:
                return f"{start}.", None
            first = reason.blockers[0]
            tries = f" (attempt {reason.attempts})" if reason.attempts > 1 else ""
            others = len(reason.blockers) - 1
            more = f" And {others} more." if others else ""
            return f"{start}{tries}: {_opening(first.message)}{more}", _opening(first.remedy)
        case "waiting":
            since = ago(reason.since if reason else summary.updated_at, now)
            who = (
                "a coordinator" if reason and reason.approver == "coordinator_eval" else "a person"
            )
            because = f": {reason.reason}" if reason and reason.reason else ""
            return f"Waits for {who} to approve {at}, asked {since}{because}", None
        case _:
            return None, None


def _named(driver: Driver, process: Process) -> str:
    name = f" ({process.name})" if process.name else ""
    return f"Process {driver.process}{name}"


def _opening(text: str) -> str:
    """The first line of a text; the whole of it is on the session's page."""
    line, *others = text.strip().splitlines() or [""]
    return f"{line.rstrip(':. ')}…" if others or line.endswith(":") else line
