"""The door that looks: lists, one session, its log, and whether it is whole.

The database is opened read-only; nothing else needs to run, and nothing that runs is disturbed. Where
no session was ever stored there is nothing to see, which is not an error, and no file is made.
"""

import json
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import ArtifactNotFoundError, ProofNotFoundError
from workrail_engine.ids import Digest, SessionId
from workrail_engine.inspection import Inspection
from workrail_engine.overview import Overview, Watch, watching
from workrail_engine.projections.bundle import lines_of
from workrail_engine.projections.proofs import ProofAsk, ProofLine, ShownProof
from workrail_engine.projections.resume_ranking import RankedSession, ResumeAsk, rank
from workrail_engine.projections.session_detail import SessionDetail
from workrail_engine.projections.session_summary import SessionPage
from workrail_engine.projections.store_checkup import StoreCheckup
from workrail_engine.projections.verification import Verification
from workrail_engine.proofs.keys import KeyRing
from workrail_engine.session.state import Status
from workrail_engine.store import contents, positions, proofs, queries, story
from workrail_engine.store.checkup import check_up
from workrail_engine.store.database import Database, open_for_reading
from workrail_engine.store.positions import unknown_session
from workrail_engine.store.rows import damaged, rfc3339
from workrail_engine.store.schema_version import is_readable
from workrail_engine.store.sightings import sightings
from workrail_engine.store.verify import verify
from workrail_engine.system import Locations
from workrail_engine.unattended import JournalReader, MailReader, RunsReader
from workrail_engine.vouching import bundle_of, proof_problems, shown_proof


@dataclass(frozen=True)
class EventRecord:
    """An event as an export shows it."""

    seq: int
    """From 1."""
    kind: str
    node: int | None
    at: str
    """RFC 3339, UTC."""
    payload: JsonObject


@contextmanager
def open_reader(where: Locations | Path | str | None = None) -> Generator["Reader"]:
    """A reader of this machine's store, closed again at the end.

    Args:
        where: the installation's places, a database file, or the address of a database on a server;
            the usual places when left out.

    Raises:
        StoreUnavailableError: the database is there and cannot be read, or is of another version.
    """
    place = _store_of(where)
    keys = KeyRing(_keys_of(where))
    if isinstance(place, Path) and not place.exists():
        yield Reader(None, keys)
        return
    database = open_for_reading(place)
    try:
        yield Reader(database if is_readable(database) else None, keys)
    finally:
        database.close()


def open_watch(where: Locations | Path | str | None = None) -> AbstractContextManager[Watch]:
    """A watch that tells what changes in this machine's store; it need not be there yet.

    Args:
        where: as for `open_reader`.
    """
    return watching(_store_of(where))


def check_store(locations: Locations | None = None) -> StoreCheckup:
    """Whether the store can be used; nothing is made or changed.

    Raises:
        StoreUnavailableError: it cannot be read, or the key of its tokens is gone.
    """
    return check_up((locations or Locations.from_environment()).store)


