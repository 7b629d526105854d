"""How is a command carried out? Read, decide, write, answer.

Decisions are taken without holding a lock and written in one transaction that refuses to overwrite:
if someone else moved the session in between, the store raises `ConflictError`, nothing is kept, and
the caller decides again from what is there now.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias, cast

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import Digest, Handle, NodeId, WorkflowHash
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Candidate,
    Checkpointed,
    Preamble,
    Recorded,
    ReferenceView,
    StartOutcome,
)
from workrail_engine.ports import (
    AttemptUse,
    Change,
    Clock,
    Entropy,
    SessionHead,
    SessionStore,
    Standing,
)
from workrail_engine.projections.resume_ranking import RankedSession
from workrail_engine.session import tokens
from workrail_engine.session.answer import Scene, answer, arrival, pending_title, preamble
from workrail_engine.session.commands import Advance, Checkpoint, Start, Submission
from workrail_engine.session.decide import Decision, decide
from workrail_engine.session.events import SessionStarted
from workrail_engine.session.recap import RECAP_BUDGET, recap
from workrail_engine.session.state import Node, SessionState, fold
from workrail_engine.session.tokens import Token, TokenKind
from workrail_engine.store.change import Write, change_of
from workrail_engine.workflow.compile import compile_pinned
from workrail_engine.workflow.compiled import CompiledWorkflow
from workrail_engine.workflow.prepared import PreparedWorkflow

FindReferences: TypeAlias = Callable[[CompiledWorkflow, str | None], tuple[ReferenceView, ...]]
"""Where a workflow's documents lie, given the workspace path."""


