"""How does this product open a database on a PostgreSQL server?

A commit is answered when the server has it on its disk. Readers see one state throughout and cannot
write. Writers lock the one row they move. Connections that broke are noticed when they are next
taken, and a server that was restarted or replaced is tried again for a moment.
"""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from workrail_engine.addresses import without_password
from workrail_engine.errors import StoreUnavailableError
from workrail_engine.store.phase import Phase
from workrail_engine.store.refusals_postgresql import READ_ONLY, refusal, state_of

_CONNECT_SECONDS: Final = 5
_LOCK_SECONDS: Final = 5
_CONNECTIONS: Final = 5
_PREPARE: Final = f"""
SELECT set_config('lock_timeout',
         CASE current_setting('lock_timeout') WHEN '0' THEN '{_LOCK_SECONDS}s'
              ELSE current_setting('lock_timeout') END, false),
       set_config('synchronous_commit',
         CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
              ELSE current_setting('synchronous_commit') END, false)
"""
"""Waiting for a row ends, unless the address or the server says when; a commit is on the disk."""


class PostgresPlace:
    """A database on a PostgreSQL server."""

    pauses: Sequence[float] = (0.02, 0.1, 0.3, 1.0)

    def __init__(self, url: str) -> None:
        self.name = without_password(url)
        self._url = _checked(url, self.name)

    def writer(self) -> Engine:
        """Connections that may write; nothing is connected yet."""
        return self._engine()

    def reader(self) -> Engine:
        """Connections whose every transaction is read-only on the server."""
        return self._engine(options="-c default_transaction_read_only=on")

    def looking(self, engine: Engine) -> Engine:
        """One state of the database throughout, and no write."""
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    def acting(self, engine: Engine) -> Engine:
        """The row lock on the session decides who is first; what is read after it is the newest."""
        return engine.execution_options(isolation_level="READ COMMITTED")

    def turn(self) -> AbstractContextManager[object]:
        """Nothing: writers of different sessions do not meet."""
        return nullcontext()

    def was_replaced(self) -> bool:
        """Never unnoticed: the server closes the connections it no longer answers for."""
        return False

    @contextmanager
    def translated(self, phase: Phase) -> Generator[None]:
        """What the server or the driver raises, as a failure of ours."""
        try:
            yield
        except DBAPIError as error:
            raise refusal(error, self.name, phase) from error

    def _engine(self, **arguments: str) -> Engine:
        try:
            engine = create_engine(
                self._url,
                pool_size=_CONNECTIONS,
                max_overflow=_CONNECTIONS,
                pool_pre_ping=True,
                connect_args={"connect_timeout": _CONNECT_SECONDS, **arguments},
            )
        except ModuleNotFoundError as error:
            message = (
                f"The session store {self.name} needs the PostgreSQL driver, which is not installed. "
                "Install it with `pip install 'workrail-engine[postgresql]'`."
            )
            raise StoreUnavailableError(message) from error
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "handle_error", _leave_a_standby)
        return engine


def _checked(url: str, name: str) -> URL:
    """The address for our driver.

    What is wrong with an address is not repeated from below: it could quote the password.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        message = (
            "WORKRAIL_DATABASE_URL is not an address of a database. It looks like "
            "postgresql://user:password@host:5432/name, with special characters in the password "
            "written as %40 and so on."
        )
        raise StoreUnavailableError(message) from None
    if parsed.drivername not in ("postgresql", "postgres", "postgresql+psycopg"):
        message = (
            f"The session store {name} is of a kind this program does not know. "
            "WORKRAIL_DATABASE_URL begins with postgresql://; without it, sessions are kept in a file "
            "under WORKRAIL_HOME."
        )
        raise StoreUnavailableError(message)
    return parsed.set(drivername="postgresql+psycopg")


def _prepare(connection: Any, _record: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_PREPARE)
    connection.commit()


def _leave_a_standby(context: Any) -> None:
    """A server that has become read-only was replaced: every connection to it is given up."""
    if state_of(context.original_exception) == READ_ONLY:
        context.is_disconnect = True
