"""How does a whole store move to another database?

Row by row, in one transaction of the new one, while nobody may write to the old one. Before it ends,
both are compared: the number of rows of each table, and every session, whose hashes are worked out
again on both sides. The old store is left as it is.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from sqlalchemy import Connection, Table, insert, select

from workrail_engine.addresses import without_password
from workrail_engine.errors import CorruptSessionError, InvalidInputError, StoreError
from workrail_engine.ids import SessionId
from workrail_engine.projections.store_status import Move
from workrail_engine.store import schema
from workrail_engine.store.condition import counts_of
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.forgetting import told_again
from workrail_engine.store.new_store import make_store
from workrail_engine.store.schema_version import ensure_schema
from workrail_engine.store.verify import logged, verify

_s = schema.sessions
_ROWS_AT_ONCE = 500
Told: TypeAlias = Callable[[str, int, int], None]
"""Told (what is being done, done, in all) now and then."""


def move(where: Path | str, to: Path | str, told: Told) -> Move:
    """Copy a store into an empty database, and compare the two.

    Raises:
        InvalidInputError: there is no store to move, or the other place is the same or not empty.
        StoreUnavailableError: one of the two cannot be opened, read or written.
        StoreError: what arrived is not what was there; nothing was kept of it.
    """
    shown = str(to) if isinstance(to, Path) else without_password(to)
    if isinstance(where, Path) and not where.exists():
        message = f"There is no session store at {where} yet, so there is nothing to move."
        raise InvalidInputError(message)
    if where == to:
        message = f"The session store is at {shown} already."
        raise InvalidInputError(message)
    if isinstance(to, Path):
        make_store(to)
    source, target = open_for_writing(where), open_for_writing(to)
    try:
        ensure_schema(source)
        ensure_schema(target)
        # The old store is opened for writing only to hold others back; nothing is written to it.
        with source.writing() as reading, target.writing() as writing:
            dialect_of(reading).hold_still(reading)
            dialect_of(writing).lock_schema(writing)
            _refuse_unless_empty(writing, shown)
            rows = _copy(reading, writing, told)
            damaged = _compared(reading, writing, told)
        return Move(source.name, shown, rows["sessions"], sum(rows.values()), damaged)
    finally:
        source.close()
        target.close()


def _refuse_unless_empty(connection: Connection, shown: str) -> None:
    filled = [name for name, count in counts_of(connection).items() if count]
    if filled:
        message = (
            f"{shown} holds sessions or settings already (table '{filled[0]}' is not empty). Nothing "
            "was changed. Name an empty database."
        )
        raise InvalidInputError(message)


def _copy(reading: Connection, writing: Connection, told: Told) -> dict[str, int]:
    counts = counts_of(reading)
    for table in schema.metadata.sorted_tables:
        done = 0
        for rows in _batches(reading, table):
            writing.execute(insert(table), rows)
            done += len(rows)
            told(table.name, done, counts[table.name])
    dialect_of(writing).next_numbers(writing)
    _index(reading, writing, told)
    return counts


def _batches(reading: Connection, table: Table) -> Iterator[list[dict[str, object]]]:
    statement = select(table).execution_options(yield_per=_ROWS_AT_ONCE)
    for rows in reading.execute(statement).mappings().partitions():
        yield [dict(row) for row in rows]


def _index(reading: Connection, writing: Connection, told: Told) -> None:
    """The index of words is made anew: each database has its own kind."""
    numbers = reading.execute(select(_s.c.number)).scalars().all()
    for done, number in enumerate(numbers, start=1):
        try:
            pieces = told_again(reading, number)
        except (
            CorruptSessionError
        ):  # said with the comparison; the session is just not found by words
            pieces = []
        for place, said in pieces:
            dialect_of(writing).index(writing, place, said)
        told("search", done, len(numbers))


def _compared(reading: Connection, writing: Connection, told: Told) -> tuple[str, ...]:
    """The sessions that were damaged before.

    Raises:
        StoreError: the two stores differ.
    """
    before, after = counts_of(reading), counts_of(writing)
    if before != after:
        table = next(name for name, count in before.items() if after[name] != count)
        difference = f"table '{table}' has {after[table]} rows, not {before[table]}"
        raise _different(difference)
    damaged: list[str] = []
    rows = reading.execute(select(_s.c.number, _s.c.session_id)).all()
    for done, (number, session_id) in enumerate(rows, start=1):
        was = verify(reading, SessionId(session_id))
        now = verify(writing, SessionId(session_id))
        if was != now or _hashes(reading, number) != _hashes(writing, number):
            difference = f"session {session_id} is another one there"
            raise _different(difference)
        if was.problems:
            damaged.append(session_id)
        told("verify", done, len(rows))
    return tuple(damaged)


def _hashes(connection: Connection, number: int) -> list[bytes]:
    """The hash of every event as its row is now, which `verify` works out too and does not show."""
    return [link.hash() for link in logged(connection, number)]


def _different(what: str) -> StoreError:
    return StoreError(
        f"What arrived is not what was sent: {what}. Nothing was kept of it, and the old store is as it "
        "was. Run `workrail session verify --all`; repair what is damaged, then move again."
    )
