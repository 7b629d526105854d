"""What does a part of a log say of some nodes that no row holds?

When they were reached, the notes of completed steps, what checks found, and how approvals were answered.
"""

from bisect import bisect_right
from collections.abc import Set
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.session_detail import AnswerLine, CheckLine
from workrail_engine.projections.story import Completion
from workrail_engine.session.events import ApprovalAnswered, CheckRecorded, Event, StepCompleted
from workrail_engine.store import schema
from workrail_engine.store.codec import decode
from workrail_engine.store.record import DamagedRecordError
from workrail_engine.store.rows import AnyRow, damaged, rfc3339

_e = schema.events.c
NODE_MAKERS = (
    "step_reached",
    "attempt_blocked",
    "approval_asked",
    "checkpoint_taken",
    "run_completed",
)
_TOLD = ("step_completed", "check_recorded", "approval_answered")


@dataclass(frozen=True)
class Part:
    """From where to where."""

    first: NodeId
    last: NodeId
    furthest: NodeId
    """The last that one of them led to."""
    after: int
    """Place in the log: all that speaks of the nodes lies from here …"""
    until: int | None
    """… to here; None: to the end."""


@dataclass
class Said:
    """What only the log says of the nodes."""

    reached: dict[NodeId, str] = field(default_factory=dict[NodeId, str])
    """When each node was reached."""
    completions: dict[int, Completion] = field(default_factory=dict[int, Completion])
    """Completed steps by their place in the log."""
    checks: dict[NodeId, list[CheckLine]] = field(default_factory=dict[NodeId, list[CheckLine]])
    """By the node the attempt was made at."""
    answers: dict[NodeId, AnswerLine] = field(default_factory=dict[NodeId, AnswerLine])
    """By the node that waited."""


def said_in(
    connection: Connection, session_id: SessionId, number: int, part: Part, endings: Set[int]
) -> Said:
    """What a part of a log says of its nodes.

    Args:
        connection: to the store.
        session_id: whose log.
        number: the session's.
        part: which.
        endings: places of the completed steps that ended the nodes' steps, wherever they lie.

    Raises:
        CorruptSessionError: an event that is needed cannot be read.
    """
    log = Said()
    here = [_e.session == number, _e.seq >= part.after]
    if part.until is not None:
        here.append(_e.seq <= part.until)
    makes = (_e.kind.in_(NODE_MAKERS), _e.node.between(part.first, part.furthest))
    makers = select(_e.seq, _e.node, _e.at).where(*here, *makes).order_by(_e.seq)
    made = connection.execute(makers).all()
    log.reached.update((NodeId(row.node), rfc3339(row.at)) for row in made)
    places, nodes = [row.seq for row in made], [NodeId(row.node) for row in made]
    columns = (_e.seq, _e.kind, _e.at, _e.payload)
    speaks = (_e.kind.in_(_TOLD), _e.node.between(part.first, part.last))
    told = select(*columns).where(*here, *speaks).order_by(_e.seq)
    for row in connection.execute(told):
        if row.kind != "step_completed" or row.seq in endings:
            after = bisect_right(places, row.seq)
            _note(log, session_id, row, nodes[after] if after < len(nodes) else None)
    elsewhere = endings - log.completions.keys()
    if elsewhere:  # a later attempt completed a step of these, or the log is damaged
        ended = select(*columns).where(_e.session == number, _e.seq.in_(sorted(elsewhere)))
        for row in connection.execute(ended.where(_e.kind == "step_completed")):
            _note(log, session_id, row, None)
    return log


def _note(log: Said, session_id: SessionId, row: AnyRow, led_to: NodeId | None) -> None:
    event, at = _event(session_id, row), rfc3339(row.at)
    match event:
        case StepCompleted():
            log.completions[row.seq] = Completion(event.node, at, event.notes)
        case CheckRecorded():
            log.checks.setdefault(event.node, []).append(_check(event, at, led_to))
        case ApprovalAnswered():
            log.answers[event.node] = AnswerLine(
                event.verdict, event.by, event.channel, event.note, at
            )
        case _:
            pass


def _event(session_id: SessionId, row: AnyRow) -> Event:
    try:
        return decode(row.kind, row.payload)
    except DamagedRecordError as error:
        raise damaged(session_id, f"event {row.seq}", error) from error


def _check(event: CheckRecorded, at: str, led_to: NodeId | None) -> CheckLine:
    return CheckLine(
        check_id=event.check_id,
        kind=event.kind,
        outcome=event.outcome,
        summary=event.summary,
        problems=event.problems,
        tree=event.tree,
        reused=event.reused,
        argv=event.argv,
        exit_code=event.exit_code,
        counts=event.counts,
        output=None if event.output is None else event.output.digest,
        at=at,
        led_to=led_to,
    )
