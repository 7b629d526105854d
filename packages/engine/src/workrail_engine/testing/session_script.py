"""Sessions made by hand: whole, consistent changes without a workflow or an engine."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from workrail_engine.canonical import JsonObject, JsonValue, canonical_bytes, digest, digest_bytes
from workrail_engine.ids import (
    Digest,
    Handle,
    NodeId,
    SessionId,
    StepId,
    WorkflowHash,
    WorkflowId,
    session_id_from,
)
from workrail_engine.outcomes import Blocker, BlockerCode
from workrail_engine.ports import Attempt, AttemptUse, Change, NewBlob, SubmittedArtifact
from workrail_engine.session.checking import CHECK_OUTPUT, DIFF
from workrail_engine.session.events import (
    ApprovalAnswered,
    ApprovalAsked,
    ArtifactRef,
    Ask,
    AttemptBlocked,
    BranchStarted,
    CheckpointTaken,
    CheckRecorded,
    Event,
    Position,
    RunCompleted,
    SessionStarted,
    StepCompleted,
    StepReached,
    Tried,
    Verdict,
    Workspace,
    artifacts_of,
)
from workrail_engine.session.state import Node, SessionState, apply_delta, fold
from workrail_engine.testing.world import MORNING
from workrail_engine.workflow.checks import CheckOutcome, Counts

PINNED = canonical_bytes(
    {"schemaVersion": 1, "workflow": {"id": "test.linear", "name": "Linear"}, "bindings": {}}
)
PINNED_HASH = WorkflowHash(digest_bytes(PINNED))
NOTHING_SENT = BlockerCode.MISSING_NOTES
TREE = "git:4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""The files every scripted check speaks of."""


@dataclass(frozen=True)
class Sent:
    """What a scripted agent sends with a step."""

    notes: str | None = "Looked, found, fixed."
    artifacts: tuple[JsonObject, ...] = ()
    context: JsonObject = field(default_factory=dict[str, JsonValue])
    checks: tuple[JsonObject, ...] = ()
    """What checks of it said, one of each; not sent by the agent."""

    def digest(self) -> Digest:
        """What identifies it."""
        sent: JsonObject = {"notes": self.notes, "artifacts": self.artifacts, **self.context}
        return Digest(digest(sent))

    def refs(self) -> tuple[ArtifactRef, ...]:
        """Its artifacts as events name them."""
        return tuple(_ref(artifact, str(artifact["kind"])) for artifact in self.artifacts)


