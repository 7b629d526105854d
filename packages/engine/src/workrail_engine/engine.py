"""The door that acts: start a session, advance it, come back to it; list, inspect, check workflows.

Every method answers with a value of `outcomes` or `projections`, or raises a `WorkRailError`. How a
command is carried out is in `runner`.
"""

from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from workrail_engine.approvals import Approvals, PendingApproval
from workrail_engine.checks.local_checks import LocalChecks
from workrail_engine.errors import (
    ArtifactNotFoundError,
    ConflictError,
    CorruptSessionError,
    InvalidSubmissionError,
    StoreDamagedError,
)
from workrail_engine.examining import Told
from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.material import Material
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Candidate,
    Checkpointed,
    Found,
    NothingFound,
    ReferenceView,
    RehydrateOutcome,
    ResumeOutcome,
    StartOutcome,
)
from workrail_engine.ports import CheckRunner, Clock, Entropy, RunCheckCommand, SnapshotKeeper
from workrail_engine.projections.catalog import Catalog, WorkflowOutline
from workrail_engine.projections.driving import Driver
from workrail_engine.projections.repair import Repair
from workrail_engine.projections.resume_ranking import ResumeAsk, rank
from workrail_engine.projections.runs import Place
from workrail_engine.proofs.keys import KeyRing
from workrail_engine.registry.managed_sources import ManagedSources, SourceRequest
from workrail_engine.registry.registry import Registry
from workrail_engine.repairing import repaired
from workrail_engine.requests import (
    ResumeRequest,
    StartRequest,
    asked_in_words,
    call_of,
    check_goal,
)
from workrail_engine.returning import Returning
from workrail_engine.runner import Runner, Surroundings
from workrail_engine.sealing import Sealer
from workrail_engine.session import tokens
from workrail_engine.session.commands import Answered, Submission, check_context, check_submission
from workrail_engine.session.events import SessionStarted
from workrail_engine.session.lease import Lease
from workrail_engine.session.tokens import TokenKind
from workrail_engine.settling import until_settled
from workrail_engine.snapshots.queue import KeepsNothing, snapshot_keeper
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations, SystemClock, SystemEntropy, observe_workspace
from workrail_engine.upkeep import back_up_store, move_store, store_status, upgrade_store
from workrail_engine.workflow.compiled import CompiledWorkflow

if TYPE_CHECKING:
    from workrail_engine.journal import Journal
    from workrail_engine.mail import Mail
    from workrail_engine.runs import Runs

__all__ = [
    "Answered",
    "Approvals",
    "Engine",
    "PendingApproval",
    "Registry",
    "ResumeRequest",
    "SourceRequest",
    "StartRequest",
    "Submission",
    "back_up_store",
    "move_store",
    "open_engine",
    "store_status",
    "upgrade_store",
]


@contextmanager
def open_engine(
    locations: Locations | None = None, run_command: RunCheckCommand | None = None
) -> "Generator[Engine]":
    """The engine on this machine's store, closed again at the end.

    Args:
        locations: of the store and the workflows; the usual ones when left out.
        run_command: runs the commands of checks; what nothing holds when left out.

    Raises:
        StoreUnavailableError: the store cannot be opened.
    """
    where = locations or Locations.from_environment()
    clock, entropy = SystemClock(), SystemEntropy()
    with open_store(where.store, entropy) as store, snapshot_keeper() as snapshots:
        checks = LocalChecks(clock, run=run_command)
        yield Engine(store, Registry(where), clock, entropy, checks, snapshots)


