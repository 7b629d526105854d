"""How is a command carried out? Read, decide, write, answer.

Decisions are taken without holding a lock and written in one transaction that refuses to overwrite:
if someone else moved the session in between, the store raises `ConflictError`, nothing is kept, and
the caller decides again from what is there now.
"""

from dataclasses import dataclass, replace

from workrail_engine.examining import Examiner, Told
from workrail_engine.ids import Digest, Handle, NodeId, SessionId, session_id_from
from workrail_engine.material import Material
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Checkpointed,
    Recorded,
    StartOutcome,
)
from workrail_engine.ports import (
    AttemptUse,
    Change,
    CheckRunner,
    Clock,
    Entropy,
    SessionStore,
    SnapshotKeeper,
    Standing,
)
from workrail_engine.returning import Names, Returning
from workrail_engine.sealing import Sealer
from workrail_engine.session import tokens
from workrail_engine.session.answer import Scene, answer, arrival, pending_title
from workrail_engine.session.attempts import wanted
from workrail_engine.session.commands import (
    NOTHING,
    Advance,
    Answer,
    Answered,
    Checkpoint,
    Start,
    Submission,
)
from workrail_engine.session.decide import Decision, decide
from workrail_engine.session.events import Ask, SessionStarted
from workrail_engine.session.lease import Lease
from workrail_engine.session.state import Node, SessionState, fold
from workrail_engine.session.tokens import TokenKind
from workrail_engine.store.change import Write, change_of
from workrail_engine.workflow.compiled import CompiledWorkflow
from workrail_engine.workflow.prepared import PreparedWorkflow


@dataclass(frozen=True)
class Surroundings:
    """What commands need of the world besides the store."""

    clock: Clock
    entropy: Entropy
    checks: CheckRunner
    sealer: Sealer
    snapshots: SnapshotKeeper


