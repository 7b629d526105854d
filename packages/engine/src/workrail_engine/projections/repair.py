"""What do the proven events of a damaged session amount to?

A command's events end with the one that makes a node. What an unattended run left stands between
commands. Whatever else stands after the last command belongs to one that is not whole, and is left
out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from workrail_engine.agent_events import AGENT_EVENTS, AgentEvent
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
    facts: tuple[AgentEvent, ...] = ()
    """What an unattended run left between it and the next command."""

    @property
    def last(self) -> int:
        """Place of its last fact in the log, or of its last event."""
        return self.first + len(self.events) + len(self.facts) - 1


def whole_commands(events: Sequence[Event]) -> Iterator[WholeCommand]:
    """The commands at the beginning of a log that are whole and agree with themselves."""
    state = SessionState()
    contexts: dict[NodeId, JsonObject] = {}
    before: WholeCommand | None = None
    while (command := _next(events, before, state, contexts)) is not None:
        yield command
        before, state = command, command.after
        contexts[command.reached.node_id] = command.context


def _next(
    events: Sequence[Event],
    before: WholeCommand | None,
    state: SessionState,
    contexts: dict[NodeId, JsonObject],
) -> WholeCommand | None:
    """The command after another, with the facts behind it; None where it is not whole."""
    begin = 0 if before is None else before.last
    end = next((n for n in range(begin, len(events)) if not _goes_on(events[n])), len(events))
    if end == len(events):
        return None
    maker = events[end]
    if not isinstance(maker, _NODE_MAKERS):
        return None
    if maker.parent is not None and maker.parent not in contexts:
        return None
    told = tuple(events[begin : end + 1])
    state = fold(told, state)
    context = apply_delta(_context_before(maker.parent, state, contexts), _delta(told))
    if digest(context) != maker.context_ref:
        return None
    reached = state.nodes[maker.node]
    return WholeCommand(begin + 1, told, state, reached, context, _facts(events, end + 1))


def _goes_on(event: Event) -> bool:
    """Whether a command has further events behind this one."""
    return not isinstance(event, (*_NODE_MAKERS, *AGENT_EVENTS))


def _facts(events: Sequence[Event], begin: int) -> tuple[AgentEvent, ...]:
    """The facts that stand at a place, one behind the other."""
    facts: list[AgentEvent] = []
    for place in range(begin, len(events)):
        event = events[place]
        if not isinstance(event, AGENT_EVENTS):
            break
        facts.append(event)
    return tuple(facts)


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
