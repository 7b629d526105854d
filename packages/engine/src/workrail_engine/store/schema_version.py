"""Is the database's schema today's, and if not, what then?

The version is one number in the file's header, read before anything heavy is loaded. A new file gets
today's schema at once; an older one is migrated by Alembic, which only then is imported; a newer one
is refused and left alone.
"""

from sqlalchemy import Connection
from sqlalchemy.schema import CreateIndex, CreateTable

from workrail_engine.errors import StoreUnavailableError
from workrail_engine.store import schema
from workrail_engine.store.database import Database


def ensure_schema(database: Database) -> None:
    """Bring a database to today's schema.

    Raises:
        StoreUnavailableError: it is newer than this program, or not a session store at all.
    """
    if _version_of(database) == schema.SCHEMA_VERSION:
        return
    with database.writing() as connection:
        version = _version(connection)
        if version == schema.SCHEMA_VERSION:  # another process was quicker
            return
        tables = _tables(connection)
        if not tables:
            create_schema(connection)
        elif "alembic_version" in tables and version < schema.SCHEMA_VERSION:
            from workrail_engine.store.migrate import migrate  # noqa: PLC0415 (Alembic is heavy)

            migrate(connection)
        else:
            raise _refused(database, version, tables)


def is_readable(database: Database) -> bool:
    """Whether a database can be read as it is; False for one that is still empty.

    Raises:
        StoreUnavailableError: it is newer or older than this program, or not a session store.
    """
    with database.reading() as connection:
        version, tables = _version(connection), _tables(connection)
    if version == schema.SCHEMA_VERSION:
        return True
    if not tables:
        return False
    if 0 < version < schema.SCHEMA_VERSION:
        message = (
            f"The session store {database.path} was written by an older WorkRail and is brought up to "
            "date when it is next written. Run `workrail list` once, then try again."
        )
        raise StoreUnavailableError(message)
    raise _refused(database, version, tables)


def create_schema(connection: Connection) -> None:
    """Make today's tables in an empty database."""
    for table in schema.metadata.sorted_tables:
        connection.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            connection.execute(CreateIndex(index))
    connection.exec_driver_sql(schema.SEARCH_DDL)
    for statement in schema.VERSION_STATEMENTS:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"PRAGMA user_version = {schema.SCHEMA_VERSION}")


def _refused(database: Database, version: int, tables: set[str]) -> StoreUnavailableError:
    if version > schema.SCHEMA_VERSION:
        return StoreUnavailableError(
            f"The session store {database.path} was written by a newer WorkRail: its schema is number "
            f"{version} and this program knows {schema.SCHEMA_VERSION}. Nothing was changed. Install "
            "the newer WorkRail here too, or set WORKRAIL_HOME to another folder."
        )
    return StoreUnavailableError(
        f"{database.path} is a database, but not a session store: it holds the table "
        f"'{min(tables)}'. Set WORKRAIL_HOME to another folder, or move the file away."
    )


def _version_of(database: Database) -> int:
    with database.reading() as connection:
        return _version(connection)


def _version(connection: Connection) -> int:
    return connection.exec_driver_sql("PRAGMA user_version").scalar_one()


def _tables(connection: Connection) -> set[str]:
    return set(connection.exec_driver_sql("SELECT name FROM sqlite_schema").scalars())
