"""What does PostgreSQL do in a way of its own?

The schema's number is the one Alembic keeps. Full-text search is an index over word vectors that are
made here, so that the two databases find the same: lower case, no accents, no language of its own.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence, Set
from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    Table,
    any_,
    cast,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.types import UserDefinedType

from workrail_engine.store import schema
from workrail_engine.store.moved import Moved
from workrail_engine.store.moved_postgresql import moved
from workrail_engine.store.parts import LAST_PLACE, WORD, parts_wanted, places_of, plain
from workrail_engine.store.said import Said
from workrail_engine.store.wanted import PIECES_A_SESSION, Newest, Piece, Term, Wanted

_NOW: Final = "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)"
_VERSION: Final = "SELECT version_num FROM alembic_version"
_UPGRADE_LOCK: Final = 0x576F726B5261696C
_LONGEST_WORD: Final = 500
_MOST_BYTES: Final = 900_000
"""A word vector has less than a megabyte; what comes after that is not found."""
_MOST_POSITIONS: Final = 8
"""Of one word in one place; more would only make it count for more."""


class _WordVector(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "TSVECTOR"


class _WordQuery(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "TSQUERY"


_search = Table(
    "search",
    MetaData(),
    Column("place", BigInteger, primary_key=True),
    Column("words", _WordVector, nullable=False),
)
"""Described for statements only; `_SEARCH_DDL` makes it."""

_SEARCH_DDL: Final = (
    "CREATE TABLE search (place BIGINT NOT NULL PRIMARY KEY, words TSVECTOR NOT NULL)",
    "CREATE INDEX search_by_words ON search USING gin (words)",
)
_INDEX: Final = text("INSERT INTO search (place, words) VALUES (:place, CAST(:words AS tsvector))")
_NEXT: Final = tuple(
    f"SELECT setval(pg_get_serial_sequence('{table}', 'number'), max(number)) FROM {table}"  # noqa: S608 (names of ours)
    for table in ("sessions", "artifacts", "proofs", "mailbox")
)
_SESSION: Final = f"place / {schema.EVENTS_PER_SESSION}"
_OF_SESSIONS: Final = (
    "unnest(CAST(:within AS bigint[])) AS one (number) CROSS JOIN LATERAL"  # noqa: S608 (parts of ours)
    " (SELECT place, words FROM search WHERE place"
    f" BETWEEN one.number * {schema.EVENTS_PER_SESSION}"
    f" AND one.number * {schema.EVENTS_PER_SESSION} + {schema.EVENTS_PER_SESSION - 1}"
    " OFFSET 0) AS piece"
)
"""`OFFSET 0` keeps the server from asking the index over the words first."""
_EACH_ONCE: Final = (
    f"SELECT session FROM (SELECT {_SESSION} AS session,"  # noqa: S608 (parts of ours)
    f" lag({_SESSION}) OVER (ORDER BY place DESC) AS before FROM ({{newest}}) AS newest) AS each"
    " WHERE session IS DISTINCT FROM before LIMIT :most"
)
"""`DISTINCT` would read all before it tells the first."""
_BETWEEN: Final = text(
    f"SELECT DISTINCT {_SESSION} FROM unnest(CAST(:first AS bigint[]), CAST(:last AS bigint[]))"  # noqa: S608 (parts of ours)
    " AS run (first, last) CROSS JOIN LATERAL (SELECT place, words FROM search WHERE place"
    f" BETWEEN run.first * {schema.EVENTS_PER_SESSION}"
    f" AND run.last * {schema.EVENTS_PER_SESSION} + {schema.EVENTS_PER_SESSION - 1}"
    " OFFSET 0) AS piece WHERE words @@ CAST(:query AS tsquery)"
)
_PLACES: Final = text(
    "SELECT found.place FROM unnest(CAST(:sessions AS bigint[])) AS one (number) CROSS JOIN LATERAL"  # noqa: S608 (parts of ours)
    " (SELECT place FROM (SELECT place, words FROM search WHERE place"
    f" BETWEEN one.number * {schema.EVENTS_PER_SESSION}"
    f" AND one.number * {schema.EVENTS_PER_SESSION} + {schema.EVENTS_PER_SESSION - 1}"
    " OFFSET 0) AS piece WHERE words @@ CAST(:query AS tsquery)"
    " ORDER BY place DESC LIMIT :most) AS found"
)
_EVENTS_AT: Final = text(
    "SELECT events.session, events.seq, events.payload"
    " FROM unnest(CAST(:sessions AS bigint[]), CAST(:seqs AS integer[])) AS one (session, seq)"
    " JOIN events ON events.session = one.session AND events.seq = one.seq"
)
MANY: Final = 100_000
_ABOUT: Final = text("SELECT reltuples FROM pg_class WHERE oid = CAST(:table AS regclass)")
_NEWEST: Final = " ORDER BY place DESC LIMIT :most"
_RANK: Final = (
    "CAST(:rarity{place} AS float) * ts_rank('{{0.125, 0.25, 0.5, 1.0}}', words,"
    " CAST(:query{place} AS tsquery), 1)"
)
_HOLDING: Final = text(
    "SELECT count(*) FROM (SELECT 1 FROM search WHERE words @@ CAST(:query AS tsquery)"
    " LIMIT :most) AS holding"
)
_UNINDEX: Final = text("DELETE FROM search WHERE place = :place")
_INDEXED: Final = text(
    "SELECT place FROM search WHERE place BETWEEN :first AND :last ORDER BY place"
)


class PostgresDialect:
    """PostgreSQL."""

    def version(self, connection: Connection) -> int:
        """The number of the step Alembic was at last."""
        if "alembic_version" not in self.tables(connection):
            return 0
        found = connection.exec_driver_sql(_VERSION).scalar()
        if found is None:
            return 0
        return int(found) if found.isdecimal() else -1

    def version_now(self, connection: Connection) -> int:
        """The one row of Alembic's table; an upgrade waits for whoever has read it, and is waited for."""
        found = connection.exec_driver_sql(_VERSION).scalar_one()
        return int(found) if found.isdecimal() else -1

    def tables(self, connection: Connection) -> set[str]:
        """The names of the tables in the schema that is written to."""
        statement = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
        return set(connection.exec_driver_sql(statement).scalars())

    def lock_schema(self, connection: Connection) -> None:
        """One upgrade at a time in one database, after the transactions that are under way."""
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")
        if "alembic_version" in self.tables(connection):
            connection.exec_driver_sql("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")

    def hold_still(self, connection: Connection) -> None:
        """Every table is locked against writers."""
        for table in schema.metadata.sorted_tables:
            connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE MODE")

    def complete_schema(self, connection: Connection) -> None:
        """The word vectors and their index."""
        for statement in _SEARCH_DDL:
            connection.exec_driver_sql(statement)

    def size(self, connection: Connection) -> int:
        """What the server counts for the database."""
        statement = "SELECT pg_database_size(current_database())"
        return connection.exec_driver_sql(statement).scalar_one()

    def about_how_many(self, connection: Connection, table: Table) -> int:
        """What the server found when it looked last, unless that is little enough to count."""
        about = connection.execute(_ABOUT, {"table": table.name}).scalar_one()
        if about >= MANY:
            return int(about)
        return connection.execute(select(func.count()).select_from(table)).scalar_one()

    def journal(self, connection: Connection) -> str | None:  # noqa: ARG002 (nothing to ask)
        """The server's own business."""
        return None

    def pulse(self, connection: Connection) -> int | None:  # noqa: ARG002 (nothing to ask)
        """A round trip, as looking is."""
        return None

    def moved(self, connection: Connection, after: str | None, most: int) -> Moved | None:
        """By the transactions that wrote the sessions' rows."""
        return moved(connection, after, most)

    def events_at(
        self, connection: Connection, places: Sequence[tuple[int, int]]
    ) -> Sequence[tuple[int, int, str]]:
        """Each by the key."""
        sessions, seqs = [session for session, _ in places], [seq for _, seq in places]
        rows = connection.execute(_EVENTS_AT, {"sessions": sessions, "seqs": seqs})
        return rows.all()

    def now(self, connection: Connection, here: int) -> int:  # noqa: ARG002 (hosts may disagree)
        """What the server's clock says, however long this transaction has lasted."""
        return connection.exec_driver_sql(f"SELECT {_NOW}").scalar_one()

    def present(self) -> ColumnElement[int]:
        """The server's clock."""
        return literal_column(_NOW, BigInteger)

    def next_numbers(self, connection: Connection) -> None:
        """The counters of the numbered tables."""
        for statement in _NEXT:
            connection.exec_driver_sql(statement)

    def index(self, connection: Connection, place: int, said: Said) -> None:
        """One row with the words of a change; a goal weighs most, an artifact least."""
        connection.execute(_INDEX, {"place": place, "words": _vector(said)})

    def unindex(self, connection: Connection, place: int, said: Said) -> None:  # noqa: ARG002 (the row holds the words)
        """The row goes, and its words with it."""
        connection.execute(_UNINDEX, {"place": place})

    def indexed(self, connection: Connection, session: int) -> Sequence[int]:
        """By the key."""
        first = session * schema.EVENTS_PER_SESSION
        values = {"first": first, "last": first + schema.EVENTS_PER_SESSION - 1}
        return connection.execute(_INDEXED, values).scalars().all()

    def says(self, term: Term) -> ColumnElement[bool]:
        """By the index, once."""
        session = literal_column(_SESSION, BigInteger)
        query = cast(_one(term), _WordQuery)
        said = _search.c.words.op("@@", is_comparison=True)(query)
        return schema.sessions.c.number.in_(select(session).select_from(_search).where(said))

    def among(self, numbers: Collection[int]) -> ColumnElement[bool]:
        """As one parameter, an array."""
        each = literal([*numbers], ARRAY(BigInteger))
        return schema.sessions.c.number == any_(each)

    def newest(
        self, connection: Connection, wanted: Wanted, within: Set[int] | None, most: int
    ) -> Newest:
        """By the index over the words."""
        query = _query(wanted)
        if not query:
            return Newest((), complete=True)
        pieces = f"FROM search WHERE words @@ CAST(:query AS tsquery){_within(within)}"
        newest = f"SELECT place {pieces} ORDER BY place DESC LIMIT :pieces"
        statement = text(_EACH_ONCE.format(newest=newest))
        looked_at = most * PIECES_A_SESSION
        values = {"query": query, "within": sorted(within or ()), "most": most, "pieces": looked_at}
        sessions = connection.execute(statement, values).scalars().all()
        if len(sessions) == most:
            return Newest(tuple(sessions), complete=False)
        further = text(f"SELECT 1 {pieces} LIMIT 1 OFFSET :pieces")
        more = connection.execute(further, values).scalar() is not None
        return Newest(tuple(sessions), complete=not more)

    def scored(
        self, connection: Connection, wanted: Wanted, within: Set[int] | None, most: int
    ) -> Sequence[Piece]:
        """By the index; a long text counts a little less than a short one, a rare word more."""
        query = _query(wanted)
        if not query:
            return ()
        apart = [query] if wanted.every else [one for term in wanted.terms if (one := _one(term))]
        ranks = " + ".join(_RANK.format(place=place) for place, _ in enumerate(apart))
        statement = (
            f"SELECT place, -({ranks}) AS score FROM {_source(within)}"  # noqa: S608 (parts of ours)
            f" WHERE words @@ CAST(:query AS tsquery){_NEWEST}"
        )
        values: dict[str, object] = {"query": query, "within": sorted(within or ()), "most": most}
        for place, one in enumerate(apart):
            rarity = 1.0 if len(apart) == 1 else _rarity(connection, one, most)
            values |= {f"query{place}": one, f"rarity{place}": rarity}
        return [Piece(*row) for row in connection.execute(text(statement), values)]

    def places(
        self, connection: Connection, wanted: Wanted, sessions: Sequence[int], most: int
    ) -> Sequence[int]:
        """By the key; only the pieces of these sessions are looked at."""
        query = _query(wanted)
        if not query:
            return ()
        values = {"query": query, "sessions": [*sessions], "most": most}
        return connection.execute(_PLACES, values).scalars().all()

    def speaking(
        self, connection: Connection, term: Term, within: Set[int] | None
    ) -> Sequence[int]:
        """By the index; a place holds its session's number."""
        query = _query(Wanted((term,)))
        if not query:
            return ()
        statement = (
            f"SELECT DISTINCT {_SESSION} FROM {_source(within)}"  # noqa: S608 (parts of ours)
            " WHERE words @@ CAST(:query AS tsquery)"
        )
        values = {"query": query, "within": sorted(within or ())}
        return connection.execute(text(statement), values).scalars().all()

    def speaking_between(
        self, connection: Connection, term: Term, runs: Sequence[tuple[int, int]]
    ) -> Sequence[int]:
        """By the key, which holds the session's number."""
        query = _query(Wanted((term,)))
        if not query:
            return ()
        first, last = [first for first, _ in runs], [last for _, last in runs]
        values = {"query": query, "first": first, "last": last}
        return connection.execute(_BETWEEN, values).scalars().all()


