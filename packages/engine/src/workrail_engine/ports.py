"""What the engine asks of the world.

Real implementations live in `store` and `system`, fakes in `testing`; all keep the promises written
here, and one suite of tests holds each of them to it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeAlias

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import Digest, Handle, NodeId, SessionId, WorkflowHash
from workrail_engine.session.events import ArtifactRef, Event, SessionStarted
from workrail_engine.session.lease import Lease
from workrail_engine.session.provable import Files, ProofKind, ProofOutcome
from workrail_engine.session.state import Node, Status
from workrail_engine.workflow.checks import CheckResult, RunnableCheck


class Clock(Protocol):
    """The present."""

    def now(self) -> datetime:
        """The time, in UTC, with its zone."""
        ...


class Entropy(Protocol):
    """Randomness."""

    def bytes(self, count: int) -> bytes:
        """That many bytes nobody can guess."""
        ...


@dataclass(frozen=True)
class CheckPlace:
    """What a check looks at."""

    workspace: str | None
    """The folder the work happens in; None: the session has none."""
    base: str | None
    """The commit the session started from; None where there was none."""
    artifacts: tuple[JsonObject, ...]
    """What would be recorded with the step."""


@dataclass(frozen=True)
class CheckCommand:
    """The command of a check, ready to run."""

    argv: Sequence[str]
    """No shell reads them."""
    workspace: str
    """The folder that stands for the workspace; real."""
    scratch: str
    """The command's own folder outside it: its HOME, its report."""
    folder: str
    """Where it starts, within the workspace."""
    environment: Mapping[str, str]
    """All its variables."""
    seconds: float
    """Until it is ended, with all it started."""


@dataclass(frozen=True)
class CommandEnd:
    """How the command of a check ended."""

    exit_code: int
    """Minus the signal's number when a signal ended it."""
    overdue: bool
    """Whether its time was over; it was killed then."""
    left_behind: bool
    """Whether it left processes, which were killed."""


RunCheckCommand: TypeAlias = Callable[
    [CheckCommand, Callable[[bytes], None], Callable[[float], None]], CommandEnd
]
"""Runs a command to its end: what it prints goes to the second argument as it comes, and the third is
told every second how many have passed; it may raise, and the command is ended then."""


class CheckRunner(Protocol):
    """Looks for itself, so that nobody has to be believed."""

    def tree(self, workspace: str | None) -> str | None:
        """What the files of a workspace amount to now: equal trees hold equal files.

        `git:` and the id of a tree of all that is tracked or could be (staged, unstaged, and untracked
        files that are not ignored); `files:` and a digest outside git; None where it cannot be told.
        """
        ...

    def diff(self, place: CheckPlace) -> str | None:
        """All that changed since the base, as git writes it, paths relative to the workspace.

        None where it cannot be told, or is longer than a person reads (400,000 characters).
        """
        ...

    def changed(self, place: CheckPlace) -> Files:
        """The tree of the present files, and which of them differ from the base; None where unknown."""
        ...

    def run(
        self, check: RunnableCheck, place: CheckPlace, told: Callable[[str], None]
    ) -> CheckResult:
        """Look once. What cannot be checked is an `error`, and that is no pass.

        Args:
            check: what to look for.
            place: where.
            told: told a line about how far it is, every second or so.

        Raises:
            GivenUpError: `told` raised it; whatever ran was ended.
        """
        ...


class SnapshotKeeper(Protocol):
    """Keeps the files of workspaces as they were when steps began."""

    def stands_at(self, session_id: SessionId, node: NodeId, workspace: str | None) -> None:
        """Keep the files of a workspace soon after a session reached a node.

        Returns at once and never raises: what cannot be kept is said in the log.

        Args:
            session_id: whose files.
            node: what they are kept as; recorded already.
            workspace: the folder; None, or one outside git: nothing is kept.
        """
        ...


@dataclass(frozen=True)
class TokenKey:
    """What tokens of one store are made with."""

    secret: bytes
    """32 bytes."""
    store_tag: bytes
    """2 bytes: the first of every handle of this store, so that a stranger's token shows."""


@dataclass(frozen=True)
class AttemptUse:
    """What an attempt came to."""

    payload_digest: Digest
    outcome_node: NodeId
    """The node its acceptance, block or checkpoint created."""


@dataclass(frozen=True)
class Attempt:
    """One try at a node, known by its handle."""

    handle: Handle
    session_id: SessionId
    node_id: NodeId
    used: AttemptUse | None = None