class SessionScript:
    """One session, told change by change. Each method returns the next change to commit.

    Time moves on by a minute a change. Node and step numbers follow the order of the calls.
    """

    def __init__(
        self,
        name: str = "one",
        goal: str = "Find out why the upload fails",
        workspace: Workspace | None = None,
        parent: SessionId | None = None,
        began: datetime = MORNING,
    ) -> None:
        self.session_id = session_id_from(f"{name:.16}".ljust(16, "-").encode())
        self.state = SessionState()
        self.events: tuple[Event, ...] = ()
        self.at = began
        self.context: dict[NodeId, JsonObject] = {}
        self._name = name
        self._uses: dict[NodeId, int] = {}
        self._started = SessionStarted(
            session_id=self.session_id,
            workflow_id=WorkflowId("test.linear"),
            workflow_hash=PINNED_HASH,
            goal=goal,
            origin="mcp",
            workspace=workspace or Workspace(path="/home/ada/shop", repository="/home/ada/shop"),
            parent_session_id=parent,
            context={"goal": goal},
        )

    def handle(self, node: int, use: int = 0) -> Handle:
        """The handle of a node's attempt; each time one is used, the node gets a spare."""
        return Handle(b"\x00\x01" + digest(f"{self._name}:{node}:{use}").encode()[-10:])

    def start(self) -> Change:
        """The session begins and its first step is pending."""
        reached = self._reached(1, None, self._started.context, Position(0, at=0))
        return self._change((self._started, reached), self._started.context, Sent(), None)

    def complete(self, sent: Sent | None = None, *, node: int | None = None) -> Change:
        """The pending step of a node (the tip unless told) is completed; the next is pending."""
        sent = sent or Sent()
        here = self._node(node)
        context = apply_delta(self.context[here], sent.context)
        done = self.state.nodes[here].position.completed + 1
        reached = self._reached(
            self._next(), here, context, Position(frontier=done, at=done, completed=done)
        )
        events = (*_checked(self.state.nodes[here], sent, "passed"), self._completed(here, sent))
        return self._change((*events, *self._fork(here), reached), context, sent, here)

    def finish(self, sent: Sent | None = None) -> Change:
        """The tip's step is completed, and it was the last."""
        sent = sent or Sent()
        here = self._node(None)
        context = apply_delta(self.context[here], sent.context)
        done = self.state.nodes[here].position.completed + 1
        ended = RunCompleted(
            node=NodeId(self._next()),
            parent=here,
            position=Position(frontier=done, completed=done),
            context_ref=Digest(digest(context)),
            skipped=(),
        )
        events = (*_checked(self.state.nodes[here], sent, "passed"), self._completed(here, sent))
        return self._change((*events, ended), context, sent, here)

    def block(self, sent: Sent | None = None) -> Change:
        """The attempt at the tip's step is not accepted."""
        sent = sent or Sent(notes=None)
        here = self._node(None)
        context = apply_delta(self.context[here], sent.context)
        node = self.state.nodes[here]
        blocked = AttemptBlocked(
            node=NodeId(self._next()),
            parent=here,
            blockers=(Blocker(NOTHING_SENT, "notes", "No notes were sent.", "Send notes."),),
            position=node.position,
            context_ref=Digest(digest(context)),
            **self._tried(here, sent),
        )
        return self._change((*_checked(node, sent, "failed"), blocked), context, sent, here)

    def wait(self, sent: Sent | None = None, diff: JsonObject | None = None) -> Change:
        """The attempt at the tip's step waits for a person; at a waiting tip it replaces that one."""
        sent = sent or Sent()
        here = self._node(None)
        context = apply_delta(self.context[here], sent.context)
        node = self.state.nodes[here]
        shown = None if diff is None else _ref(diff, DIFF)
        tree = None if diff is None else TREE
        asked = ApprovalAsked(
            node=NodeId(self._next()),
            parent=here,
            ask=Ask("human_approval", "Ship it?", None, sent.digest(), tree, shown),
            position=node.position,
            context_ref=Digest(digest(context)),
            **self._tried(here, sent),
        )
        kept = () if diff is None else (diff,)
        events = (*_checked(node, sent, "passed"), asked)
        return self._change(events, context, sent, here, kept)

    def approve(self, note: str | None = None) -> Change:
        """A person approves what waits at the tip; its step is completed with what was kept."""
        here, kept = self._node(None), self._kept()
        done = self.state.nodes[here].position.completed + 1
        position = Position(frontier=done, at=done, completed=done)
        reached = self._reached(self._next(), here, self.context[here], position)
        completed = replace(self._completed(here, kept), artifacts=self.state.nodes[here].artifacts)
        events = (self._answered("approved", note), completed, reached)
        return self._change(events, self.context[here], kept, here)

    def reject(self, note: str | None = None) -> Change:
        """A person rejects what waits at the tip; the attempt is blocked and keeps what it held."""
        here, kept = self._node(None), self._kept()
        node = self.state.nodes[here]
        rejected = Blocker(BlockerCode.APPROVAL_REJECTED, "approval", note or "No.", "Mend it.")
        blocked = AttemptBlocked(
            node=NodeId(self._next()),
            parent=here,
            blockers=(rejected,),
            position=node.position,
            context_ref=node.context_ref,
            **self._tried(here, kept),
        )
        events = (self._answered("rejected", note), replace(blocked, artifacts=node.artifacts))
        return self._change(events, self.context[here], kept, here)

    def checkpoint(self, notes: str = "Half way.") -> Change:
        """A checkpoint is taken beside the tip."""
        here = self._node(None)
        sent = Sent(notes=notes)
        taken = CheckpointTaken(
            node=NodeId(self._next()),
            parent=here,
            payload_digest=sent.digest(),
            notes=notes,
            context_delta={},
            context_ref=Digest(digest(self.context[here])),
        )
        return self._change((taken,), self.context[here], sent, None)

    def _change(
        self,
        events: tuple[Event, ...],
        context: JsonObject,
        sent: Sent,
        used: NodeId | None,
        shown: tuple[JsonObject, ...] = (),
    ) -> Change:
        before = len(self.events)
        self.events += events
        self.state = fold(events, self.state)
        self.at += timedelta(minutes=1)
        reached = self.state.nodes[self.state.last_node]
        self.context[reached.node_id] = context
        outcome = AttemptUse(sent.digest(), reached.node_id)
        ended = reached.kind == "end"
        attempts = [] if ended else [self._attempt(reached.node_id)]
        use = None if used is None else (self._pending(used), outcome)
        if used is not None:
            self._uses[used] = self._uses.get(used, 0) + 1
            attempts.append(self._attempt(used))
        return Change(
            session_id=self.session_id,
            expected_events=before,
            at=self.at,
            events=events,
            nodes=(reached,),
            attempts=attempts,
            used=use,
            blobs=(
                NewBlob(Digest(digest(context)), canonical_bytes(context)),
                *(
                    NewBlob(Digest(digest(content)), canonical_bytes(content))
                    for content in (*sent.artifacts, *sent.checks, *shown)
                ),
            ),
            artifacts=_submitted(events),
            status=self.state.status,
            tip=self.state.tip or reached.node_id,
            node_title=None if ended else f"Step {reached.position.completed + 1}",
            step_title=None if ended else f"Step {reached.position.completed + 1}",
            steps_completed=reached.position.completed,
        )

    def _kept(self) -> Sent:
        """What an answer stands for: what the waiting tip holds, and nothing new."""
        return Sent(notes=self.state.nodes[self._node(None)].notes)

    def _answered(self, verdict: Verdict, note: str | None) -> ApprovalAnswered:
        here = self._node(None)
        ask = self.state.nodes[here].ask
        if ask is None:
            message = f"Node {here} waits for nothing."
            raise ValueError(message)
        return ApprovalAnswered(here, verdict, ask.shown, "ada", "terminal", note)

    def _pending(self, node: NodeId) -> Handle:
        return self.handle(node, self._uses.get(node, 0))

    def _attempt(self, node: NodeId) -> Attempt:
        return Attempt(self._pending(node), self.session_id, node)

    def _node(self, node: int | None) -> NodeId:
        return NodeId(node) if node is not None else self.state.tip or NodeId(1)

    def _next(self) -> int:
        return self.state.last_node + 1

    def _fork(self, here: NodeId) -> tuple[BranchStarted, ...]:
        return (BranchStarted(here),) if self.state.nodes[here].children else ()

    def _completed(self, here: NodeId, sent: Sent) -> StepCompleted:
        return StepCompleted(node=here, **self._tried(here, sent))

    def _tried(self, here: NodeId, sent: Sent) -> Tried:
        node = self.state.nodes[here]
        return Tried(
            attempt=self._pending(here).hex(),
            payload_digest=sent.digest(),
            step_id=node.step_id or StepId(""),
            iteration=node.iteration,
            notes=sent.notes,
            artifacts=sent.refs(),
            context_delta=sent.context,
        )

    @staticmethod
    def _reached(
        node: int, parent: NodeId | None, context: JsonObject, position: Position
    ) -> StepReached:
        return StepReached(
            node=NodeId(node),
            parent=parent,
            step_id=StepId(f"step-{position.completed + 1}"),
            iteration=None,
            position=position,
            context_ref=Digest(digest(context)),
        )


