"""What does SQLite do in a way of its own?

The schema's number is in the file's header. Full-text search is FTS5 with an index and no second
copy of the text.
"""

import json
from collections.abc import Collection, Sequence, Set
from sqlite3 import Connection as DriverConnection
from sqlite3 import Error as DriverError
from typing import Final, cast

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    text,
)

from workrail_engine.store import schema
from workrail_engine.store.moved import Moved
from workrail_engine.store.moved_sqlite import moved
from workrail_engine.store.parts import parts_wanted
from workrail_engine.store.said import Said
from workrail_engine.store.wanted import PIECES_A_SESSION, Newest, Piece, Term, Wanted

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

_VERSION: Final = "PRAGMA user_version"
_SEARCH_DDL: Final = (
    "CREATE VIRTUAL TABLE search USING fts5"
    "(goal, title, notes, artifacts, content='', tokenize='unicode61 remove_diacritics 2')"
)
_SESSION: Final = f"rowid / {schema.EVENTS_PER_SESSION}"
_BETWEEN: Final = text(
    f"SELECT DISTINCT search.{_SESSION} FROM json_each(:runs) AS run CROSS JOIN search"  # noqa: S608 (parts of ours)
    f" WHERE search MATCH :match AND search.rowid BETWEEN json_extract(run.value, '$[0]') * {schema.EVENTS_PER_SESSION}"
    f" AND json_extract(run.value, '$[1]') * {schema.EVENTS_PER_SESSION} + {schema.EVENTS_PER_SESSION - 1}"
)
_PLACES: Final = text(
    "SELECT (SELECT json_group_array(place) FROM (SELECT search.rowid AS place FROM search"  # noqa: S608 (parts of ours)
    f" WHERE search MATCH :match AND search.rowid BETWEEN one.value * {schema.EVENTS_PER_SESSION}"
    f" AND one.value * {schema.EVENTS_PER_SESSION} + {schema.EVENTS_PER_SESSION - 1}"
    " ORDER BY search.rowid DESC LIMIT :most)) FROM json_each(:sessions) AS one"
)
_EVENTS_AT: Final = text(
    "SELECT events.session, events.seq, events.payload FROM json_each(:places) AS one CROSS JOIN"
    " events ON events.session = json_extract(one.value, '$[0]')"
    " AND events.seq = json_extract(one.value, '$[1]')"
)
_PULSE: Final = "PRAGMA data_version"
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
        return connection.exec_driver_sql(_VERSION).scalar_one()

    def version_now(self, connection: Connection) -> int:
        """Asked of the driver itself, which costs microseconds; what it refuses is asked again."""
        if not connection.in_transaction():
            connection.begin()
        driver = cast("DriverConnection", connection.connection.driver_connection)
        try:
            (number,) = driver.execute(_VERSION).fetchone()
        except DriverError:
            return self.version(connection)
        return int(number)

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

    def about_how_many(self, connection: Connection, table: Table) -> int:
        """Exactly, by the smallest index."""
        return connection.execute(select(func.count()).select_from(table)).scalar_one()

    def journal(self, connection: Connection) -> str | None:
        """As SQLite calls it."""
        return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar_one())

    def pulse(self, connection: Connection) -> int | None:
        """Asked of the driver itself, which begins no transaction; looking tells why it refuses."""
        driver = cast("DriverConnection", connection.connection.driver_connection)
        try:
            (number,) = driver.execute(_PULSE).fetchone()
        except DriverError:
            return None
        return int(number)

    def moved(self, connection: Connection, after: str | None, most: int) -> Moved | None:
        """By the row ids of events."""
        return moved(connection, after, most)

    def events_at(
        self, connection: Connection, places: Sequence[tuple[int, int]]
    ) -> Sequence[tuple[int, int, str]]:
        """Each by the key."""
        rows = connection.execute(_EVENTS_AT, {"places": json.dumps([*places])})
        return rows.all()

    def now(self, connection: Connection, here: int) -> int:  # noqa: ARG002 (a file has no clock)
        """What this machine's clock says: whoever writes to the file is on it."""
        return here

    def present(self) -> ColumnElement[int]:
        """The time as it is given."""
        return bindparam("here", type_=Integer)

    def next_numbers(self, connection: Connection) -> None:
        """Nothing: a new row gets the number after the highest."""

    def index(self, connection: Connection, place: int, said: Said) -> None:
        """One row of the full-text index."""
        connection.execute(insert(_search), {"rowid": place, **_columns(said)})

    def unindex(self, connection: Connection, place: int, said: Said) -> None:
        """The index holds no text, so it is told the words it has to forget."""
        connection.execute(_UNINDEX, {"place": place, **_columns(said)})

    def indexed(self, connection: Connection, session: int) -> Sequence[int]:
        """By the index's own list of what it holds."""
        first = session * schema.EVENTS_PER_SESSION
        values = {"first": first, "last": first + schema.EVENTS_PER_SESSION - 1}
        return connection.execute(_INDEXED, values).scalars().all()

    def says(self, term: Term) -> ColumnElement[bool]:
        """By the index, once."""
        said = select(literal_column(_SESSION, Integer)).select_from(_search)
        match = literal_column("search").op("MATCH", is_comparison=True)(_one(term))
        return schema.sessions.c.number.in_(said.where(match))

    def among(self, numbers: Collection[int]) -> ColumnElement[bool]:
        """As one parameter, whose numbers SQLite takes apart."""
        each = func.json_each(json.dumps([*numbers])).table_valued("value")
        return schema.sessions.c.number.in_(select(each.c.value))

    def newest(
        self, connection: Connection, wanted: Wanted, within: Set[int] | None, most: int
    ) -> Newest:
        """Read from the newest on, so that a common word costs no more than is asked for."""
        pieces = f"FROM search WHERE search MATCH :match{_within(within)}"
        newest = f"SELECT {_SESSION} AS session {pieces} ORDER BY rowid DESC LIMIT :pieces"
        statement = f"SELECT DISTINCT session FROM ({newest}) LIMIT :most"  # noqa: S608 (parts of ours)
        values = {"match": _match(wanted), "within": _listed(within), "most": most}
        looked_at = {"pieces": most * PIECES_A_SESSION}
        sessions = connection.execute(text(statement), values | looked_at).scalars().all()
        if len(sessions) == most:
            return Newest(tuple(sessions), complete=False)
        further = text(f"SELECT 1 {pieces} LIMIT 1 OFFSET :pieces")
        more = connection.execute(further, values | looked_at).scalar() is not None
        return Newest(tuple(sessions), complete=not more)

    def scored(
        self, connection: Connection, wanted: Wanted, within: Set[int] | None, most: int
    ) -> Sequence[Piece]:
        """Scored with BM25; read from the newest on."""
        statement = (
            "SELECT rowid AS place, bm25(search, 8.0, 4.0, 2.0, 1.0) AS score"  # noqa: S608 (parts of ours)
            f" FROM search WHERE search MATCH :match{_within(within)}{_NEWEST}"
        )
        values = {"match": _match(wanted), "within": _listed(within), "most": most}
        return [Piece(*row) for row in connection.execute(text(statement), values)]

    def places(
        self, connection: Connection, wanted: Wanted, sessions: Sequence[int], most: int
    ) -> Sequence[int]:
        """The index is entered once for each session."""
        values = {"match": _match(wanted), "sessions": json.dumps([*sessions]), "most": most}
        found = connection.execute(_PLACES, values).scalars()
        return [int(place) for places in found for place in json.loads(places)]

    def speaking(
        self, connection: Connection, term: Term, within: Set[int] | None
    ) -> Sequence[int]:
        """By the index; a row's id holds its session's number."""
        statement = (
            f"SELECT DISTINCT {_SESSION} FROM search WHERE search MATCH :match{_within(within)}"  # noqa: S608 (parts of ours)
        )
        values = {"match": _match(Wanted((term,))), "within": _listed(within)}
        return connection.execute(text(statement), values).scalars().all()

    def speaking_between(
        self, connection: Connection, term: Term, runs: Sequence[tuple[int, int]]
    ) -> Sequence[int]:
        """The index is entered once for each run."""
        values = {"match": _one(term), "runs": json.dumps(runs)}
        return connection.execute(_BETWEEN, values).scalars().all()


def _columns(said: Said) -> dict[str, str | None]:
    """A row of the index; parts of words stand where they weigh least."""
    return {
        "goal": said.goal,
        "title": said.title,
        "notes": said.notes,
        "artifacts": said.artifacts if said.parts is None else said.parts,
    }


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
    if term.part:
        parts, goes_on = parts_wanted(term.text)
        return f'"{" ".join(parts)}"' + ("*" if parts and goes_on else "")
    quoted = term.text.replace('"', '""')
    return f'"{quoted}"*' if term.beginning else f'"{quoted}"'
