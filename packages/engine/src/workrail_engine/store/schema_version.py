"""Is the database's schema today's, and if not, what then?

The version is one number, read before anything heavy is loaded. A new database gets today's schema at
once; an older one is migrated by Alembic, which only then is imported; a newer one is refused and
left alone. Of several processes that find it behind, one brings it up to date and the others wait.
From then on every transaction looks at the number again: a store that is brought further under a
running program is not touched by it any more.
"""

from sqlalchemy import Connection, Index
from sqlalchemy.schema import CreateIndex, CreateTable

from workrail_engine.errors import StoreUnavailableError
from workrail_engine.store import schema
from workrail_engine.store.database import Database
from workrail_engine.store.dialect import dialect_of


def ensure_schema(database: Database) -> None:
    """Bring a database to today's schema.

    Raises:
        StoreUnavailableError: it is newer than this program, or not a session store at all.
    """
    if version_of(database) != schema.SCHEMA_VERSION:
        _bring_up_to_date(database)
    _hold(database)


def _bring_up_to_date(database: Database) -> None:
    with database.writing() as connection:
        dialect = dialect_of(connection)
        dialect.lock_schema(connection)
        version = dialect.version(connection)
        if version == schema.SCHEMA_VERSION:  # another process was quicker
            return
        tables = dialect.tables(connection)
        if not tables:
            create_schema(connection)
        elif "alembic_version" in tables and 0 <= version < schema.SCHEMA_VERSION:
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
        dialect = dialect_of(connection)
        version, tables = dialect.version(connection), dialect.tables(connection)
    if version == schema.SCHEMA_VERSION:
        _hold(database)
        return True
    if not tables:
        return False
    if 0 < version < schema.SCHEMA_VERSION:
        message = (
            f"The session store {database.name} was written by an older WorkRail and is brought up to "
            "date when it is next written. Run `workrail db upgrade`, then try again."
        )
        raise StoreUnavailableError(message)
    raise _refused(database, version, tables)


def create_schema(connection: Connection) -> None:
    """Make today's tables in an empty database."""
    for table in schema.metadata.sorted_tables:
        connection.execute(CreateTable(table))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            _put_condition(index, connection.dialect.name)
            connection.execute(CreateIndex(index))
    for statement in schema.VERSION_STATEMENTS:
        connection.exec_driver_sql(statement)
    dialect_of(connection).complete_schema(connection)


def _put_condition(index: Index, dialect: str) -> None:
    """Let a partial index have the condition of the schema, whatever the database."""
    index.dialect_options[dialect]["where"] = index.dialect_options["sqlite"]["where"]


def _refused(database: Database, version: int, tables: set[str]) -> StoreUnavailableError:
    if version > schema.SCHEMA_VERSION:
        return StoreUnavailableError(
            f"The session store {database.name} was written by a newer WorkRail: its schema is number "
            f"{version} and this program knows {schema.SCHEMA_VERSION}. Nothing was changed. Install "
            "the newer WorkRail here too, or set WORKRAIL_HOME or WORKRAIL_DATABASE_URL to another store."
        )
    return StoreUnavailableError(
        f"{database.name} is a database, but not a session store: it holds the table "
        f"'{min(tables)}'. Set WORKRAIL_HOME or WORKRAIL_DATABASE_URL to another place."
    )


def _hold(database: Database) -> None:
    """Have every transaction from now on begin with a look at the number."""

    def check(connection: Connection) -> None:
        version = dialect_of(connection).version_now(connection)
        if version != schema.SCHEMA_VERSION:
            raise _changed(database, version)

    database.hold_to(check)


def _changed(database: Database, version: int) -> StoreUnavailableError:
    if version > schema.SCHEMA_VERSION:
        return StoreUnavailableError(
            f"The session store {database.name} was brought up to date by a newer WorkRail while this "
            f"program was running: its schema is now number {version} and this program knows "
            f"{schema.SCHEMA_VERSION}. Nothing was recorded. Install the newer WorkRail here if it is not, "
            "start this program again, and make the same call with the same token."
        )
    return StoreUnavailableError(
        f"The session store {database.name} was replaced by an older one while this program was "
        f"running: its schema is number {version}, not {schema.SCHEMA_VERSION}. Nothing was recorded. Start "
        "this program again; it brings the store up to date. Then make the same call."
    )


def version_of(database: Database) -> int:
    """The number of a database's schema; 0 before there is one."""
    return database.read(lambda connection: dialect_of(connection).version(connection))
