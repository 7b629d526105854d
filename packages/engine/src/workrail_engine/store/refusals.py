"""What does it mean when the database or the disk refuses, and what should one do?"""

import errno
import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from workrail_engine.errors import ConflictError, StoreDamagedError, StoreUnavailableError

_PRIMARY_CODE = 0xFF
_LEAST_ROOM = 64 * 1024
"""With fewer free bytes than this, an error of the disk means that it is full."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_TAKEN = {
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
}


@contextmanager
def translated(path: Path) -> Generator[None]:
    """Whatever the database or the file system raises inside leaves as a failure of ours."""
    try:
        yield
    except DBAPIError as error:
        raise _refusal(error.orig or error, path) from error
    except OSError as error:
        raise _file_refusal(error, path) from error


@contextmanager
def noticing_damage() -> Generator[None]:
    """A part of the file that cannot be read leaves as `StoreDamagedError`, all else as it came.

    For those who go on with what other parts hold.
    """
    try:
        yield
    except DBAPIError as error:
        if _primary_code(error.orig) not in _DAMAGE:
            raise
        message = f"The database file is damaged here (SQLite: {error.orig})."
        raise StoreDamagedError(message) from error


def _primary_code(error: BaseException | None) -> int:
    return getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE


def _refusal(error: BaseException, path: Path) -> StoreUnavailableError | ConflictError:
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _TAKEN:
        return ConflictError(
            "Someone else wrote the same place of the session first. Nothing was recorded; try again."
        )
    primary = _primary_code(error)
    if primary == sqlite3.SQLITE_IOERR and _is_full(path):
        primary = sqlite3.SQLITE_FULL
    message = f"The session store {path} {_reason(primary, error)} (SQLite: {error})"
    if primary in _DAMAGE:
        return StoreDamagedError(message)
    return StoreUnavailableError(message)


def _is_full(path: Path) -> bool:
    """Whether an error of the disk has so plain a cause: SQLite does not always tell it."""
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _LEAST_ROOM


def _reason(code: int, error: BaseException) -> str:
    match code:
        case sqlite3.SQLITE_FULL:
            reason = (
                "has no room: the disk is full. Nothing was recorded. Free some space, then make the "
                "same call again."
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            reason = (
                "is read-only. Nothing was recorded. Make the file and its folder writable for this "
                "user, or set WORKRAIL_HOME to a folder that is."
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            reason = (
                "is locked: another process has held it for seconds. Nothing was recorded. Make the "
                "same call again; if it stays so, look for a process that copies or inspects the file."
            )
        case sqlite3.SQLITE_NOTADB:
            reason = (
                "is not a database. Move the file away to start with an empty store, or restore it "
                "from a backup."
            )
        case sqlite3.SQLITE_CORRUPT:
            reason = (
                "is damaged in the part this needs; sessions in other parts can still be used. Copy the "
                "file to a safe place, see with `workrail session verify --all` what is whole, then "
                "restore a backup or salvage with `workrail session repair`."
            )
        case sqlite3.SQLITE_CANTOPEN:
            reason = (
                "cannot be opened. Check that its folder is there and that this user may read and "
                "write in it, or set WORKRAIL_HOME to one that is."
            )
        case sqlite3.SQLITE_IOERR:
            reason = (
                "could not be read or written: the disk reported an error. Check the disk, then make "
                "the same call again; what did get recorded is not recorded twice."
            )
        case _:
            reason = f"refused: {type(error).__name__}. Nothing was recorded."
    return reason


def _file_refusal(error: OSError, path: Path) -> StoreUnavailableError:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            remedy = "The disk is full; free some space and retry."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            remedy = (
                "Make the folder writable for this user, or set WORKRAIL_HOME to a folder that is."
            )
        case errno.ENOTDIR | errno.EEXIST | errno.EISDIR:
            remedy = "A file is where a folder is needed; move it, or set WORKRAIL_HOME elsewhere."
        case _:
            remedy = "Check the disk and WORKRAIL_HOME."
    return StoreUnavailableError(
        f"The session store {path} cannot be opened: {error.strerror or error}. {remedy}"
    )