def _ref(content: JsonObject, kind: str) -> ArtifactRef:
    return ArtifactRef(Digest(digest(content)), kind, len(canonical_bytes(content)))


def _checked(node: Node, sent: Sent, outcome: CheckOutcome) -> tuple[CheckRecorded, ...]:
    passed = outcome == "passed"
    return tuple(
        CheckRecorded(
            node=node.node_id,
            step_id=node.step_id or StepId(""),
            check_id=f"check-{number}",
            kind="command",
            outcome=outcome,
            summary=f"Check {number} {outcome}.",
            problems=() if passed else ("test_upload broke",),
            tree=TREE,
            reused=False,
            argv=("pytest", "-q"),
            exit_code=0 if passed else 1,
            counts=Counts(passed=2, failed=0 if passed else 1, skipped=0),
            output=_ref(output, CHECK_OUTPUT),
        )
        for number, output in enumerate(sent.checks, start=1)
    )


def _submitted(events: Sequence[Event]) -> tuple[SubmittedArtifact, ...]:
    rows: list[SubmittedArtifact] = []
    for event in events:
        match event:
            case StepCompleted() | CheckRecorded():
                accepted = True
            case AttemptBlocked() | ApprovalAsked():
                accepted = False
            case _:
                continue
        node = event.node
        rows += [
            SubmittedArtifact(ref, node, f"step-{node}", accepted) for ref in artifacts_of(event)
        ]
    return tuple(rows)
