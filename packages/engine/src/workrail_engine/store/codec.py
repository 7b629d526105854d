"""How is an event, and what a node holds, written down and read back?

Kinds of events are spelled here and nowhere else. What is written is the event's fields by name;
those that are None are left out.
Reading is strict in both directions: no other field missing, none unknown.
"""

from dataclasses import dataclass
from typing import assert_never, cast

from workrail_engine.agent_events import AGENT_EVENTS
from workrail_engine.ids import NodeId
from workrail_engine.outcomes import Blocker
from workrail_engine.session.events import (
    ApprovalAnswered,
    ApprovalAsked,
    ArtifactRef,
    Ask,
    AssessmentRecorded,
    AttemptBlocked,
    BranchStarted,
    CheckpointTaken,
    CheckRecorded,
    Event,
    LoopEntered,
    LoopExited,
    LoopRepeated,
    Position,
    RunCompleted,
    SessionStarted,
    StepCompleted,
    StepReached,
    StepSkipped,
)
from workrail_engine.session.state import Node, Trace
from workrail_engine.store.agent_payloads import AGENT_READERS, agent_kind
from workrail_engine.store.payloads import (
    read_approval_answered,
    read_approval_asked,
    read_artifact,
    read_ask,
    read_assessment_recorded,
    read_attempt_blocked,
    read_blocker,
    read_branch_started,
    read_check_recorded,
    read_checkpoint_taken,
    read_loop_entered,
    read_loop_exited,
    read_loop_repeated,
    read_position,
    read_run_completed,
    read_session_started,
    read_step_completed,
    read_step_reached,
    read_step_skipped,
)
from workrail_engine.store.record import DamagedRecordError, Record, compact, parse_json


def kind_of(event: Event) -> str:  # noqa: C901, PLR0912 (one closed set, one match)
    """The name of an event's kind."""
    if isinstance(event, AGENT_EVENTS):
        return agent_kind(event)
    match event:
        case SessionStarted():
            kind = "session_started"
        case StepCompleted():
            kind = "step_completed"
        case CheckRecorded():
            kind = "check_recorded"
        case AssessmentRecorded():
            kind = "assessment_recorded"
        case StepSkipped():
            kind = "step_skipped"
        case LoopEntered():
            kind = "loop_entered"
        case LoopRepeated():
            kind = "loop_repeated"
        case LoopExited():
            kind = "loop_exited"
        case StepReached():
            kind = "step_reached"
        case AttemptBlocked():
            kind = "attempt_blocked"
        case ApprovalAsked():
            kind = "approval_asked"
        case ApprovalAnswered():
            kind = "approval_answered"
        case CheckpointTaken():
            kind = "checkpoint_taken"
        case BranchStarted():
            kind = "branch_started"
        case RunCompleted():
            kind = "run_completed"
        case _:
            assert_never(event)
    return kind


def node_of(event: Event) -> NodeId | None:
    """The node an event is about; None for the start of the session."""
    return None if isinstance(event, SessionStarted) else event.node


def encode(event: Event) -> str:
    """An event's fields as compact JSON; those that are None are left out."""
    return compact(event)


def decode(kind: str, payload: str) -> Event:
    """The event that was written.

    Raises:
        DamagedRecordError: the kind is unknown, or the payload is not such an event.
    """
    record = Record.parse(payload, kind)
    event = _read(kind, record)
    record.end()
    return event


def encode_position(position: Position) -> str:
    """A position as compact JSON."""
    return compact(position)


def decode_position(text: str) -> Position:
    """The position that was written."""
    record = Record.parse(text, "position")
    position = read_position(record)
    record.end()
    return position


def encode_trace(trace: tuple[Trace, ...]) -> str | None:
    """What happened on the way to a node, as compact JSON; None for nothing."""
    return compact([[kind_of(event), event] for event in trace]) if trace else None


def decode_trace(text: str | None) -> tuple[Trace, ...]:
    """The trace that was written."""
    if text is None:
        return ()
    stored = parse_json(text, "trace")
    if not isinstance(stored, list):
        message = "trace should be a list"
        raise DamagedRecordError(message)
    return tuple(_trace(entry) for entry in cast("list[object]", stored))


def encode_kept(node: Node) -> str | None:
    """What an attempt or a checkpoint left on its node, as compact JSON; None for nothing."""
    if not node.blockers and node.notes is None and not node.artifacts and node.ask is None:
        return None
    kept = {"blockers": node.blockers, "artifacts": node.artifacts}
    said = {"notes": node.notes, "ask": node.ask}
    return compact({**kept, **{name: value for name, value in said.items() if value is not None}})


@dataclass(frozen=True)
class Kept:
    """What an attempt or a checkpoint left on its node."""

    blockers: tuple[Blocker, ...] = ()
    notes: str | None = None
    artifacts: tuple[ArtifactRef, ...] = ()
    ask: Ask | None = None


def decode_kept(text: str | None) -> Kept:
    """What was written of a node."""
    if text is None:
        return Kept()
    record = Record.parse(text, "kept")
    kept = Kept(
        blockers=record.each("blockers", read_blocker),
        notes=record.maybe("notes", record.text),
        artifacts=record.each("artifacts", read_artifact),
        ask=record.maybe("ask", lambda name: record.one(name, read_ask)),
    )
    record.end()
    return kept


def _read(kind: str, r: Record) -> Event:  # noqa: C901, PLR0912 (one closed set, one match)
    if kind in AGENT_READERS:
        return AGENT_READERS[kind](r)
    match kind:
        case "session_started":
            event = read_session_started(r)
        case "step_completed":
            event = read_step_completed(r)
        case "check_recorded":
            event = read_check_recorded(r)
        case "assessment_recorded":
            event = read_assessment_recorded(r)
        case "step_skipped":
            event = read_step_skipped(r)
        case "loop_entered":
            event = read_loop_entered(r)
        case "loop_repeated":
            event = read_loop_repeated(r)
        case "loop_exited":
            event = read_loop_exited(r)
        case "step_reached":
            event = read_step_reached(r)
        case "attempt_blocked":
            event = read_attempt_blocked(r)
        case "approval_asked":
            event = read_approval_asked(r)
        case "approval_answered":
            event = read_approval_answered(r)
        case "checkpoint_taken":
            event = read_checkpoint_taken(r)
        case "branch_started":
            event = read_branch_started(r)
        case "run_completed":
            event = read_run_completed(r)
        case _:
            message = f"no event is called '{kind}'"
            raise DamagedRecordError(message)
    return event


def _trace(entry: object) -> Trace:
    if not isinstance(entry, list) or len(cast("list[object]", entry)) != 2:
        message = "trace should hold pairs of a kind and an event"
        raise DamagedRecordError(message)
    kind, fields = cast("list[object]", entry)
    record = Record(fields, "trace")
    event = _read(str(kind), record)
    record.end()
    if isinstance(event, StepSkipped | LoopExited | BranchStarted | CheckRecorded):
        return event
    message = f"a trace cannot hold '{kind}'"
    raise DamagedRecordError(message)