class Runner:
    """Carries out commands on one store. Safe to use from several threads."""

    def __init__(
        self, store: SessionStore, clock: Clock, entropy: Entropy, references: FindReferences
    ) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._references = references
        self._workflow = lru_cache(maxsize=64)(self._load_workflow)
        self._context = lru_cache(maxsize=32)(self._load_context)
        self._key = lru_cache(maxsize=1)(store.token_key)

    def read_token(self, text: str) -> Token:
        """The token a text stands for.

        Raises:
            InvalidTokenError: it is not a token of this store.
        """
        key = self._key()
        return tokens.read(text, key.secret, key.store_tag)

    def mint(self, kind: TokenKind, handle: Handle) -> str:
        """The text of a token."""
        return tokens.mint(kind, handle, self._key().secret)

    def standing(self, token: Token) -> Standing:
        """Where a token's attempt stands.

        Raises:
            InvalidTokenError: its session is gone.
        """
        found = self._store.standing(token.handle)
        if found is None:
            raise tokens.unknown()
        return found

    def start(self, started: SessionStarted, prepared: PreparedWorkflow) -> StartOutcome:
        """Pin a workflow and begin a session of it, at its first step that applies."""
        workflow = prepared.compiled
        decision = decide(SessionState(), Start(started), workflow, started.context)
        handle = tokens.first_handle(self._entropy.bytes(10), self._key().store_tag)
        state = fold(decision.events)
        node = state.nodes[NodeId(1)]
        scene = Scene(
            session_id=started.session_id,
            workflow=workflow,
            node=node,
            context=decision.context,
            token=self.mint(TokenKind.CONTINUE, handle),
            preamble=self._preamble(workflow, started.goal, started.workspace.path),
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
        self._store.commit(change_of(write))
        return outcome

    def advance(self, standing: Standing, submission: Submission) -> AdvanceOutcome:
        """Complete a standing's pending step, or record why it cannot be completed yet.

        Raises:
            ConflictError: the session moved meanwhile; nothing was written.
        """
        node, handle = standing.node, standing.attempt.handle
        workflow = self._workflow(standing.head.workflow_hash)
        command = Advance(node.node_id, handle, submission, self._kept(node))
        decision, state = self._decided(standing, command, workflow)
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
            payload=AttemptUse(submission.digest(), reached.node_id),
            node_title=title,
            step_title=title,
        )
        self._store.commit(change_of(write))
        return answer(
            Scene(
                session_id=standing.head.session_id,
                workflow=workflow,
                node=reached,
                context=decision.context,
                token=self.mint(TokenKind.CONTINUE, following),
            )
        )

    def candidate(self, ranked: RankedSession) -> Candidate:
        """A session that may be meant, with a token that brings back where it stands."""
        summary = ranked.summary
        head = self._store.head(summary.session_id)
        attempt = self._store.open_attempt(head.session_id, head.tip)
        if attempt is None:
            message = f"Session {head.session_id} has no attempt at node {head.tip} to return to."
            raise CorruptSessionError(message)
        return Candidate(
            session_id=summary.session_id,
            workflow_id=summary.workflow_id,
            workflow_name=summary.workflow_name,
            goal=summary.goal,
            status=summary.status,
            step_title=summary.step_title,
            updated_at=summary.updated_at,
            branch=summary.branch,
            repository=summary.repository,
            snippet=ranked.snippet,
            why=ranked.why,
            token=self.mint(TokenKind.RESUME, attempt.handle),
        )

    def recorded_answer(
        self, standing: Standing, use: AttemptUse, submission: Submission
    ) -> AdvanceOutcome:
        """What a used attempt came to, and whether the same thing was sent again."""
        node = self._store.node(standing.head.session_id, use.outcome_node)
        same = use.payload_digest == submission.digest()
        return answer(
            Scene(
                session_id=standing.head.session_id,
                workflow=self._workflow(standing.head.workflow_hash),
                node=node,
                context=self._context(node.context_ref),
                token=self.mint(TokenKind.CONTINUE, tokens.next_handle(standing.attempt.handle)),
                recorded=Recorded.BEFORE if same else Recorded.BEFORE_DIFFERENT,
            )
        )

    def latest_attempt(self, standing: Standing) -> Node:
        """The node a returning agent means: past blocked attempts, the newest of them."""
        session_id, node, attempt = standing.head.session_id, standing.node, standing.attempt
        while attempt.used is not None:
            outcome = self._store.node(session_id, attempt.used.outcome_node)
            following = self._store.standing(tokens.next_handle(attempt.handle))
            if outcome.kind != "blocked" or following is None:
                break
            node, attempt = outcome, following.attempt
        return node

    def come_back(self, head: SessionHead, node: Node) -> AdvanceOutcome:
        """A node as a returning agent sees it: the step, the workflow's guidance, the story."""
        workflow = self._workflow(head.workflow_hash)
        context = self._context(node.context_ref)
        trail = self._store.notes_before(head.session_id, node.node_id, RECAP_BUDGET)
        notes = [(note.step_id, note.iteration, note.notes) for note in trail.notes]
        if node.kind == "checkpoint" and node.notes:
            notes = [("checkpoint", None, node.notes), *notes]
        beside = node.kind == "checkpoint" and node.parent == head.tip
        attempt = self._store.open_attempt(head.session_id, node.node_id)
        return answer(
            Scene(
                session_id=head.session_id,
                workflow=workflow,
                node=node,
                context=context,
                token=None if attempt is None else self.mint(TokenKind.CONTINUE, attempt.handle),
                preamble=self._preamble(workflow, head.goal, head.workspace_path),
                recap=recap(
                    notes, trail.omitted, context, newest=beside or node.node_id == head.tip
                ),
            )
        )

    def checkpoint(self, standing: Standing, submission: Submission) -> Checkpointed:
        """Record where a standing's node stands; the same payload gives the same checkpoint.

        Raises:
            ConflictError: the session moved meanwhile; nothing was written.
        """
        handle = tokens.checkpoint_handle(standing.attempt.handle, submission.digest())
        before = self._store.standing(handle) is not None
        workflow = self._workflow(standing.head.workflow_hash)
        title = self._title(workflow, standing.node)
        if not before:
            self._store.commit(self._checkpoint(standing, submission, handle, workflow))
        open_attempt = self._store.open_attempt(standing.head.session_id, standing.node.node_id)
        return Checkpointed(
            session_id=standing.head.session_id,
            checkpoint_token=self.mint(TokenKind.CHECKPOINT, handle),
            step_token=self.mint(
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

    def _title(self, workflow: CompiledWorkflow, node: Node) -> str | None:
        return pending_title(workflow, node, self._context(node.context_ref))

    def _decided(
        self, standing: Standing, command: Advance | Checkpoint, workflow: CompiledWorkflow
    ) -> tuple[Decision, SessionState]:
        """What a command comes to, and the state after it, from just the node it is about."""
        state = SessionState(
            nodes={standing.node.node_id: standing.node},
            tip=standing.head.tip,
            last_node=standing.head.last_node,
            status=standing.head.status,
        )
        context = self._context(standing.node.context_ref)
        decision = decide(state, command, workflow, context)
        return decision, fold(decision.events, state)

    def _kept(self, node: Node) -> tuple[JsonObject, ...]:
        if not node.artifacts:
            return ()
        digests = [ref.digest for ref in node.artifacts]
        contents = self._store.blobs(digests)
        return tuple(_parsed(contents, digest) for digest in digests)

    def _preamble(self, workflow: CompiledWorkflow, goal: str, workspace: str | None) -> Preamble:
        return preamble(workflow, goal, self._references(workflow, workspace))

    def _load_workflow(self, workflow_hash: WorkflowHash) -> CompiledWorkflow:
        document = self._store.pinned(workflow_hash)
        if document is None:
            message = (
                f"The pinned workflow {workflow_hash} is missing from the store, so the sessions that "
                "run it cannot go on. Restore the store from a backup."
            )
            raise CorruptSessionError(message)
        return compile_pinned(document)

    def _load_context(self, digest: Digest) -> JsonObject:
        return _parsed(self._store.blobs([digest]), digest)


def _parsed(contents: dict[Digest, bytes], digest: Digest) -> JsonObject:
    if digest not in contents:
        message = (
            f"The content {digest} is missing from the store. Run `workrail session verify` on the "
            "session to see what else is."
        )
        raise CorruptSessionError(message)
    return cast("JsonObject", json.loads(contents[digest]))
