"""Can a store be used: is it whole, may it be written, has it its key?

Only looks: nothing is made, no lock is taken that others wait for, and rights stay as they are.
"""

import os
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from workrail_engine.projections.store_checkup import StoreCheckup
from workrail_engine.projections.store_status import StoreStatus
from workrail_engine.store import contents
from workrail_engine.store.condition import status_of
from workrail_engine.store.database import open_for_reading, open_for_writing

_MOST_FAULTS: Final = 5
_READ_ONLY: Final = text(
    "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'"
)
_MAY_ADD_ROWS: Final = text("SELECT has_table_privilege('events', 'INSERT')")
_MAY_MAKE_TABLES: Final = text("SELECT has_schema_privilege(current_schema(), 'CREATE')")


def check_up(where: Path | str) -> StoreCheckup:
    """What can be said of a store by looking at it.

    Raises:
        StoreUnavailableError: it cannot be read, or the key of its sessions' tokens is gone.
    """
    status = status_of(where)
    if not status.made:
        return StoreCheckup(status, (), _unwritable(where, made=status.made), has_key=False)
    database = open_for_reading(where)
    try:
        damage = database.read(_damage) if isinstance(where, Path) else ()
        has_key = not damage and database.read(lambda connection: _has_key(connection, status))
    finally:
        database.close()
    return StoreCheckup(status, damage, _unwritable(where, made=status.made), has_key)


def _damage(connection: Connection) -> tuple[str, ...]:
    found = connection.exec_driver_sql(f"PRAGMA quick_check({_MOST_FAULTS})").scalars().all()
    lines = (line for part in found for line in str(part).splitlines())
    return tuple(line for line in lines if line != "ok" and not line.startswith("***"))


def _has_key(connection: Connection, status: StoreStatus) -> bool:
    if status.schema != status.known_schema:
        return True  # an older store is asked once it is up to date
    return contents.token_key(connection) is not None


def _unwritable(where: Path | str, *, made: bool) -> str | None:
    if isinstance(where, str):
        return _refused_by_server(where, made=made)
    if made and not os.access(where, os.W_OK):
        return f"{where} may not be written by this user"
    folder = next(at for at in (where.parent, *where.parents) if at.exists())
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"the folder {folder} may not be written by this user"
    return None


def _refused_by_server(where: str, *, made: bool) -> str | None:
    database = open_for_writing(where)
    try:
        return database.read(lambda connection: _server_says(connection, made=made))
    finally:
        database.close()


def _server_says(connection: Connection, *, made: bool) -> str | None:
    if connection.execute(_READ_ONLY).scalar_one():
        return "the server takes no writes, as a standby does"
    if made and not connection.execute(_MAY_ADD_ROWS).scalar_one():
        return "the database's user may not add rows"
    if not made and not connection.execute(_MAY_MAKE_TABLES).scalar_one():
        return "the database's user may not make tables"
    return None
