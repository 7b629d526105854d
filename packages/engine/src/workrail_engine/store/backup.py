"""How is a store that is in use copied into a file?

With SQLite's own backup, in one step and from one state, while others go on writing. The copy is
made under another name, checked, and only then given its own, which must be free.
"""

import os
import tempfile
from pathlib import Path
from sqlite3 import Connection as DriverConnection

from sqlalchemy import Connection, func, select

from workrail_engine.addresses import without_password
from workrail_engine.errors import InvalidInputError, StoreError, StoreUnavailableError
from workrail_engine.projections.store_status import Backup
from workrail_engine.store import schema
from workrail_engine.store.database import open_for_reading, open_for_writing
from workrail_engine.store.new_store import sync_folder
from workrail_engine.store.refusals import translated


def back_up(where: Path | str, target: Path) -> Backup:
    """Copy a store into a new file.

    Raises:
        InvalidInputError: there is a file of that name, or no store to copy.
        StoreUnavailableError: the store cannot be read, the copy cannot be written, or the store is on
            a server, which has a tool for this.
        StoreError: the copy is damaged, so the store is.
    """
    if isinstance(where, str):
        message = (
            "The session store is on a PostgreSQL server, whose own tool makes backups: "
            f"pg_dump --format=custom --file={target} '{without_password(where)}' (with your password "
            "in place of ***). Nothing was written."
        )
        raise StoreUnavailableError(message)
    if not where.exists():
        message = f"There is no session store at {where} yet, so there is nothing to back up."
        raise InvalidInputError(message)
    with translated(target):
        if target.exists():
            raise _taken(target)
        descriptor, name = tempfile.mkstemp(prefix=".backup-", suffix=".db", dir=target.parent)
        os.close(descriptor)
        draft = Path(name)
        try:
            _copy(where, draft)
            sessions = _checked(draft)
            _give_name(draft, target)
        finally:
            for ending in ("", "-wal", "-shm", "-journal"):
                draft.with_name(draft.name + ending).unlink(missing_ok=True)
    return Backup(str(target), target.stat().st_size, sessions)


def _copy(where: Path, draft: Path) -> None:
    source, copy = open_for_reading(where), open_for_writing(draft)
    try:
        with source.reading() as reading, copy.reading() as writing:
            writing.rollback()
            _driver(reading).backup(_driver(writing))
            # A backup is one file: what a log beside it would hold must be in it.
            _driver(writing).execute("PRAGMA journal_mode = DELETE")
    finally:
        source.close()
        copy.close()


def _checked(draft: Path) -> int:
    """How many sessions a copy has.

    Raises:
        StoreError: something in it is damaged.
    """
    copy = open_for_reading(draft)
    try:
        with copy.reading() as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar_one()
            if found != "ok":
                message = (
                    f"The session store is damaged, and so would its backup be: {found}. Nothing was "
                    "kept. Run `workrail session verify --all` to see what is whole."
                )
                raise StoreError(message)
            count = select(func.count()).select_from(schema.sessions)
            return connection.execute(count).scalar_one()
    finally:
        copy.close()


def _give_name(draft: Path, target: Path) -> None:
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        target.hardlink_to(draft)
    except FileExistsError as error:
        raise _taken(target) from error
    sync_folder(target.parent)


def _taken(target: Path) -> InvalidInputError:
    return InvalidInputError(
        f"{target} is there already. A backup never takes the place of a file; give another name."
    )


def _driver(connection: Connection) -> DriverConnection:
    driver = connection.connection.driver_connection
    if not isinstance(driver, DriverConnection):
        message = "only a SQLite database is copied this way"
        raise TypeError(message)
    return driver
