"""The door of the store: the engine's `SessionStore` on a database."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
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
from workrail_engine.projections.resume_ranking import ResumeAsk, Sightings
from workrail_engine.session.state import Node
from workrail_engine.store import commits, contents, positions
from workrail_engine.store.database import Database, open_for_writing
from workrail_engine.store.new_store import make_store
from workrail_engine.store.schema_version import ensure_schema
from workrail_engine.store.sightings import sightings


@contextmanager
def open_store(path: Path, entropy: Entropy) -> Generator["SqlStore"]:
    """The store in a database file, closed again at the end.

    The file and its folder are made when they are not there.

    Raises:
        StoreUnavailableError: the file cannot be opened, is not ours, or is newer than this program.
    """
    make_store(path)
    database = open_for_writing(path)
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

    def token_key(self) -> TokenKey:
        """The key of this store; made on first use."""
        with self._database.reading() as connection:
            key = contents.token_key(connection)
        if key is not None:
            return key
        with self._database.writing() as connection:
            contents.make_token_key(connection, self._entropy)
        return self.token_key()

    def standing(self, handle: Handle) -> Standing | None:
        """The attempt with this handle, its node and its session; None when unknown."""
        with self._database.reading() as connection:
            return positions.standing(connection, handle)

    def node(self, session_id: SessionId, node_id: NodeId) -> Node:
        """One node; CorruptSessionError when there is none."""
        with self._database.reading() as connection:
            return positions.node(connection, session_id, node_id)

    def head(self, session_id: SessionId) -> SessionHead:
        """Where a session stands; SessionNotFoundError when there is none."""
        with self._database.reading() as connection:
            return positions.head(connection, session_id)

    def open_attempt(self, session_id: SessionId, node_id: NodeId) -> Attempt | None:
        """The newest unused attempt of a node."""
        with self._database.reading() as connection:
            return positions.open_attempt(connection, session_id, node_id)

    def commit(self, change: Change) -> None:
        """Write a whole change, or none of it; ConflictError when the session has moved."""
        with self._database.writing() as connection:
            commits.write(connection, change)

    def blobs(self, digests: Sequence[Digest]) -> dict[Digest, bytes]:
        """The content of some blobs; unknown ones are left out."""
        with self._database.reading() as connection:
            return contents.read_blobs(connection, digests)

    def pin(self, workflow_hash: WorkflowHash, document: bytes) -> None:
        """Keep a pinned workflow; a read when it is there already."""
        if self.pinned(workflow_hash) is None:
            with self._database.writing() as connection:
                contents.pin(connection, workflow_hash, document)

    def pinned(self, workflow_hash: WorkflowHash) -> bytes | None:
        """A pinned workflow's canonical JSON."""
        with self._database.reading() as connection:
            return contents.pinned(connection, workflow_hash)

    def notes_before(self, session_id: SessionId, node_id: NodeId, budget: int) -> NotesTrail:
        """Notes of the steps completed on the way to a node, newest first, up to some bytes."""
        with self._database.reading() as connection:
            return positions.notes_before(connection, session_id, node_id, budget)

    def sightings(self, ask: ResumeAsk) -> Sightings:
        """The sessions a resume request may mean; rank them with `resume_ranking.rank`."""
        with self._database.reading() as connection:
            return sightings(connection, ask)
