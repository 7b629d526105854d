"""What is known of an interruption, and how is it told?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from workrail_engine.agent_events import (
    MessageGiven,
    Noticed,
    ToolBegun,
    ToolFinished,
    TurnTaken,
)
from workrail_engine.canonical import JsonObject
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.runs import Entry

Happening: TypeAlias = Literal[
    "tooling_failure_detected", "self_heal_started", "self_heal_succeeded", "self_heal_failed"
]
_RECENT: Final = 3
"""Actions that the model is reminded of."""


@dataclass(frozen=True)
class Note:
    """Something to be told, in the session's log and the daemon's."""

    what: Happening
    said: str
    facts: JsonObject

    def at(self, node: NodeId) -> Noticed:
        """The same as a fact of the session."""
        return Noticed(node, self.what, self.said, self.facts)


@dataclass
class Trouble:
    """A run that was interrupted and is not healed yet."""

    session_id: SessionId
    at: str
    """RFC 3339, UTC."""
    since: float
    """The same on this process's own clock."""
    error: Exception
    """What failed; of several the last."""
    doing: str
    """What the run did at that moment."""
    untold: list[Note] = field(default_factory=list[Note])
    """What the session's log does not hold yet, in order."""
    tries: int = 0


def detected(error: Exception, doing: str) -> Note:
    """That something failed, before anything is known of it."""
    facts: JsonObject = {"error": type(error).__name__, "doing": doing}
    return Note("tooling_failure_detected", str(error), facts)


def heals_without_progress(entries: Sequence[Entry]) -> int:
    """How often a run was healed since the model or a tool last answered."""
    count = 0
    for entry in reversed(entries):
        match entry.event:
            case TurnTaken() | ToolFinished():
                break
            case Noticed(what="self_heal_succeeded"):
                count += 1
            case _:
                pass
    return count


def reminder(entries: Sequence[Entry], trouble: Trouble, now: str) -> MessageGiven | None:
    """What the model is told of it; None where nothing at all was said to it yet.

    Args:
        entries: the facts of the session, in order.
        trouble: what happened.
        now: RFC 3339, UTC.
    """
    events = [entry.event for entry in entries]
    given = [event for event in events if isinstance(event, MessageGiven)]
    turn = max((event.turn for event in events if isinstance(event, TurnTaken)), default=0)
    if not given:
        return None
    number = max((event.message for event in given if event.turn == turn), default=0) + 1
    lines = [
        "<context>",
        f"Your work was interrupted at {trouble.at}, because the store of this session could not be "
        f"used; it can again since {now}. All that is recorded is kept: this conversation is whole.",
        *_done(events),
        *_open(events),
        "Go on from there. Do not repeat what is done.",
        "</context>",
    ]
    return MessageGiven(events[-1].node, turn, number, "engine", "\n".join(lines))


def _done(events: Iterable[object]) -> list[str]:
    done = [event for event in events if isinstance(event, ToolFinished)][-_RECENT:]
    if not done:
        return []
    return ["Done last:", *(f"- {each.tool} {each.said} ({each.outcome})" for each in done)]


def _open(events: Iterable[object]) -> list[str]:
    begun: dict[tuple[int, int], ToolBegun] = {}
    for event in events:
        match event:
            case ToolBegun():
                begun[event.turn, event.call] = event
            case ToolFinished():
                begun.pop((event.turn, event.call), None)
            case _:
                pass
    if not begun:
        return ["Nothing was under way that could be half done."]
    calls = (f"- {each.tool} {each.said}" for each in begun.values())
    return ["Begun, and perhaps half done; look at what it changed:", *calls]