def _rarity(connection: Connection, query: str, most: int) -> float:
    """How much a term says: less, the more pieces of text hold it."""
    pieces = connection.execute(_HOLDING, {"query": query, "most": most}).scalar_one()
    return 1 / (1 + math.log1p(pieces))


def _within(sessions: Set[int] | None) -> str:
    """A parameter that a statement does not name is left out of it."""
    return "" if sessions is None else f" AND {_SESSION} = ANY(:within)"


def _source(sessions: Set[int] | None) -> str:
    """The pieces of some sessions by the key, whatever the words; of all by the index over them."""
    return "search" if sessions is None else _OF_SESSIONS


def _vector(said: Said) -> str:
    """The words of a text as a word vector is written: `'word':1A,7C`."""
    if said.parts is not None:
        return places_of(said.parts)
    positions: defaultdict[str, list[str]] = defaultdict(list)
    room, at = _MOST_BYTES, 0
    weighed = ((said.goal, "A"), (said.title, "B"), (said.notes, "C"), (said.artifacts, "D"))
    for content, weight in weighed:
        counted: defaultdict[str, int] = defaultdict(int)
        for word in _words(content or ""):
            at = min(at + 1, LAST_PLACE)
            counted[word] += 1
            if counted[word] > _MOST_POSITIONS:
                continue
            room -= 4 if word in positions else len(word.encode("utf-8")) + 12
            if room > 0:
                positions[word].append(f"{at}{weight}")
    return " ".join(f"'{word}':{','.join(places)}" for word, places in positions.items())


def _query(wanted: Wanted) -> str:
    """A question as the index wants it; empty when no word is in it."""
    parts = [f"({query})" for term in wanted.terms if (query := _one(term))]
    if wanted.every and len(parts) < len(wanted.terms):
        return ""
    return (" & " if wanted.every else " | ").join(parts)


def _one(term: Term) -> str:
    """Words that stand together; the last may go on."""
    if term.part:
        cut, goes_on = parts_wanted(term.text)
        return " <-> ".join(f"'{part}'" for part in cut) + (":*" if cut and goes_on else "")
    parts = [f"'{part}'" for part in _words(term.text)]
    return " <-> ".join(parts) + (":*" if parts and term.beginning else "")


def _words(content: str) -> Iterator[str]:
    """The words of a text as they are compared: letters and digits, lower case, no accents."""
    return (found.group()[:_LONGEST_WORD] for found in WORD.finditer(plain(content)))
