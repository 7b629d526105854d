"""Has anything changed in a store, asked several times a second?

One connection is kept. SQLite is asked for a number that moves with every commit, which costs
microseconds; only when it moved, the sessions are asked for. A server is asked for its snapshot. The
store may not be there yet, may be brought up to date, and another file may take its place.
"""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from workrail_engine.errors import StoreUnavailableError
from workrail_engine.ids import SessionId
from workrail_engine.projections.listing import Changes
from workrail_engine.store.changes import changes
from workrail_engine.store.database import Database, open_for_reading
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.moved import NOWHERE
from workrail_engine.store.run_lines import driven
from workrail_engine.store.schema_version import is_readable


@dataclass(frozen=True)
class _Open:
    database: Database
    kept: Connection
    file: object
    """What the path named when it was opened."""


@dataclass(frozen=True)
class _Looked:
    """A look that is still good."""

    pulse: int | None
    asked: str
    place: str
    """As new as can be, and nothing lies between it and `asked`."""


class StoreWatch:
    """A look at one store that is repeated. For one thread at a time."""

    def __init__(self, where: Path | str) -> None:
        self._where = where
        self._open: _Open | None = None
        self._looked: _Looked | None = None
        self._driven: tuple[int | None, dict[SessionId, str]] | None = None

    def driven(self) -> dict[SessionId, str]:
        """What each run under way does; asked anew only when anything was written."""
        opened = self._opened()
        if opened is None:
            return {}
        pulse = dialect_of(opened.kept).pulse(opened.kept)
        if self._driven is None or pulse is None or pulse != self._driven[0]:
            try:
                self._driven = pulse, opened.database.read(driven)
            except StoreUnavailableError:
                self.close()
                raise
        return self._driven[1]

    def changed(self, cursor: str | None, limit: int) -> Changes | None:
        """What changed after a cursor; None when nothing did."""
        opened = self._opened()
        if opened is None:
            return None if cursor == NOWHERE else Changes(NOWHERE, (), complete=cursor is None)
        pulse = dialect_of(opened.kept).pulse(opened.kept)
        looked = self._looked
        since = looked.place if looked is not None and cursor == looked.asked else cursor
        if looked is not None and since == looked.place and pulse == looked.pulse is not None:
            return None
        try:
            found = opened.database.read(lambda connection: changes(connection, since, limit))
        except StoreUnavailableError:
            self.close()
            raise
        quiet = cursor is not None and found.complete and not found.sessions
        asked = cursor if quiet and cursor is not None else found.cursor
        self._looked = _Looked(pulse, asked, found.cursor)
        return None if quiet else found

    def close(self) -> None:
        """Let go of the store; the next question opens it again."""
        if self._open is not None:
            self._open.kept.close()
            self._open.database.close()
        self._open = self._looked = self._driven = None

    def _opened(self) -> _Open | None:
        file = _file(self._where)
        if self._open is not None and self._open.file != file:
            self.close()
        if self._open is None and file is not None:
            self._open = _opened(self._where, file)
        return self._open


def _opened(where: Path | str, file: object) -> _Open | None:
    """The store, when there is one that can be read; StoreUnavailableError when it cannot be."""
    database = open_for_reading(where)
    try:
        readable = is_readable(database)
        kept = database.staying() if readable else None
    except StoreUnavailableError:
        database.close()
        raise
    if kept is None:
        database.close()
        return None
    return _Open(database, kept, file)


def _file(where: Path | str) -> object:
    """What changes when another file takes the place of one; None where there is none.

    A file that nobody writes may be opened as one that does not change; its log says that someone does.
    """
    if isinstance(where, str):
        return where
    try:
        found = where.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino, where.with_name(f"{where.name}-wal").exists()
