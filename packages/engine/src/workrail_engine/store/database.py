"""How does the store reach its database?

The same questions and the same transactions, whatever the database is; what differs is said by its
`Place`. Errors of the database leave this module as `StoreError` or `ConflictError`, never as they
came. A transaction that was interrupted for a reason that may be over at once is tried again for a
bounded time.
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import TypeVar

from sqlalchemy import Connection, Engine

from workrail_engine.store.phase import InterruptedTransactionError, Phase
from workrail_engine.store.place import Place
from workrail_engine.store.place_postgresql import PostgresPlace
from workrail_engine.store.place_sqlite import SqlitePlace

_Answer = TypeVar("_Answer")


class Database:
    """One database. Safe to use from several threads."""

    def __init__(self, engine: Engine, place: Place) -> None:
        self.name = place.name
        """What messages call it."""
        self._place = place
        self._engine = engine
        self._looking = place.looking(engine)
        self._acting = place.acting(engine)
        self._held_to: Callable[[Connection], None] | None = None

    def hold_to(self, check: Callable[[Connection], None]) -> None:
        """From now on begin every transaction with a check, which raises when it must not go on."""
        self._held_to = check

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """One view of the database, unmoved by what others write meanwhile."""
        with self._place.translated(Phase()):
            self._follow()
            with self._looking.connect() as connection:
                self._check(connection)
                yield connection

    def staying(self) -> Connection:
        """A connection to keep, which has begun nothing; whoever asked for it closes it.

        Raises:
            StoreUnavailableError: the database does not answer.
        """
        with self._place.translated(Phase()):
            return self._looking.connect()

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """One transaction: kept whole when the block ends, left out whole when it raises.

        Raises:
            ConflictError: a row that must be unique is there already.
            StoreUnavailableError: the database refused.
        """
        phase = Phase()
        with self._place.translated(phase), self._place.turn():
            self._follow()
            with self._acting.begin() as connection:
                self._check(connection)
                yield connection
                phase.committing = True

    def read(self, work: Callable[[Connection], _Answer]) -> _Answer:
        """What some reading comes to; done anew when the connection breaks."""

        def attempt() -> _Answer:
            with self.reading() as connection:
                return work(connection)

        return self._persistently(attempt)

    def write(self, work: Callable[[Connection], _Answer]) -> _Answer:
        """What a transaction comes to; done anew when it is interrupted.

        Args:
            work: may be run again although an earlier run was kept, and must then do nothing.

        Raises:
            ConflictError: a row that must be unique is there already.
            StoreUnavailableError: the database refused, or did not answer for too long; the message
                says when it is not known whether the transaction was kept.
        """

        def attempt() -> _Answer:
            with self.writing() as connection:
                return work(connection)

        return self._persistently(attempt)

    def close(self) -> None:
        """Let go of the database. Closing again does nothing."""
        self._engine.dispose()

    def _check(self, connection: Connection) -> None:
        if self._held_to is not None:
            self._held_to(connection)

    def _follow(self) -> None:
        if self._place.was_replaced():
            self._engine.dispose()

    def _persistently(self, attempt: Callable[[], _Answer]) -> _Answer:
        doubtful: InterruptedTransactionError | None = None
        for pause in self._place.pauses:
            try:
                return attempt()
            except InterruptedTransactionError as error:
                doubtful = error if error.in_doubt else doubtful
                Event().wait(pause)
        try:
            return attempt()
        except InterruptedTransactionError as error:
            raise doubtful or error from error


def open_for_writing(where: Path | str, called: Path | None = None) -> Database:
    """A database that may be written: a file, or one on a server by its address.

    Args:
        where: a file that is not there is made now, but not when it goes later.
        called: the path to name in messages, when it is another one.

    Raises:
        StoreUnavailableError: the file is not ours to write, or the address cannot be used.
    """
    place = _place(where, called)
    return Database(place.writer(), place)


def open_for_reading(where: Path | str) -> Database:
    """An existing database that cannot be written through this connection."""
    place = _place(where)
    return Database(place.reader(), place)


def _place(where: Path | str, called: Path | None = None) -> Place:
    return SqlitePlace(where, called) if isinstance(where, Path) else PostgresPlace(where)
