"""What do the proven events of a damaged session amount to?

A command's events end with the one that makes a node. Whatever stands after the last such event
belongs to a command that is not whole, and is left out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from workrail_engine.canonical import JsonObject, JsonValue, digest
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.session.events import (
    ApprovalAsked,
    AttemptBlocked,
    CheckpointTaken,
    Event,
    RunCompleted,
    SessionStarted,
    StepCompleted,
    StepReached,
)
from workrail_engine.session.state import Node, SessionState, apply_delta, fold

_NODE_MAKERS = (StepReached, AttemptBlocked, ApprovalAsked, CheckpointTaken, RunCompleted)


@dataclass(frozen=True)
class Repair:
    """What repairing a session came to."""

    session_id: SessionId
    """The damaged one, which was left as it is."""
    copy_id: SessionId | None
    """The copy; None when the session is whole and there was nothing to do."""
    found: int
    """How many events could be found."""
    kept: int
    """How many of them are in the copy."""
    dropped: tuple[str, ...]
    """Why the others are not, and what content is lost."""


@dataclass(frozen=True)
class WholeCommand:
    """One command that a log tells from its first event to its last."""

    first: int
    """Place of its first event in the log, from 1."""
    events: tuple[Event, ...]
    after: SessionState
    reached: Node
    """The node it made."""
    context: JsonObject
    """The context there, worked out from the log alone."""


def whole_commands(events: Sequence[Event]) -> Iterator[WholeCommand]:
    """The commands at the beginning of a log that are whole and agree with themselves."""
    state = SessionState()
    contexts: dict[NodeId, JsonObject] = {}
    begin = 0
    for place, event in enumerate(events, start=1):
        if not isinstance(event, _NODE_MAKERS):
            continue
        told = tuple(events[begin:place])
        if event.parent is not None and event.parent not in contexts:
            return
        state = fold(told, state)
        context = apply_delta(_context_before(event.parent, state, contexts), _delta(told))
        if digest(context) != event.context_ref:
            return
        contexts[event.node] = context
        yield WholeCommand(begin + 1, told, state, state.nodes[event.node], context)
        begin = place


def copied(event: Event, begun: SessionStarted, attempt: str) -> Event:
    """An event as the copy's log has it: under the copy's name, and by the copy's attempt."""
    match event:
        case SessionStarted():
            return begun
        case StepCompleted() | AttemptBlocked() | ApprovalAsked():
            return replace(event, attempt=attempt)
        case _:
            return event


def _context_before(
    parent: NodeId | None, state: SessionState, contexts: dict[NodeId, JsonObject]
) -> JsonObject:
    if parent is not None:
        return contexts[parent]
    return state.started.context if state.started is not None else {}


def _delta(events: Sequence[Event]) -> JsonObject:
    delta: dict[str, JsonValue] = {}
    for event in events:
        if isinstance(event, StepCompleted | AttemptBlocked | ApprovalAsked | CheckpointTaken):
            delta.update(event.context_delta)
    return delta
