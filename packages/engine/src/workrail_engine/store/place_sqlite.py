"""How does this product open a SQLite file?

Durable before it is answered: WAL with `synchronous=FULL`. Writers begin with `BEGIN IMMEDIATE`, so a
transaction that has begun can finish; readers begin plainly and never wait for a writer. The driver
begins nothing by itself. Only the owner may read the files: the log of a session can hold anything.
"""

import errno
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from sqlite3 import Connection as DriverConnection
from threading import Lock
from typing import Final
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event

from workrail_engine.store.phase import Phase
from workrail_engine.store.refusals import translated

BUSY_TIMEOUT_MS: Final = 5000
_BEGIN: Final = "workrail_begin"
_OWNER_ONLY: Final = 0o600
_OTHERS: Final = 0o077


class SqlitePlace:
    """A SQLite file."""

    pauses: Sequence[float] = ()

    def __init__(self, path: Path, called: Path | None = None) -> None:
        self._file = path
        self._identity = _identity(path)
        self._called = called or path
        self.name = str(self._called)
        self._one_writer = Lock()

    def writer(self) -> Engine:
        """Connections that may write; StoreUnavailableError when the file is not ours to write.

        The file is made when it is not there now, but not when it goes later.
        """
        with translated(self._called):
            if not os.access(self._file.parent, os.W_OK):
                raise PermissionError(errno.EACCES, "its folder cannot be written")
            _close_to_others(self._file)
        engine = _engine(_url(self._file, mode="rw" if self._file.exists() else "rwc"))
        event.listen(engine, "connect", _prepare_writer)
        return engine

    def reader(self) -> Engine:
        """Connections to an existing file that cannot write."""
        unchanging = {"immutable": "1"} if _cannot_gain_a_log(self._file) else {}
        engine = _engine(_url(self._file, mode="ro", **unchanging))
        event.listen(engine, "connect", _prepare_reader)
        return engine

    def looking(self, engine: Engine) -> Engine:
        """A plain `BEGIN`: one state of the file throughout, no lock."""
        return engine

    def acting(self, engine: Engine) -> Engine:
        """`BEGIN IMMEDIATE`: the write lock at once."""
        return engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})

    def turn(self) -> AbstractContextManager[object]:
        """One writer a process: the others would only wait for the file's lock, less fairly."""
        return self._one_writer

    def was_replaced(self) -> bool:
        """Whether another file took the place of this one, as when a backup is restored.

        What is written to a file without a name is lost, and nobody would be told.
        """
        identity = _identity(self._file)
        if identity == self._identity:
            return False
        self._identity = identity
        return True

    def translated(self, phase: Phase) -> AbstractContextManager[None]:  # noqa: ARG002 (a file's commit is never in doubt)
        """What SQLite or the file system raises, as a failure of ours."""
        return translated(self._called)


def _url(path: Path, **query: str) -> URL:
    """A file by its address, whose `mode` says whether SQLite may make it."""
    return URL.create("sqlite", database=f"file:{quote(str(path))}", query={"uri": "true", **query})


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
    connection.text_factory = _text
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _prepare_reader(connection: DriverConnection, _record: object) -> None:
    connection.isolation_level = None
    connection.text_factory = _text
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA query_only = ON")


def _text(stored: bytes) -> str:
    """A stored text; damaged bytes are shown as such, so that one row cannot hide the others."""
    return stored.decode("utf-8", "replace")


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file a path names now; None when it names none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


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
