"""What does SQLite do in a way of its own?

The schema's number is in the file's header. Full-text search is FTS5 with an index and no second
copy of the text.
"""

import json
from collections.abc import Sequence, Set
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    insert,
    literal_column,
    select,
    text,
)

from workrail_engine.store import schema
from workrail_engine.store.said import Said
from workrail_engine.store.wanted import Piece, Term, Wanted

_search = Table(
    "search",
    MetaData(),
    Column("rowid", Integer, primary_key=True),
    Column("goal", Text),
    Column("title", Text),
    Column("notes", Text),
    Column("artifacts", Text),
)
"""Described for statements only; `_SEARCH_DDL` makes it."""

_SEARCH_DDL: Final = (
    "CREATE VIRTUAL TABLE search USING fts5"
    "(goal, title, notes, artifacts, content='', tokenize='unicode61 remove_diacritics 2')"
)
_SESSION: Final = f"rowid / {schema.EVENTS_PER_SESSION}"
_NEWEST: Final = " ORDER BY rowid DESC LIMIT :most"
_UNINDEX: Final = text(
    "INSERT INTO search (search, rowid, goal, title, notes, artifacts)"
    " VALUES ('delete', :place, :goal, :title, :notes, :artifacts)"
)
_INDEXED: Final = text(
    "SELECT rowid FROM search WHERE rowid BETWEEN :first AND :last ORDER BY rowid"
)


class SqliteDialect:
    """SQLite."""

    def version(self, connection: Connection) -> int:
        """The number in the file's header."""
        return connection.exec_driver_sql("PRAGMA user_version").scalar_one()

    def tables(self, connection: Connection) -> set[str]:
        """The names of everything in the file."""
        return set(connection.exec_driver_sql("SELECT name FROM sqlite_schema").scalars())

    def lock_schema(self, connection: Connection) -> None:
        """Nothing: a transaction that writes has the whole file to itself."""

    def hold_still(self, connection: Connection) -> None:
        """Nothing: a transaction that writes keeps others from it."""

    def complete_schema(self, connection: Connection) -> None:
        """The full-text index and the number."""
        connection.exec_driver_sql(_SEARCH_DDL)
        connection.exec_driver_sql(f"PRAGMA user_version = {schema.SCHEMA_VERSION}")

    def size(self, connection: Connection) -> int:
        """The pages of the file, without its log."""
        statement = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        return connection.exec_driver_sql(statement).scalar_one()

    def next_numbers(self, connection: Connection) -> None:
        """Nothing: a new row gets the number after the highest."""

    def index(self, connection: Connection, place: int, said: Said) -> None:
        """One row of the full-text index."""
        connection.execute(insert(_search), {"rowid": place, **asdict(said)})

    def unindex(self, connection: Connection, place: int, said: Said) -> None:
        """The index holds no text, so it is told the words it has to forget."""
        connection.execute(_UNINDEX, {"place": place, **asdict(said)})

    def indexed(self, connection: Connection, session: int) -> Sequence[int]:
        """By the index's own list of what it holds."""
        first = session * schema.EVENTS_PER_SESSION
        values = {"first": first, "last": first + schema.EVENTS_PER_SESSION - 1}
        return connection.execute(_INDEXED, values).scalars().all()

    def says(self, term: Term, name: str) -> ColumnElement[bool]:
        """A whole word is asked for session by session, which ends when a page is full.

        For the beginning of a word the index would gather all it leads to each time; so once.
        """
        match: BindParameter[str] = bindparam(name, _one(term))
        said = select(literal_column(_SESSION, Integer)).select_from(_search)
        said = said.where(literal_column("search").op("MATCH", is_comparison=True)(match))
        number = schema.sessions.c.number
        if term.beginning:
            return number.in_(said)
        first = number * schema.EVENTS_PER_SESSION
        here = _search.c.rowid.between(first, first + schema.EVENTS_PER_SESSION - 1)
        return said.where(here).correlate(schema.sessions).exists()

    def holds(self, shown: ColumnElement[Any], part: str) -> ColumnElement[bool]:
        """`LIKE` of SQLite makes no difference of case."""
        return shown.contains(part, autoescape=True)

    def pieces(
        self, connection: Connection, wanted: Wanted, within: Set[int] | None, most: int
    ) -> Sequence[int]:
        """Read from the newest on, so that a common word costs no more than is asked for."""
        statement = f"SELECT rowid FROM search WHERE search MATCH :match{_within(within)}{_NEWEST}"  # noqa: S608 (parts of ours)
        values = {"match": _match(wanted), "within": _listed(within), "most": most}
        return connection.execute(text(statement), values).scalars().all()

    def scored(
        self, connection: Connection, wanted: Wanted, within: Set[int] | None, most: int
    ) -> Sequence[Piece]:
        """Scored with BM25."""
        statement = (
            "SELECT rowid AS place, bm25(search, 8.0, 4.0, 2.0, 1.0) AS score"  # noqa: S608 (parts of ours)
            f" FROM search WHERE search MATCH :match{_within(within)}{_NEWEST}"
        )
        values = {"match": _match(wanted), "within": _listed(within), "most": most}
        return [Piece(*row) for row in connection.execute(text(statement), values)]

    def speaking(
        self, connection: Connection, term: Term, within: Set[int] | None
    ) -> Sequence[int]:
        """By the index; a row's id holds its session's number."""
        statement = (
            f"SELECT DISTINCT {_SESSION} FROM search WHERE search MATCH :match{_within(within)}"  # noqa: S608 (parts of ours)
        )
        values = {"match": _match(Wanted((term,))), "within": _listed(within)}
        return connection.execute(text(statement), values).scalars().all()


def _within(sessions: Set[int] | None) -> str:
    """SQLite numbers parameters by name, so one that a statement does not name may be given."""
    if sessions is None:
        return ""
    return f" AND {_SESSION} IN (SELECT value FROM json_each(:within))"  # noqa: S608 (parts of ours)


def _listed(sessions: Set[int] | None) -> str:
    return json.dumps(sorted(sessions or ()))


def _match(wanted: Wanted) -> str:
    return (" AND " if wanted.every else " OR ").join(_one(term) for term in wanted.terms)


def _one(term: Term) -> str:
    quoted = term.text.replace('"', '""')
    return f'"{quoted}"*' if term.beginning else f'"{quoted}"'
