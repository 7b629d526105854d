"""What is kept of an unattended run beside its steps, and how does a driver add to it?

The log of the session is the only record there is. What a driver appends under a key is kept once,
so that one that lost its connection, or its life, can simply append again.
"""

from collections.abc import Sequence

from workrail_engine.agent_events import AgentEvent, Content, Noticed
from workrail_engine.ids import SessionId
from workrail_engine.ports import Clock
from workrail_engine.projections.runs import Entry
from workrail_engine.session.lease import Lease
from workrail_engine.store import journal, journal_entries
from workrail_engine.store.database import Database


class Journal:
    """The facts of unattended runs in one store. Safe to use from several threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def append(
        self, lease: Lease, events: Sequence[AgentEvent], contents: Sequence[bytes] = ()
    ) -> tuple[AgentEvent, ...]:
        """Record what happened in a run, all of it or nothing.

        A fact whose key is in the log is not written again, nor are its contents, and its usage is
        not counted twice. Within one call facts without a key are written once too, whatever breaks;
        called again after a `StoreUnavailableError` they may be written a second time, and do no harm
        but to be said twice.

        Args:
            lease: of the driver; it must still hold it.
            events: in order; what they name lies in the store or is given with them.
            contents: the bytes the events name, in any order.

        Returns:
            The events as the log has them: where a key was there already, what is kept under it.

        Raises:
            LeaseLostError: the session is another driver's now; nothing was recorded.
            InvalidInputError: an event names bytes that are nowhere; nothing was recorded.
            StoreUnavailableError: the store does not answer; the same call may be made again.
        """
        given = journal.facts(events, contents)
        return journal.append(self._database, lease, given, self._clock.now())

    def read(
        self, session_id: SessionId, after: int = 0, most: int | None = None
    ) -> tuple[Entry, ...]:
        """The facts of a session's runs, in order.

        Args:
            session_id: whose.
            after: only those behind this place in the log.
            most: so many at most; None: all.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: one of them cannot be read.
        """
        return self._database.read(
            lambda connection: journal_entries.entries(connection, session_id, after, most)
        )

    def content(self, content: Content) -> bytes:
        """The bytes an event names.

        Raises:
            CorruptSessionError: they are lost.
        """
        return self._database.read(lambda connection: journal_entries.content(connection, content))

    def noted(self, session_id: SessionId, event: Noticed) -> None:
        """Record an incident without a lease: what an operator did, or what healed a run.

        Raises:
            SessionNotFoundError: no such session.
        """
        journal.note(self._database, session_id, event, self._clock.now())
