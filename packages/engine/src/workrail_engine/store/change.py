"""What does a decision write?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workrail_engine.canonical import canonical_bytes
from workrail_engine.ids import Handle, NodeId, SessionId
from workrail_engine.ports import Attempt, AttemptUse, Change, NewBlob, SubmittedArtifact
from workrail_engine.session.decide import Decision
from workrail_engine.session.events import (
    ApprovalAsked,
    AttemptBlocked,
    CheckRecorded,
    StepCompleted,
    artifacts_of,
)
from workrail_engine.session.state import Node, SessionState


@dataclass(frozen=True)
class Write:
    """A decision and the circumstances it was taken in."""

    session_id: SessionId
    expected_events: int
    at: datetime
    decision: Decision
    after: SessionState
    """The state the decision's events lead to; holds its tip."""
    reached: Node
    """The node they created."""
    handles: tuple[tuple[Handle, NodeId], ...]
    """New attempts and the nodes they are for."""
    node_title: str | None
    """Title of the step the new node waits on."""
    step_title: str | None
    """Title of the step the session waits on."""
    used: Handle | None = None
    """The attempt that led here, used up by it."""
    payload: AttemptUse | None = None
    """What it came to."""
    document: bytes | None = None
    """The pinned workflow a session starts with."""


def change_of(write: Write) -> Change:
    """Everything a decision writes, as one change."""
    tip = write.after.nodes[write.after.tip or write.reached.node_id]
    return Change(
        session_id=write.session_id,
        expected_events=write.expected_events,
        at=write.at,
        events=write.decision.events,
        nodes=(write.reached,),
        attempts=[Attempt(handle, write.session_id, node) for handle, node in write.handles],
        used=(write.used, write.payload) if write.used and write.payload else None,
        blobs=_blobs(write),
        artifacts=_artifacts(write.decision),
        status=write.after.status,
        tip=tip.node_id,
        node_title=write.node_title,
        step_title=write.step_title,
        steps_completed=tip.position.completed,
        document=write.document,
    )


def _blobs(write: Write) -> Sequence[NewBlob]:
    context = NewBlob(write.reached.context_ref, canonical_bytes(write.decision.context))
    sent = (NewBlob(ref.digest, content) for ref, content in write.decision.artifacts)
    return [context, *sent]


def _artifacts(decision: Decision) -> Sequence[SubmittedArtifact]:
    """One row for every artifact of the step: accepted with it, or left on another attempt."""
    rows: list[SubmittedArtifact] = []
    for event in decision.events:
        match event:
            case StepCompleted():
                rows += [
                    SubmittedArtifact(ref, event.node, event.step_id, accepted=True)
                    for ref in event.artifacts
                ]
            case CheckRecorded():
                rows += [
                    SubmittedArtifact(ref, event.node, event.step_id, accepted=True)
                    for ref in artifacts_of(event)
                ]
            case AttemptBlocked() | ApprovalAsked():
                rows += [
                    SubmittedArtifact(ref, event.node, event.step_id, accepted=False)
                    for ref in artifacts_of(event)
                ]
            case _:
                pass
    return rows