class Reader:
    """Everything that can be seen of the sessions, and nothing that could change them."""

    def __init__(self, database: Database | None, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys
        self.overview = Overview(database)
        """What goes on in the whole store."""
        self.inspection = Inspection(database)
        """What is in a part of it: a stretch of a session, its log, its tree, what a search finds."""
        self.runs = RunsReader(database)
        """How unattended runs stand, and what they have used."""
        self.journal = JournalReader(database)
        """What such runs left in the logs beside their steps."""
        self.mail = MailReader(database)
        """What sessions and operators have to deal with."""

    def sessions(
        self,
        limit: int = 50,
        before: str | None = None,
        status: Status | None = None,
        query: str | None = None,
    ) -> SessionPage:
        """Some sessions, newest change first.

        Args:
            limit: how many at most.
            before: `next_before` of the page before.
            status: only those with this status.
            query: only those that speak of all these words.

        Raises:
            InvalidInputError: `before` did not come from a page.
        """
        if self._database is None:
            return SessionPage((), 0, None)
        return self._database.read(
            lambda connection: queries.page(connection, limit, before, status, query)
        )

    def session(self, session_id: SessionId) -> SessionDetail:
        """Everything one page shows of a session.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: what is stored of it contradicts itself.
        """
        return self._of(session_id).read(
            lambda connection: story.session_detail(connection, session_id)
        )

    def ids_starting(self, prefix: str, limit: int = 10) -> tuple[SessionId, ...]:
        """Some ids of sessions that begin with a text."""
        if self._database is None:
            return ()
        return self._database.read(
            lambda connection: queries.ids_starting(connection, prefix, limit)
        )

    def events(self, session_id: SessionId) -> Iterator[EventRecord]:
        """The whole log of a session, in order, as it was when the iteration began.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: an event cannot be read.
        """
        with self._of(session_id).reading() as connection:
            for link in positions.history(connection, session_id):
                try:
                    payload = cast("JsonObject", json.loads(link.payload))
                except ValueError as error:
                    raise damaged(session_id, f"event {link.seq}", error) from error
                yield EventRecord(link.seq, link.kind, link.node, rfc3339(link.at), payload)

    def artifact(self, digest: str) -> bytes:
        """The canonical JSON of a submitted artifact.

        Raises:
            ArtifactNotFoundError: no artifact has this digest.
        """
        if self._database is not None:
            found = self._database.read(
                lambda connection: contents.read_blobs(connection, [Digest(digest)])
            )
            if found:
                return found[Digest(digest)]
        message = f"No artifact {digest} in this store. Its session lists the artifacts there are."
        raise ArtifactNotFoundError(message)

    def verify(self, session_id: SessionId) -> Verification:
        """A session's log checked against its hashes, its rows, its content and its proofs.

        Raises:
            SessionNotFoundError: no such session.
            SigningKeyError: the folder with the public keys cannot be read.
        """
        database = self._of(session_id)
        found = database.read(lambda connection: verify(connection, session_id))
        if found.problems:  # its proofs would only say so again
            return found
        return replace(found, problems=proof_problems(database, session_id, self._keys))

    def proofs(self, ask: ProofAsk) -> tuple[ProofLine, ...]:
        """Some proofs, newest first."""
        if self._database is None:
            return ()
        return self._database.read(lambda connection: proofs.found(connection, ask))

    def proof(self, text: str) -> ShownProof:
        """One proof, whole.

        Args:
            text: the beginning of its id.

        Raises:
            InvalidInputError: the text is no beginning of an id, or that of several.
            ProofNotFoundError: there is none.
        """
        if self._database is None:
            message = "No session is stored here yet, so there is no proof either."
            raise ProofNotFoundError(message)
        line, stored = self._database.read(lambda connection: proofs.named(connection, text))
        return shown_proof(line, stored.envelope, self._keys)

    def proof_lines(self, session_id: SessionId) -> Iterator[str]:
        """The file that proves a session, line by line.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: what is stored of it cannot be written down.
        """
        bundle = bundle_of(self._of(session_id), session_id, self._keys.known())
        try:
            yield from lines_of(bundle)
        except ValueError as error:
            raise damaged(session_id, "a part of its log", error) from error

    def candidates(self, ask: ResumeAsk) -> tuple[RankedSession, ...]:
        """The sessions a request to resume may mean, best first, each with the reasons."""
        if self._database is None:
            return ()
        return self._database.read(lambda connection: rank(ask, sightings(connection, ask).found))

    def _of(self, session_id: SessionId) -> Database:
        if self._database is None:
            raise unknown_session(session_id)
        return self._database


def _store_of(where: Locations | Path | str | None) -> Path | str:
    """The file or the address of a store: as it is named, else the usual one."""
    if isinstance(where, Path | str):
        return where
    return (where or Locations.from_environment()).store


def _keys_of(where: Locations | Path | str | None) -> Path:
    """The folder of keys that belongs to a store: beside its file, else the usual one."""
    if isinstance(where, Path):
        return where.parent / "keys"
    places = where if isinstance(where, Locations) else Locations.from_environment()
    return places.keys
