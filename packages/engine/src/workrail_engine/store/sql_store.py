"""The door of the store: the engine's `SessionStore` on a database."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from workrail_engine.ids import Digest, Handle, NodeId, SessionId, WorkflowHash
from workrail_engine.ports import (
    Attempt,
    Change,
    Entropy,
    NotesTrail,
    SessionHead,
    Standing,
    TokenKey,
)
from workrail_engine.projections.driving import Driver
from workrail_engine.projections.proofs import ProofTrail
from workrail_engine.projections.resume_ranking import ResumeAsk, Sightings
from workrail_engine.projections.retention import Removed, RetentionAsk
from workrail_engine.session.events import SessionStarted
from workrail_engine.session.state import Node
from workrail_engine.store import commits, contents, positions, retention
from workrail_engine.store.database import Database, open_for_writing
from workrail_engine.store.driving import drivers_of, heard_of
from workrail_engine.store.new_store import make_store
from workrail_engine.store.proofs import trail
from workrail_engine.store.repair import Salvage, keep, salvage
from workrail_engine.store.schema_version import ensure_schema
from workrail_engine.store.sightings import sightings
from workrail_engine.store.verify import verify
from workrail_engine.store.waiting import waiting


@contextmanager
def open_store(where: Path | str, entropy: Entropy) -> Generator["SqlStore"]:
    """The store in a database, closed again at the end.

    Args:
        where: a file, made with its folder when it is not there; or the address of a database on a
            server, which must be there and may be empty.
        entropy: for the store's key.

    Raises:
        StoreUnavailableError: the database cannot be opened, is not ours, or is newer than this
            program.
    """
    if isinstance(where, Path):
        make_store(where)
    database = open_for_writing(where)
    try:
        ensure_schema(database)
        yield SqlStore(database, entropy)
    finally:
        database.close()


class SqlStore:
    """The session store on a database; see `ports.SessionStore` for its promises."""

    def __init__(self, database: Database, entropy: Entropy) -> None:
        self._database = database
        self._entropy = entropy

    @property
    def database(self) -> Database:
        """The database itself, for the rooms that speak of runs, of what they leave and of mail."""
        return self._database

    def token_key(self) -> TokenKey:
        """The key of this store; made on first use."""
        key = self._database.read(contents.token_key)
        if key is not None:
            return key
        self._database.write(lambda connection: contents.make_token_key(connection, self._entropy))
        return self.token_key()

    def standing(self, handle: Handle) -> Standing | None:
        """The attempt with this handle, its node and its session; None when unknown."""
        return self._database.read(lambda connection: positions.standing(connection, handle))

    def node(self, session_id: SessionId, node_id: NodeId) -> Node:
        """One node; CorruptSessionError when there is none."""
        return self._database.read(
            lambda connection: positions.node(connection, session_id, node_id)
        )

    def head(self, session_id: SessionId) -> SessionHead:
        """Where a session stands; SessionNotFoundError when there is none."""
        return self._database.read(lambda connection: positions.head(connection, session_id))

    def started(self, session_id: SessionId) -> SessionStarted:
        """How a session began."""
        return self._database.read(lambda connection: positions.started(connection, session_id))

    def open_attempt(self, session_id: SessionId, node_id: NodeId) -> Attempt | None:
        """The newest unused attempt of a node."""
        return self._database.read(
            lambda connection: positions.open_attempt(connection, session_id, node_id)
        )

    def commit(self, change: Change) -> None:
        """Write a whole change, or none of it; ConflictError when the session has moved."""
        commits.commit(self._database, change)

    def blobs(self, digests: Sequence[Digest]) -> dict[Digest, bytes]:
        """The content of some blobs; unknown ones are left out."""
        return self._database.read(lambda connection: contents.read_blobs(connection, digests))

    def pin(self, workflow_hash: WorkflowHash, document: bytes) -> None:
        """Keep a pinned workflow; a read when it is there already."""
        if self.pinned(workflow_hash) is None:
            self._database.write(
                lambda connection: contents.pin(connection, workflow_hash, document)
            )

    def pinned(self, workflow_hash: WorkflowHash) -> bytes | None:
        """A pinned workflow's canonical JSON."""
        return self._database.read(lambda connection: contents.pinned(connection, workflow_hash))

    def notes_before(self, session_id: SessionId, node_id: NodeId, budget: int) -> NotesTrail:
        """Notes of the steps completed on the way to a node, newest first, up to some bytes."""
        return self._database.read(
            lambda connection: positions.notes_before(connection, session_id, node_id, budget)
        )

    def replace_token_key(self) -> None:
        """Give the store another key; tokens made with the old one are refused from then on."""
        with self._database.writing() as connection:
            contents.replace_token_key(connection, self._entropy)

    def salvage(self, session_id: SessionId, *, runs: bool = True) -> Salvage:
        """Everything of a session that can be proven; CorruptSessionError when nothing can."""
        return self._database.read(lambda connection: salvage(connection, session_id, runs=runs))

    def keep(self, found: Salvage, begun: SessionStarted, first: Handle) -> None:
        """Write what was salvaged as a session of its own, which began as is said."""
        with self._database.writing() as connection:
            keep(connection, found, begun, first)

    def is_whole(self, session_id: SessionId) -> bool:
        """Whether `verify` finds nothing wrong with a session."""
        return self._database.read(lambda connection: not verify(connection, session_id).problems)

    def remove(self, ask: RetentionAsk, told: Callable[[int, int], None]) -> Removed:
        """Take old sessions away, whole, and the contents and workflows only they named."""
        return retention.remove(self._database, ask, told)

    def would_remove(self, ask: RetentionAsk, told: Callable[[int, int], None]) -> Removed:
        """Exactly what `remove` would take away now."""
        return retention.would_remove(self._database, ask, told)

    def heard_of(self, session_id: SessionId, driver: Driver, at: datetime) -> None:
        """Note that a process drives a session now."""
        with self._database.writing() as connection:
            heard_of(connection, session_id, driver, at)

    def drivers(self, session_id: SessionId) -> tuple[Driver, ...]:
        """Every process that ever drove a session."""
        return self._database.read(lambda connection: drivers_of(connection, session_id))

    def waiting(self) -> tuple[SessionId, ...]:
        """The sessions that stand at a node that waits for approval, longest waiting first."""
        return self._database.read(waiting)

    def proof_trail(self, session_id: SessionId) -> ProofTrail:
        """What the next proof of a session has to name."""
        return self._database.read(lambda connection: trail(connection, session_id))

    def newest_use(self, session_id: SessionId, node_id: NodeId) -> Attempt | None:
        """The newest attempt at a node that was used; None where none was."""
        return self._database.read(
            lambda connection: positions.newest_use(connection, session_id, node_id)
        )

    def sightings(self, ask: ResumeAsk) -> Sightings:
        """The sessions a resume request may mean; rank them with `resume_ranking.rank`."""
        return self._database.read(lambda connection: sightings(connection, ask))