@dataclass(frozen=True)
class SessionHead:
    """What a session's row says of where it stands."""

    session_id: SessionId
    workflow_hash: WorkflowHash
    workflow_id: str
    goal: str
    parent_session_id: SessionId | None
    workspace_path: str | None
    status: Status
    tip: NodeId
    last_node: NodeId
    event_count: int
    head_hash: str
    updated_at: datetime
    """Of the last event; later ones are never earlier."""


@dataclass(frozen=True)
class Standing:
    """An attempt, its node and its session, read together."""

    head: SessionHead
    node: Node
    attempt: Attempt


@dataclass(frozen=True)
class NewBlob:
    """Bytes to keep under their digest."""

    digest: Digest
    data: bytes


@dataclass(frozen=True)
class SubmittedArtifact:
    """An artifact row: which node's step it was submitted for."""

    ref: ArtifactRef
    node_id: NodeId
    step_id: str
    accepted: bool


@dataclass(frozen=True)
class NewProof:
    """A signed statement about one event."""

    seq: int
    """The place of the event in the log."""
    node_id: NodeId
    kind: ProofKind
    outcome: ProofOutcome
    modules: tuple[str, ...]
    """The paths it is found by."""
    digest: Digest
    """Of `envelope`."""
    envelope: str


@dataclass(frozen=True)
class Change:
    """Everything one command writes. All of it is kept, or nothing."""

    session_id: SessionId
    expected_events: int
    """How many events the session had when the decision was taken; 0 creates the session."""
    at: datetime
    events: Sequence[Event]
    nodes: Sequence[Node]
    """New nodes, as folded from `events`."""
    attempts: Sequence[Attempt]
    """New, unused attempts."""
    used: tuple[Handle, AttemptUse] | None
    """The attempt this change uses up; None at the start."""
    blobs: Sequence[NewBlob]
    artifacts: Sequence[SubmittedArtifact]
    status: Status
    tip: NodeId
    node_title: str | None
    """Title of the step the new node waits on; None at the end of a branch."""
    step_title: str | None
    """Title of the step the session waits on, for lists; not the same for a checkpoint."""
    steps_completed: int
    document: bytes | None = None
    """At the start: the pinned workflow, kept with the session unless it is there already."""
    proofs: Sequence[NewProof] = ()
    """Signed statements about some of `events`."""
    lease: Lease | None = None
    """Whose holder writes this; None: anyone may."""


class SessionStore(Protocol):
    """The log and what is kept beside it. Every method is one transaction."""

    def token_key(self) -> TokenKey:
        """The key of this store; made on first use."""
        ...

    def standing(self, handle: Handle) -> Standing | None:
        """The attempt with this handle, its node and its session; None when unknown."""
        ...

    def node(self, session_id: SessionId, node_id: NodeId) -> Node:
        """One node.

        Raises:
            CorruptSessionError: the session has no such node.
        """
        ...

    def head(self, session_id: SessionId) -> SessionHead:
        """Where a session stands.

        Raises:
            SessionNotFoundError: no such session.
        """
        ...

    def started(self, session_id: SessionId) -> SessionStarted:
        """How a session began.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: its first event cannot be read.
        """
        ...

    def open_attempt(self, session_id: SessionId, node_id: NodeId) -> Attempt | None:
        """The newest unused attempt of a node; None for a node that ends its branch."""
        ...

    def newest_use(self, session_id: SessionId, node_id: NodeId) -> Attempt | None:
        """The newest attempt at a node that was used; None where none was."""
        ...

    def commit(self, change: Change) -> None:
        """Write a whole change, or none of it.

        Raises:
            ConflictError: the session has moved since (other event count, or the attempt is used);
                nothing was written.
            LeaseLostError: another driver holds the session's lease; nothing was written.
            StoreUnavailableError: the database refused; nothing was written.
        """
        ...

    def blobs(self, digests: Sequence[Digest]) -> dict[Digest, bytes]:
        """The content of some blobs; those that are unknown are left out."""
        ...

    def pin(self, workflow_hash: WorkflowHash, document: bytes) -> None:
        """Keep a pinned workflow (idempotent)."""
        ...

    def pinned(self, workflow_hash: WorkflowHash) -> bytes | None:
        """A pinned workflow's canonical JSON."""
        ...

    def notes_before(self, session_id: SessionId, node_id: NodeId, budget: int) -> "NotesTrail":
        """Notes of the steps completed on the way to a node, newest first, up to some bytes."""
        ...


@dataclass(frozen=True)
class StepNote:
    """Notes that completed a step."""

    step_id: str
    iteration: int | None
    notes: str


@dataclass(frozen=True)
class NotesTrail:
    """Notes along a branch, newest first."""

    notes: tuple[StepNote, ...]
    omitted: int
    """How many older ones are left out because of the budget."""
