"""What does it mean when the database or the disk refuses, and what should one do?"""

import errno
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from workrail_engine.errors import ConflictError, StoreUnavailableError

_PRIMARY_CODE = 0xFF
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


def _refusal(error: BaseException, path: Path) -> StoreUnavailableError | ConflictError:
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _TAKEN:
        return ConflictError(
            "Someone else wrote the same place of the session first. Nothing was recorded; try again."
        )
    return StoreUnavailableError(
        f"The session store {path} {_reason(code & _PRIMARY_CODE, error)} (SQLite: {error})"
    )


def _reason(code: int, error: BaseException) -> str:
    match code:
        case sqlite3.SQLITE_FULL:
            reason = (
                "has no room: the disk is full. Nothing was recorded. Free some space and retry."
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            reason = (
                "is read-only. Nothing was recorded. Make the file and its folder writable for this "
                "user, or set WORKRAIL_HOME to a folder that is."
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            reason = (
                "is locked: another process has held it for seconds. Nothing was recorded. Retry; if "
                "it stays so, look for a process that copies or inspects the file."
            )
        case sqlite3.SQLITE_NOTADB:
            reason = (
                "is not a database. Move the file away to start with an empty store, or restore it "
                "from a backup."
            )
        case sqlite3.SQLITE_CORRUPT:
            reason = (
                "is damaged. Copy the file to a safe place, then restore a backup or recover what can "
                "be read with `sqlite3 FILE .recover`."
            )
        case sqlite3.SQLITE_CANTOPEN:
            reason = (
                "cannot be opened. Check that its folder is there and that this user may read and "
                "write in it, or set WORKRAIL_HOME to one that is."
            )
        case sqlite3.SQLITE_IOERR:
            reason = "could not be read or written: the disk reported an error. Check the disk."
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
