"""What can be seen of unattended runs, of what they left, and of messages? Nothing here writes."""

from typing import Final

from workrail_engine.agent_events import Content
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Entry, Message, RunState, RunView, Spent
from workrail_engine.store import journal_entries, mail, runs_views
from workrail_engine.store.database import Database
from workrail_engine.store.positions import unknown_session
from workrail_engine.store.rows import microseconds
from workrail_engine.system import SystemClock

_MOST: Final = 200


class JournalReader:
    """The facts of runs in the logs of sessions."""

    def __init__(self, database: Database | None) -> None:
        self._database = database

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
        return _there(self._database, session_id).read(
            lambda connection: journal_entries.entries(connection, session_id, after, most)
        )

    def content(self, content: Content) -> bytes:
        """The bytes a fact names.

        Raises:
            CorruptSessionError: they are lost.
        """
        if self._database is None:
            raise journal_entries.lost(content)
        return self._database.read(lambda connection: journal_entries.content(connection, content))


class RunsReader:
    """The runs of a store."""

    def __init__(self, database: Database | None) -> None:
        self._database = database
        self._clock = SystemClock()

    def view(self, session_id: SessionId) -> RunView | None:
        """How a run stands; None where the session has none."""
        if self._database is None:
            return None
        return self._database.read(lambda on: runs_views.view(on, session_id, self._here()))

    def views(self, *states: RunState, most: int = _MOST) -> tuple[RunView, ...]:
        """The runs in some states, or all; the newest orders first."""
        if self._database is None:
            return ()
        return self._database.read(lambda on: runs_views.views(on, states, most, self._here()))

    def below(self, session_id: SessionId) -> tuple[RunView, ...]:
        """The runs that a run spawned itself.

        Raises:
            SessionNotFoundError: no such session.
        """
        return _there(self._database, session_id).read(
            lambda on: runs_views.below(on, session_id, self._here())
        )

    def tree_spent(self, session_id: SessionId) -> Spent:
        """What a run and all below it have used.

        Raises:
            SessionNotFoundError: no such session.
        """
        return _there(self._database, session_id).read(
            lambda on: runs_views.tree_spent(on, session_id, self._here())
        )

    def _here(self) -> int:
        return microseconds(self._clock.now())


class MailReader:
    """The messages to sessions and operators."""

    def __init__(self, database: Database | None) -> None:
        self._database = database

    def waiting(self, to: SessionId | None) -> tuple[Message, ...]:
        """What a session, or the operators (None), have not dealt with yet, oldest first.

        Raises:
            SessionNotFoundError: no such session.
        """
        if self._database is None and to is None:
            return ()
        return _there(self._database, to or "").read(lambda on: mail.waiting(on, to))


def _there(database: Database | None, session_id: str) -> Database:
    if database is None:
        raise unknown_session(session_id)
    return database
