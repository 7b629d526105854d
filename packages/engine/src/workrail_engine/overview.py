"""What goes on in the whole store: lists, what waits, what changed, and how the store does."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from workrail_engine.ids import SessionId
from workrail_engine.projections.health import StoreHealth
from workrail_engine.projections.listing import (
    Attention,
    Changes,
    Facets,
    ListAsk,
    ListedPage,
    ListedSession,
    Since,
    Total,
)
from workrail_engine.projections.run_lines import RunFigures, RunLine
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.store import attention, changes, facets, health, listing, run_lines
from workrail_engine.store.database import Database
from workrail_engine.store.moved import NOWHERE
from workrail_engine.store.positions import unknown_session
from workrail_engine.store.rows import microseconds, rfc3339
from workrail_engine.store.watch import StoreWatch
from workrail_engine.system import SystemClock

RECENT: Final = timedelta(minutes=10)
"""How long ago something may be to count as going on."""
MOST_CHANGED: Final = 200
"""Of more changed sessions it is only said that there are too many."""


class Overview:
    """Looks at the sessions' own rows; no log is read. Where nothing was stored all is empty."""

    def __init__(self, database: Database | None) -> None:
        self._database = database

    def listed(self, ask: ListAsk, total: Total | None = None) -> ListedPage:
        """Some sessions as rows of a list, newest change first.

        Args:
            ask: which.
            total: how many there are, from `count`; they are counted when left out.

        Raises:
            InvalidInputError: `before` did not come from a page.
        """
        if self._database is None:
            return ListedPage((), 0, more=False, next_before=None)
        return self._database.read(lambda connection: listing.page(connection, ask, total))

    def count(self, ask: ListAsk) -> Total:
        """How many sessions there are of what is asked for, whatever page and words it names."""
        if self._database is None:
            return Total(0, more=False)
        return self._database.read(lambda connection: listing.count(connection, ask))

    def line(self, session_id: SessionId) -> ListedSession:
        """One session as a row of a list.

        Raises:
            SessionNotFoundError: no such session.
        """
        if self._database is None:
            raise unknown_session(session_id)
        return self._database.read(lambda connection: listing.line(connection, session_id))

    def children(
        self, parents: Sequence[SessionId], most: int
    ) -> dict[SessionId, tuple[SessionSummary, ...]]:
        """The sessions started from some, oldest first.

        Args:
            parents: their ids; what has no children is left out of the answer.
            most: so many of each at most.
        """
        if self._database is None or not parents:
            return {}
        return self._database.read(lambda connection: listing.children(connection, parents, most))

    def run(self, session_id: SessionId) -> RunLine | None:
        """How the run of a session stands; None where it has none."""
        if self._database is None:
            return None
        return self._database.read(lambda connection: run_lines.run_line(connection, session_id))

    def run_figures(self) -> RunFigures | None:
        """What all runs come to; None where there is none."""
        return None if self._database is None else self._database.read(run_lines.figures)

    def driven(self) -> dict[SessionId, str]:
        """What each run under way does, as a text that is another whenever that changed."""
        return {} if self._database is None else self._database.read(run_lines.driven)

    def facets(self, ask: ListAsk) -> Facets:
        """How the sessions that were asked for are spread; each facet without its own condition."""
        if self._database is None:
            return Facets((), (), (), (), ())
        return self._database.read(lambda connection: facets.facets(connection, ask))

    def attention(self, now: datetime, limit: int = 10, recent: timedelta = RECENT) -> Attention:
        """What waits for a person, and what goes on.

        Args:
            now: the time, with its zone.
            limit: how many of each kind at most.
            recent: how long ago something may be to count as going on.
        """
        if self._database is None:
            return Attention((), (), (), 0, 0, 0)
        return self._database.read(
            lambda connection: attention.attention(connection, now, limit, recent)
        )

    def since(self, at: datetime) -> Since:
        """What came about after a moment."""
        if self._database is None:
            return Since(rfc3339(microseconds(at)), 0)
        return self._database.read(lambda connection: attention.since(connection, at))

    def changes(self, cursor: str | None, limit: int = MOST_CHANGED) -> Changes:
        """What changed after a cursor; with None nothing, and the present place.

        Raises:
            InvalidInputError: the cursor did not come from here.
        """
        if self._database is None:
            return Changes(NOWHERE, (), complete=cursor in (None, NOWHERE))
        return self._database.read(lambda connection: changes.changes(connection, cursor, limit))

    def health(self, now: datetime | None = None) -> StoreHealth | None:
        """How the store does; None where there is none yet.

        Args:
            now: the time, with its zone; this machine's when left out.
        """
        if self._database is None:
            return None
        database, time = self._database, now or SystemClock().now()
        return database.read(lambda connection: health.health(connection, database, time))


class Watch:
    """Asks a store again and again what changed, for next to nothing. For one thread at a time."""

    def __init__(self, store: StoreWatch) -> None:
        self._store = store

    def changed(self, cursor: str | None, limit: int = MOST_CHANGED) -> Changes | None:
        """What changed after a cursor; None when nothing did. With None, the present place.

        A store may come, go, be replaced and be brought up to date meanwhile.

        Raises:
            InvalidInputError: the cursor did not come from a store of this kind.
            StoreUnavailableError: the store cannot be read now; ask again later.
        """
        return self._store.changed(cursor, limit)

    def driven(self) -> dict[SessionId, str]:
        """What each run under way does, as a text that is another whenever that changed.

        Runs say so without a word in their session's log, which `changed` does not see.

        Raises:
            StoreUnavailableError: the store cannot be read now; ask again later.
        """
        return self._store.driven()


@contextmanager
def watching(where: Path | str) -> Generator[Watch]:
    """A watch on a store that need not be there yet; let go of at the end."""
    store = StoreWatch(where)
    try:
        yield Watch(store)
    finally:
        store.close()