class Engine:
    """Workflows and sessions, ready to act. Safe to use from several threads."""

    def __init__(
        self,
        store: SqlStore,
        registry: Registry,
        clock: Clock,
        entropy: Entropy,
        checks: CheckRunner | None = None,
        snapshots: SnapshotKeeper | None = None,
    ) -> None:
        self._store = store
        self._registry = registry
        self._clock = clock
        self._entropy = entropy
        self._sources = ManagedSources(registry.managed_sources, clock)
        self._material = Material(store)
        looker = checks or LocalChecks(clock)
        sealer = Sealer(store, self._material, KeyRing(registry.keys), looker)
        around = Surroundings(clock, entropy, looker, sealer, snapshots or KeepsNothing())
        self._returning = Returning(store, self._material, self._references)
        self._runner = Runner(store, self._material, self._returning, around)
        self._approvals = Approvals(store, self._runner)

    def start(self, request: StartRequest) -> StartOutcome:
        """Begin a session of a workflow, or repeat the recorded start of a call that has an id.

        Raises:
            WorkflowNotFoundError: no such workflow; the message offers near misses.
            UntrustedWorkflowError: it comes from a source nobody trusts as it is now.
            InvalidDefinitionError: the workflow's file is broken.
            SessionNotFoundError: the parent session is not in this store.
            InvalidSubmissionError: the goal or context is malformed or over a limit.
            MissingContextError: the workflow begins with a loop whose items or count are missing.
        """
        check_goal(request.goal)
        check_context(request.context)
        names = self._runner.names(call_of(request))
        begun = self._returning.begun(names) if request.call_id is not None else None
        if begun is not None:
            return begun
        prepared = self._registry.prepare(request.workflow_id, request.workspace)
        parent = SessionId(request.parent_session_id) if request.parent_session_id else None
        if parent is not None:
            self._store.head(parent)
        workflow = prepared.compiled
        started = SessionStarted(
            session_id=names.session_id,
            workflow_id=workflow.workflow_id,
            workflow_hash=workflow.workflow_hash,
            goal=request.goal,
            origin=request.origin,
            workspace=observe_workspace(request.workspace),
            parent_session_id=parent,
            context={"goal": request.goal, **request.context},
        )
        try:
            return self._runner.start(started, prepared, names.handle)
        except ConflictError:  # another process got the same call and was faster
            begun = self._returning.begun(names) if request.call_id is not None else None
            if begun is None:
                raise
            return begun

    def advance(
        self,
        token: str,
        submission: Submission,
        told: Told | None = None,
        lease: Lease | None = None,
    ) -> AdvanceOutcome:
        """Complete the pending step of a token's position, or repeat the recorded answer.

        Args:
            token: of the position.
            submission: what completes the step.
            told: told how far the step's checks are, a line at a time; may raise `GivenUpError`.
            lease: of an unattended driver, which must still hold it where something is recorded.

        Raises:
            InvalidTokenError: the token cannot be used; `fault` says why.
            InvalidSubmissionError: what was sent is malformed or over a limit.
            ConflictError: others kept writing to the session; nothing was recorded.
            LeaseLostError: another driver holds the session's lease; nothing was recorded.
        """
        known = self._material.read_token(token)
        if known.kind is not TokenKind.CONTINUE:
            raise tokens.wrong_kind(known.kind)
        check_submission(submission)

        def attempt() -> AdvanceOutcome:
            standing = self._material.standing(known)
            if standing.node.kind == "end":
                return self._returning.come_back(standing.head, standing.node)
            if standing.attempt.used is not None:
                return self._returning.recorded_answer(standing, standing.attempt.used, submission)
            if submission.empty and self._runner.waits_unchanged(standing):
                return self._returning.still_waiting(standing)
            return self._runner.advance(standing, submission, told or _nobody, lease)

        return until_settled(attempt)

    def rehydrate(self, token: str) -> RehydrateOutcome:
        """Where a token's position stands, with the story so far. Writes nothing.

        Raises:
            InvalidTokenError: the token cannot be used; `fault` says why.
        """
        known = self._material.read_token(token)
        standing = self._material.standing(known)
        if known.kind is TokenKind.RESUME:
            node = self._store.node(standing.head.session_id, standing.head.tip)
        else:
            node = self._returning.latest_attempt(standing)
        return self._returning.come_back(standing.head, node)

    def place(self, session_id: SessionId, node: NodeId | None = None) -> Place:
        """The position a driver goes on from when it has lost its token. Writes nothing.

        Args:
            session_id: of the session.
            node: a node the session came through; where it stands when left out. What completed its
                step, sent again with the token, gets the recorded answer.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: it has no such node, or no attempt there.
        """
        return self._returning.place(self._store.head(session_id), node)

    def return_to(self, session_id: SessionId) -> RehydrateOutcome:
        """Where a session stands, with the story so far. Writes nothing.

        Raises:
            SessionNotFoundError: no such session.
        """
        head = self._store.head(session_id)
        return self._returning.come_back(head, self._store.node(session_id, head.tip))

    def checkpoint(self, token: str, submission: Submission) -> Checkpointed:
        """Record where a position stands, beside the session's course.

        Raises:
            InvalidTokenError: the token cannot be used; `fault` says why.
            InvalidSubmissionError: what was sent is malformed or over a limit.
            ConflictError: others kept writing to the session; nothing was recorded.
        """
        known = self._material.read_token(token)
        check_submission(submission)
        if submission.artifacts:
            message = (
                "artifacts: a checkpoint keeps notes and context; send artifacts with the step."
            )
            raise InvalidSubmissionError(message, field="artifacts")
        return until_settled(
            lambda: self._runner.checkpoint(self._material.standing(known), submission)
        )

    def resume(self, request: ResumeRequest) -> ResumeOutcome:
        """The sessions that may be meant, best first. Writes nothing.

        A session that is damaged is named as such and hides no other.
        """
        ask = ResumeAsk(
            query=request.query,
            session_id=request.session_id,
            branch=request.branch,
            repository=request.repository,
            limit=request.limit,
        )
        sightings = self._store.sightings(ask)
        if not sightings.found:
            return NothingFound(asked=asked_in_words(request), sessions=sightings.sessions)
        ranked = rank(ask, sightings.found)
        candidates: list[Candidate] = []
        damaged: list[str] = []
        for one in ranked:
            try:
                candidates.append(self._returning.candidate(one))
            except (CorruptSessionError, StoreDamagedError):
                damaged.append(one.summary.session_id)
        return Found(tuple(candidates), sightings.total, sightings.more, tuple(damaged))

    def catalog(self, workspace: Path | None) -> Catalog:
        """Every workflow a workspace sees, and every file that cannot be used, with the reasons."""
        return self._registry.catalog(workspace)

    def inspect(self, workflow_id: str, workspace: Path | None) -> WorkflowOutline:
        """A workflow seen whole, without running it.

        Raises:
            WorkflowNotFoundError: no such workflow; the message offers near misses.
            InvalidDefinitionError: its file is broken.
        """
        return self._registry.inspect(workflow_id, workspace)

    def workspace(self, session_id: SessionId) -> Path | None:
        """The folder a session's work happens in; None: it has none.

        Raises:
            SessionNotFoundError: no such session.
        """
        path = self._store.head(session_id).workspace_path
        return None if path is None else Path(path)

    def driven_by(self, session_id: str, driver: Driver) -> None:
        """Note that a process drives a session now."""
        self._store.heard_of(SessionId(session_id), driver, self._clock.now())

    @cached_property
    def journal(self) -> "Journal":
        """What unattended runs leave beside their steps."""
        from workrail_engine.journal import Journal  # noqa: PLC0415 - who drives by hand never needs it

        return Journal(self._store.database, self._clock)

    @cached_property
    def mail(self) -> "Mail":
        """Messages to sessions and to operators."""
        from workrail_engine.mail import Mail  # noqa: PLC0415 - who drives by hand never needs it

        return Mail(self._store.database, self._clock)

    @cached_property
    def runs(self) -> "Runs":
        """What is to be driven without a person, and by whom."""
        from workrail_engine.runs import Runs  # noqa: PLC0415 - who drives by hand never needs it

        return Runs(self._store.database, self._clock)

    @property
    def approvals(self) -> Approvals:
        """What waits for approval; never for a tool an agent can call."""
        return self._approvals

    @property
    def sources(self) -> ManagedSources:
        """The sources that were added; nothing here can trust one."""
        return self._sources

    def repair(self, session_id: SessionId, into: Locations | None = None) -> Repair:
        """Copy what can be proven of a session; the session itself is left as it is.

        Args:
            session_id: the damaged session.
            into: whose store gets the copy; this one when left out. A store of its own gets a copy
                of a whole session too.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: nothing of it can be proven.
            StoreUnavailableError: the copy cannot be written.
        """
        return repaired(self._store, session_id, self._entropy, into)

    def renew_token_key(self) -> None:
        """Give the store another key; every token made before is refused from then on."""
        self._store.replace_token_key()

    def artifact(self, digest: str) -> bytes:
        """The canonical JSON of a submitted artifact.

        Raises:
            ArtifactNotFoundError: no artifact has this digest.
        """
        content = self._store.blobs([Digest(digest)]).get(Digest(digest))
        if content is None:
            message = (
                f'No artifact "{digest}" in this store. A digest is sha256: and 64 hex digits; '
                "`workrail session show` lists those of a session."
            )
            raise ArtifactNotFoundError(message)
        return content

    def _references(
        self, workflow: CompiledWorkflow, workspace: str | None
    ) -> tuple[ReferenceView, ...]:
        folder = Path(workspace) if workspace is not None else None
        return self._registry.references(workflow, folder)


def _nobody(_line: str) -> None:
    """Who is told how far checks are when nobody asked."""
