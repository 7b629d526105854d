"""How does this product open SQLite?

Durable before it is answered: WAL with `synchronous=FULL`. Writers begin with `BEGIN IMMEDIATE`, so a
transaction that has begun can finish; readers begin plainly and never wait for a writer. The driver
begins nothing by itself. Only the owner may read the files: the log of a session can hold anything.

Errors of the database leave this module as `StoreError` or `ConflictError`, never as they came.
"""

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as DriverConnection
from threading import Lock
from typing import Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event

from workrail_engine.store.refusals import translated

BUSY_TIMEOUT_MS: Final = 5000
_BEGIN: Final = "workrail_begin"
_OWNER_ONLY: Final = 0o600
_OTHERS: Final = 0o077


class Database:
    """One SQLite file. Safe to use from several threads."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self.path = path
        self._engine = engine
        self._writer = engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
        self._one_writer = Lock()

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """One view of the database, unmoved by what others write meanwhile."""
        with translated(self.path), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """One transaction: kept whole when the block ends, left out whole when it raises.

        Raises:
            ConflictError: a row that must be unique is there already.
            StoreUnavailableError: the database refused.
        """
        with translated(self.path), self._one_writer, self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the file. Closing again does nothing."""
        self._engine.dispose()


def open_for_writing(path: Path) -> Database:
    """A database that may be written.

    Raises:
        StoreUnavailableError: the file is not ours to write.
    """
    with translated(path):
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(errno.EACCES, "its folder cannot be written")
        _close_to_others(path)
    engine = _engine(URL.create("sqlite", database=str(path)))
    event.listen(engine, "connect", _prepare_writer)
    return Database(engine, path)


def open_for_reading(path: Path) -> Database:
    """An existing database that cannot be written through this connection."""
    query = {"mode": "ro", "uri": "true"}
    if _cannot_gain_a_log(path):
        query["immutable"] = "1"
    engine = _engine(URL.create("sqlite", database=f"file:{quote(str(path))}", query=query))
    event.listen(engine, "connect", _prepare_reader)
    return Database(engine, path)


def _engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        max_overflow=-1,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
    )
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def _prepare_writer(connection: DriverConnection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _prepare_reader(connection: DriverConnection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA query_only = ON")


def _close_to_others(path: Path) -> None:
    """Take a file's mode back to its owner; those SQLite adds beside it get the same mode.

    The file is never opened here: closing any descriptor of it would drop the locks that SQLite holds
    on it elsewhere in this process.
    """
    if path.exists() and path.stat().st_mode & _OTHERS:
        path.chmod(_OWNER_ONLY)


def _cannot_gain_a_log(path: Path) -> bool:
    """Whether nobody is writing and the reader could not make the files WAL needs."""
    has_log = path.with_name(f"{path.name}-wal").exists()
    return not has_log and not os.access(path.parent, os.W_OK)
