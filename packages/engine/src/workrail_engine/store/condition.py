"""How is the store: which, how big, how much is in it, and is its schema today's?"""

from pathlib import Path

from sqlalchemy import Connection, func, select

from workrail_engine.projections.store_status import StoreStatus, Upgrade
from workrail_engine.store import schema
from workrail_engine.store.database import Database, open_for_reading, open_for_writing
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.new_store import make_store
from workrail_engine.store.schema_version import ensure_schema, version_of


def status_of(where: Path | str) -> StoreStatus:
    """What can be seen of a store, whatever its version; nothing is changed and nothing is made.

    Raises:
        StoreUnavailableError: it cannot be read.
    """
    if isinstance(where, Path) and not where.exists():
        return StoreStatus(
            kind="sqlite",
            place=str(where),
            made=False,
            schema=0,
            known_schema=schema.SCHEMA_VERSION,
            size=0,
            counts=(),
        )
    database = open_for_reading(where)
    try:
        return database.read(lambda connection: _status(connection, database, where))
    finally:
        database.close()


def upgrade(where: Path | str) -> Upgrade:
    """Bring a store up to date, and say from what.

    Raises:
        StoreUnavailableError: it cannot be written, is newer than this program, or no store.
    """
    was_there = isinstance(where, str) or where.exists()
    if isinstance(where, Path):
        make_store(where)
    database = open_for_writing(where)
    try:
        before = version_of(database) if was_there else 0
        ensure_schema(database)
        return Upgrade(database.name, before, schema.SCHEMA_VERSION)
    finally:
        database.close()


def counts_of(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in schema.metadata.sorted_tables
    }


def _status(connection: Connection, database: Database, where: Path | str) -> StoreStatus:
    dialect = dialect_of(connection)
    version = dialect.version(connection)
    size = dialect.size(connection)
    if isinstance(where, Path):
        log = where.with_name(f"{where.name}-wal")
        size += log.stat().st_size if log.exists() else 0
    return StoreStatus(
        kind="sqlite" if isinstance(where, Path) else "postgresql",
        place=database.name,
        made=version > 0,
        schema=max(version, 0),
        known_schema=schema.SCHEMA_VERSION,
        size=size,
        counts=tuple(counts_of(connection).items()) if version == schema.SCHEMA_VERSION else (),
    )
