"""What is said again of what is recorded? Nothing here writes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from workrail_engine.errors import CorruptSessionError, SessionNotFoundError
from workrail_engine.ids import Handle, NodeId, SessionId
from workrail_engine.material import Material
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Candidate,
    Preamble,
    Recorded,
    ReferenceView,
    StartOutcome,
)
from workrail_engine.ports import AttemptUse, SessionHead, SessionStore, Standing
from workrail_engine.projections.resume_ranking import RankedSession
from workrail_engine.projections.runs import Place
from workrail_engine.session import tokens
from workrail_engine.session.answer import Scene, answer, arrival, preamble
from workrail_engine.session.commands import Submission
from workrail_engine.session.recap import RECAP_BUDGET, recap
from workrail_engine.session.state import Node
from workrail_engine.session.tokens import TokenKind
from workrail_engine.workflow.compiled import CompiledWorkflow

FindReferences: TypeAlias = Callable[[CompiledWorkflow, str | None], tuple[ReferenceView, ...]]
"""Where a workflow's documents lie, given the workspace path."""


@dataclass(frozen=True)
class Names:
    """What a new session and its first attempt are called."""

    session_id: SessionId
    handle: Handle


class Returning:
    """Answers from the record of one store. Safe to use from several threads."""

    def __init__(self, store: SessionStore, material: Material, references: FindReferences) -> None:
        self._store = store
        self._material = material
        self._references = references

    def begun(self, names: Names) -> StartOutcome | None:
        """The recorded start of a session; None when no session has these names."""
        try:
            head = self._store.head(names.session_id)
        except SessionNotFoundError:
            return None
        workflow = self._material.workflow(head.workflow_hash)
        node = self._store.node(head.session_id, NodeId(1))
        return arrival(
            Scene(
                session_id=head.session_id,
                workflow=workflow,
                node=node,
                context=self._material.context(node.context_ref),
                token=self._material.mint(TokenKind.CONTINUE, names.handle),
                recorded=Recorded.BEFORE,
                preamble=self.preamble(workflow, head.goal, head.workspace_path),
            )
        )

    def still_waiting(self, standing: Standing) -> AdvanceOutcome:
        """What is said again of a standing's waiting node; nothing is written."""
        head, node = standing.head, standing.node
        return answer(
            Scene(
                session_id=head.session_id,
                workflow=self._material.workflow(head.workflow_hash),
                node=node,
                context=self._material.context(node.context_ref),
                token=self._material.mint(TokenKind.CONTINUE, standing.attempt.handle),
                recorded=Recorded.BEFORE,
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
            token=self._material.mint(TokenKind.RESUME, attempt.handle),
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
                workflow=self._material.workflow(standing.head.workflow_hash),
                node=node,
                context=self._material.context(node.context_ref),
                token=self._material.mint(
                    TokenKind.CONTINUE, tokens.next_handle(standing.attempt.handle)
                ),
                recorded=Recorded.BEFORE if same else Recorded.BEFORE_DIFFERENT,
            )
        )

    def latest_attempt(self, standing: Standing) -> Node:
        """The node a returning agent means: past its blocked attempts and what waited."""
        session_id, node, attempt = standing.head.session_id, standing.node, standing.attempt
        while attempt.used is not None:
            outcome = self._store.node(session_id, attempt.used.outcome_node)
            following = self._store.standing(tokens.next_handle(attempt.handle))
            if following is None or not (outcome.holds_attempt or node.kind == "waiting"):
                break
            node, attempt = outcome, following.attempt
        return node

    def come_back(self, head: SessionHead, node: Node) -> AdvanceOutcome:
        """A node as a returning agent sees it: the step, the workflow's guidance, the story."""
        workflow = self._material.workflow(head.workflow_hash)
        context = self._material.context(node.context_ref)
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
                token=None
                if attempt is None
                else self._material.mint(TokenKind.CONTINUE, attempt.handle),
                preamble=self.preamble(workflow, head.goal, head.workspace_path),
                recap=recap(
                    notes, trail.omitted, context, newest=beside or node.node_id == head.tip
                ),
            )
        )

    def place(self, head: SessionHead, node_id: NodeId | None) -> Place:
        """A node and the token of the attempt that left it, or of the one to go on with.

        Raises:
            CorruptSessionError: the session has no such node, or no attempt there.
        """
        node = self._store.node(head.session_id, head.tip if node_id is None else node_id)
        if node.kind == "end":
            return Place(node.node_id, None)
        used = (
            None
            if node.node_id == head.tip
            else self._store.newest_use(head.session_id, node.node_id)
        )
        attempt = used or self._store.open_attempt(head.session_id, node.node_id)
        if attempt is None:
            message = (
                f"Session {head.session_id} has no attempt at node {node.node_id} to go on with."
            )
            raise CorruptSessionError(message)
        return Place(node.node_id, self._material.mint(TokenKind.CONTINUE, attempt.handle))

    def preamble(self, workflow: CompiledWorkflow, goal: str, workspace: str | None) -> Preamble:
        """What an agent should know of the whole workflow."""
        return preamble(workflow, goal, self._references(workflow, workspace))
