"""What does each kind of database do in a way of its own?

Statements are shared. What cannot be, is asked for here: `dialect_of` finds who answers.
"""

from collections.abc import Collection, Sequence, Set
from typing import Final, Protocol

from sqlalchemy import ColumnElement, Connection, Table

from workrail_engine.store.dialect_postgresql import PostgresDialect
from workrail_engine.store.dialect_sqlite import SqliteDialect
from workrail_engine.store.moved import Moved
from workrail_engine.store.said import Said
from workrail_engine.store.wanted import Newest, Piece, Term, Wanted


class Dialect(Protocol):
    """One kind of database."""

    def version(self, connection: Connection) -> int:
        """The number of the schema; 0 before there is one, -1 when it is not one of ours."""
        ...

    def version_now(self, connection: Connection) -> int:
        """The same number where there is a schema; cheap enough for every transaction."""
        ...

    def tables(self, connection: Connection) -> set[str]:
        """The names of what is in the database."""
        ...

    def lock_schema(self, connection: Connection) -> None:
        """Keep others from changing the schema until this transaction ends."""
        ...

    def hold_still(self, connection: Connection) -> None:
        """Keep others from writing anything until this transaction ends."""
        ...

    def complete_schema(self, connection: Connection) -> None:
        """Make what plain tables do not cover, and write down the schema's number."""
        ...

    def size(self, connection: Connection) -> int:
        """How many bytes the database takes."""
        ...

    def about_how_many(self, connection: Connection, table: Table) -> int:
        """How many rows a table has; of very many on a server, what the server thinks."""
        ...

    def journal(self, connection: Connection) -> str | None:
        """How a file keeps its changes; None on a server."""
        ...

    def pulse(self, connection: Connection) -> int | None:
        """A number that moves with what others commit; None where it is no cheaper than to look.

        Always of the same connection, which must not be in a transaction.
        """
        ...

    def moved(self, connection: Connection, after: str | None, most: int) -> Moved | None:
        """What was committed after a place, whatever the clocks of the writers said.

        Args:
            connection: to the database.
            after: the place; None for nothing but the present one.
            most: so many sessions at most are named.

        Returns:
            None when `after` is no place of this kind of database.
        """
        ...

    def events_at(
        self, connection: Connection, places: Sequence[tuple[int, int]]
    ) -> Sequence[tuple[int, int, str]]:
        """The payloads of some events, each with its session's number and its place in the log.

        SQLite would go through the whole log for a plain list of places.
        """
        ...

    def now(self, connection: Connection, here: int) -> int:
        """The time that counts for leases: of the server, or of the one machine that has the file.

        Args:
            connection: to the database.
            here: what this process takes the time to be, in microseconds since 1970.
        """
        ...

    def present(self) -> ColumnElement[int]:
        """The same time, to compare with in a statement that is given `here`."""
        ...

    def next_numbers(self, connection: Connection) -> None:
        """Go on counting after the highest numbers in the tables, when rows brought their own."""
        ...

    def index(self, connection: Connection, place: int, said: Said) -> None:
        """Make a piece of text findable, at a place that has none yet."""
        ...

    def unindex(self, connection: Connection, place: int, said: Said) -> None:
        """Take a piece of text out of the index again; `said` is what was put in."""
        ...

    def indexed(self, connection: Connection, session: int) -> Sequence[int]:
        """The places of a session's pieces of text, ascending."""
        ...

    def says(self, term: Term) -> ColumnElement[bool]:
        """A condition on `sessions`: a piece of text of it holds a term; all that do are gathered."""
        ...

    def among(self, numbers: Collection[int]) -> ColumnElement[bool]:
        """A condition on `sessions`: it is one of these, which may be many."""
        ...

    def newest(
        self, connection: Connection, wanted: Wanted, within: Set[int] | None, most: int
    ) -> Newest:
        """The sessions with the newest pieces of text that fit, newest first.

        Args:
            connection: to the database.
            wanted: its terms are text, never syntax.
            within: only these sessions; all when left out.
            most: so many at most; of pieces, eight times as many are looked at.
        """
        ...

    def scored(
        self, connection: Connection, wanted: Wanted, within: Set[int] | None, most: int
    ) -> Sequence[Piece]:
        """The newest pieces of text that fit, newest first, and how well each does."""
        ...

    def places(
        self, connection: Connection, wanted: Wanted, sessions: Sequence[int], most: int
    ) -> Sequence[int]:
        """The places of the newest pieces of text that fit, so many of each session at most."""
        ...

    def speaking_between(
        self, connection: Connection, term: Term, runs: Sequence[tuple[int, int]]
    ) -> Sequence[int]:
        """The numbers of the sessions that hold a term, each once, from some numbers to others."""
        ...

    def speaking(
        self, connection: Connection, term: Term, within: Set[int] | None
    ) -> Sequence[int]:
        """The numbers of the sessions with a piece that holds a term, each once."""
        ...


_DIALECTS: Final[dict[str, Dialect]] = {
    "sqlite": SqliteDialect(),
    "postgresql": PostgresDialect(),
}


def dialect_of(connection: Connection) -> Dialect:
    """Who answers for the database behind a connection."""
    return _DIALECTS[connection.dialect.name]
