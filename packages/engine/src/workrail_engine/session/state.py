"""State, and how an event changes it.

`evolve` is total: what is in the log already happened. It never refuses, it only folds. A state may
be partial, holding just the nodes a decision needs; folding a whole log gives every node.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, assert_never

from workrail_engine.agent_events import (
    ArtifactSaved,
    MessageGiven,
    Noticed,
    RunBegun,
    RunEnded,
    RunParked,
    ToolBegun,
    ToolFinished,
    TurnTaken,
)
from workrail_engine.canonical import JsonObject
from workrail_engine.ids import Digest, NodeId, StepId
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

NodeKind: TypeAlias = Literal["step", "blocked", "waiting", "checkpoint", "end"]
Status: TypeAlias = Literal["running", "blocked", "waiting", "completed"]
Trace: TypeAlias = StepSkipped | LoopExited | BranchStarted | CheckRecorded


@dataclass(frozen=True)
class Node:
    """A point a run reached."""

    node_id: NodeId
    parent: NodeId | None
    kind: NodeKind
    step_id: StepId | None
    iteration: int | None
    position: Position
    context_ref: Digest
    blockers: tuple[Blocker, ...] = ()
    notes: str | None = None
    """Kept from a blocked or waiting attempt, or given with a checkpoint."""
    artifacts: tuple[ArtifactRef, ...] = ()
    """Kept from a blocked or waiting attempt."""
    ask: Ask | None = None
    """What the attempt waits for."""
    trace: tuple[Trace, ...] = ()
    """What happened between the parent and this node that the agent is told."""
    children: int = 0
    """How many nodes continue from here; checkpoints do not count."""

    @property
    def holds_attempt(self) -> bool:
        """Whether it holds an attempt that did not, or not yet, complete its step."""
        return self.kind in ("blocked", "waiting")


@dataclass(frozen=True)
class SessionState:
    """What a log, or the part of it that matters now, amounts to."""

    started: SessionStarted | None = None
    nodes: Mapping[NodeId, Node] = field(default_factory=dict[NodeId, Node])
    tip: NodeId | None = None
    """The newest step, blocked, waiting or end node: where the session stands."""
    last_node: NodeId = NodeId(0)
    status: Status = "running"
    pending_trace: tuple[Trace, ...] = ()


def fold(events: Iterable[Event], state: SessionState | None = None) -> SessionState:
    """The state a log leads to.

    Each event is folded into a state that holds just the node it continues from, so a log costs what
    its length says and not its square.
    """
    whole = state or SessionState()
    nodes = dict(whole.nodes)
    for event in events:
        parent = _continued(event)
        known = {parent: nodes[parent]} if parent is not None and parent in nodes else {}
        whole = evolve(replace(whole, nodes=known), event)
        nodes.update(whole.nodes)
    return replace(whole, nodes=nodes)


def evolve(state: SessionState, event: Event) -> SessionState:
    """The state after one more fact."""
    match event:
        case SessionStarted():
            return replace(state, started=event)
        case StepCompleted() | AssessmentRecorded() | LoopEntered() | LoopRepeated():
            return state
        case StepSkipped() | LoopExited() | BranchStarted() | CheckRecorded(outcome="unchecked"):
            return replace(state, pending_trace=(*state.pending_trace, event))
        case (
            CheckRecorded()
            | ApprovalAnswered()
            | RunBegun()
            | TurnTaken()
            | ToolBegun()
            | ToolFinished()
            | MessageGiven()
            | ArtifactSaved()
            | Noticed()
            | RunParked()
            | RunEnded()
        ):
            return state
        case StepReached():
            return _moved(state, _reached(state, event, "step"), "running")
        case AttemptBlocked():
            node = replace(
                _reached(state, event, "blocked"),
                blockers=event.blockers,
                notes=event.notes,
                artifacts=event.artifacts,
            )
            return _moved(state, node, "blocked")
        case ApprovalAsked():
            node = replace(
                _reached(state, event, "waiting"),
                notes=event.notes,
                artifacts=event.artifacts,
                ask=event.ask,
            )
            return _moved(state, node, "waiting")
        case CheckpointTaken():
            return _beside(state, event)
        case RunCompleted():
            return _moved(state, _reached(state, event, "end"), "completed")
        case _:
            assert_never(event)


def apply_delta(context: JsonObject, delta: JsonObject) -> JsonObject:
    """A context after a shallow change; a null deletes its key."""
    merged = {**context, **delta}
    return {key: value for key, value in merged.items() if value is not None}


def _continued(event: Event) -> NodeId | None:
    match event:
        case (
            StepReached() | AttemptBlocked() | ApprovalAsked() | CheckpointTaken() | RunCompleted()
        ):
            return event.parent
        case _:
            return None


def _reached(
    state: SessionState,
    event: StepReached | AttemptBlocked | ApprovalAsked | RunCompleted,
    kind: NodeKind,
) -> Node:
    ended = isinstance(event, RunCompleted)
    return Node(
        node_id=event.node,
        parent=event.parent,
        kind=kind,
        step_id=None if ended else event.step_id,
        iteration=None if ended else event.iteration,
        position=event.position,
        context_ref=event.context_ref,
        trace=state.pending_trace,
    )


def _moved(state: SessionState, node: Node, status: Status) -> SessionState:
    nodes = {**state.nodes, node.node_id: node}
    parent = nodes.get(node.parent) if node.parent is not None else None
    if parent is not None:
        nodes[parent.node_id] = replace(parent, children=parent.children + 1)
    return replace(
        state,
        nodes=nodes,
        tip=node.node_id,
        last_node=max(state.last_node, node.node_id),
        status=status,
        pending_trace=(),
    )


def _beside(state: SessionState, event: CheckpointTaken) -> SessionState:
    beside = state.nodes[event.parent]
    node = Node(
        node_id=event.node,
        parent=event.parent,
        kind="checkpoint",
        step_id=beside.step_id,
        iteration=beside.iteration,
        position=beside.position,
        context_ref=event.context_ref,
        notes=event.notes,
    )
    return replace(
        state,
        nodes={**state.nodes, node.node_id: node},
        last_node=max(state.last_node, node.node_id),
    )