class Runner:
    """Carries out commands on one store. Safe to use from several threads."""

    def __init__(
        self, store: SessionStore, material: Material, returning: Returning, around: Surroundings
    ) -> None:
        self._store = store
        self._material = material
        self._clock = around.clock
        self._entropy = around.entropy
        self._returning = returning
        self._examiner = Examiner(material, around.checks)
        self._sealed = around.sealer.sealed
        self._snapshots = around.snapshots

    def names(self, call: Digest | None) -> Names:
        """Names for a new session: always the same for a call that has a digest, else new ones."""
        key = self._material.key()
        if call is None:
            chance, first = self._entropy.bytes(16), self._entropy.bytes(10)
        else:
            seed = tokens.seed_of_call(call, key.secret)
            chance, first = seed[:16], seed[16:]
        return Names(session_id_from(chance), tokens.first_handle(first, key.store_tag))

    def start(
        self, started: SessionStarted, prepared: PreparedWorkflow, handle: Handle
    ) -> StartOutcome:
        """Pin a workflow and begin a session of it, at its first step that applies.

        Raises:
            ConflictError: a session of this id is there already; nothing was written.
        """
        workflow = prepared.compiled
        decision = decide(SessionState(), Start(started), workflow, started.context)
        state = fold(decision.events)
        node = state.nodes[NodeId(1)]
        scene = Scene(
            session_id=started.session_id,
            workflow=workflow,
            node=node,
            context=decision.context,
            token=self._material.mint(TokenKind.CONTINUE, handle),
            preamble=self._returning.preamble(workflow, started.goal, started.workspace.path),
        )
        outcome = arrival(scene)
        title = pending_title(workflow, node, decision.context)
        write = Write(
            session_id=started.session_id,
            expected_events=0,
            at=self._clock.now(),
            decision=decision,
            after=state,
            reached=node,
            handles=((handle, node.node_id),),
            node_title=title,
            step_title=title,
            document=prepared.document,
        )
        self._record(self._sealed(change_of(write), None, None), started.workspace.path)
        return outcome

    def advance(
        self,
        standing: Standing,
        submission: Submission,
        told: Told,
        lease: Lease | None = None,
    ) -> AdvanceOutcome:
        """Complete a standing's pending step, or record why it cannot be completed yet.

        Raises:
            ConflictError: the session moved meanwhile; nothing was written.
            LeaseLostError: another driver holds the session's lease; nothing was written.
        """
        node, handle = standing.node, standing.attempt.handle
        command = Advance(node.node_id, handle, submission, self._material.kept(node))
        workflow = self._material.workflow(standing.head.workflow_hash)
        context = self._material.context(node.context_ref)
        needed = wanted(_state(standing), command, workflow, context)
        if needed is not None:
            found = self._examiner.look(standing.head.session_id, node.position, needed, told)
            command = replace(command, checks=found.results, change=found.change)
            # What others noted while the checks ran is no reason to run them again.
            standing = replace(standing, head=self._store.head(standing.head.session_id))
        return self._moved(standing, command, submission.digest(), lease)

    def answer(self, standing: Standing, given: Answered) -> AdvanceOutcome:
        """Carry out what an approver decided about a standing's waiting node.

        Raises:
            StaleApprovalError: the node does not wait for this answer.
            ConflictError: the session moved meanwhile; nothing was written.
        """
        node, handle = standing.node, standing.attempt.handle
        tree = None if node.ask is None else self.tree_shown(standing.head.session_id, node.ask)
        command = Answer(node.node_id, handle, given, self._material.kept(node), tree)
        return self._moved(standing, command, NOTHING.digest())

    def waits_unchanged(self, standing: Standing) -> bool:
        """Whether a standing waits for approval of the files as they are."""
        asked = standing.node.ask
        return asked is not None and (
            asked.tree is None or asked.tree == self._examiner.tree(standing.head.session_id)
        )

    def tree_shown(self, session_id: SessionId, asked: Ask) -> str | None:
        """The files as they are now, where an approver is shown what changed."""
        return None if asked.tree is None else self._examiner.tree(session_id)

    def _moved(
        self,
        standing: Standing,
        command: Advance | Answer,
        payload: Digest,
        lease: Lease | None = None,
    ) -> AdvanceOutcome:
        """Write what uses up a standing's attempt, and answer with where it led."""
        node, handle = standing.node, standing.attempt.handle
        workflow = self._material.workflow(standing.head.workflow_hash)
        decision, state = self._decided(standing, command, workflow)
        if node.ask is not None and _same_ask(
            state.nodes[NodeId(standing.head.last_node + 1)], node
        ):
            return self._returning.still_waiting(standing)
        reached = state.nodes[NodeId(standing.head.last_node + 1)]
        title = pending_title(workflow, reached, decision.context)
        following = tokens.next_handle(handle)
        spare = (tokens.spare_handle(handle), node.node_id)
        write = Write(
            session_id=standing.head.session_id,
            expected_events=standing.head.event_count,
            at=self._clock.now(),
            decision=decision,
            after=state,
            reached=reached,
            handles=((following, reached.node_id), spare),
            used=handle,
            payload=AttemptUse(payload, reached.node_id),
            node_title=title,
            step_title=title,
        )
        change = replace(change_of(write), lease=lease)
        self._record(self._sealed(change, standing.head, node), standing.head.workspace_path)
        return answer(
            Scene(
                session_id=standing.head.session_id,
                workflow=workflow,
                node=reached,
                context=decision.context,
                token=self._material.mint(TokenKind.CONTINUE, following),
            )
        )

    def checkpoint(self, standing: Standing, submission: Submission) -> Checkpointed:
        """Record where a standing's node stands; the same payload gives the same checkpoint.

        Raises:
            ConflictError: the session moved meanwhile; nothing was written.
        """
        handle = tokens.checkpoint_handle(standing.attempt.handle, submission.digest())
        before = self._store.standing(handle) is not None
        workflow = self._material.workflow(standing.head.workflow_hash)
        title = self._title(workflow, standing.node)
        if not before:
            taken = self._checkpoint(standing, submission, handle, workflow)
            self._record(taken, standing.head.workspace_path)
        open_attempt = self._store.open_attempt(standing.head.session_id, standing.node.node_id)
        return Checkpointed(
            session_id=standing.head.session_id,
            checkpoint_token=self._material.mint(TokenKind.CHECKPOINT, handle),
            step_token=self._material.mint(
                TokenKind.CONTINUE, open_attempt.handle if open_attempt else standing.attempt.handle
            ),
            step_title=title or "",
            recorded=Recorded.BEFORE if before else Recorded.NOW,
        )

    def _checkpoint(
        self, standing: Standing, submission: Submission, handle: Handle, workflow: CompiledWorkflow
    ) -> Change:
        """What a checkpoint writes; where the session stands does not change by it."""
        head = standing.head
        command = Checkpoint(standing.node.node_id, submission)
        decision, state = self._decided(standing, command, workflow)
        taken = state.nodes[NodeId(head.last_node + 1)]
        at_tip = standing.node.node_id == head.tip
        tip = standing.node if at_tip else self._store.node(head.session_id, head.tip)
        write = Write(
            session_id=head.session_id,
            expected_events=head.event_count,
            at=self._clock.now(),
            decision=decision,
            after=replace(state, nodes={**state.nodes, tip.node_id: tip}),
            reached=taken,
            handles=((handle, taken.node_id),),
            node_title=self._title(workflow, standing.node),
            step_title=self._title(workflow, tip),
        )
        return change_of(write)

    def _record(self, change: Change, workspace: str | None) -> None:
        """Write a change, and have the files kept as they are where a step begins or stands.

        An attempt that is blocked or waits is on its way between two steps.
        """
        self._store.commit(change)
        for node in change.nodes:
            if not node.holds_attempt:
                self._snapshots.stands_at(change.session_id, node.node_id, workspace)

    def _title(self, workflow: CompiledWorkflow, node: Node) -> str | None:
        return pending_title(workflow, node, self._material.context(node.context_ref))

    def _decided(
        self, standing: Standing, command: Advance | Answer | Checkpoint, workflow: CompiledWorkflow
    ) -> tuple[Decision, SessionState]:
        """What a command comes to, and the state after it, from just the node it is about."""
        state = _state(standing)
        context = self._material.context(standing.node.context_ref)
        decision = decide(state, command, workflow, context)
        return decision, fold(decision.events, state)


def _state(standing: Standing) -> SessionState:
    """As much of a session's state as deciding about a standing's node takes."""
    return SessionState(
        nodes={standing.node.node_id: standing.node},
        tip=standing.head.tip,
        last_node=standing.head.last_node,
        status=standing.head.status,
    )


def _same_ask(reached: Node, waiting: Node) -> bool:
    """Whether what was sent again is just what waits already."""
    return reached.ask is not None and reached.ask == waiting.ask
