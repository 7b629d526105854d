"""Which contents and pinned workflows does nothing name any more, and how do they leave?

Looking takes no lock. What was seen to be unnamed is looked at again in the transaction that takes it
away, some at a time.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import Connection, Select, delete, func, select

from workrail_engine.projections.retention import Removed
from workrail_engine.store import schema
from workrail_engine.store.database import Database

_s, _n, _a, _b, _w, _j = (
    schema.sessions,
    schema.nodes,
    schema.artifacts,
    schema.blobs,
    schema.workflows,
    schema.journal_contents,
)
_AT_ONCE: Final = 500


def count_unnamed(connection: Connection, going: frozenset[int]) -> Removed:
    """The contents and workflows that nothing but some sessions names, as numbers.

    Args:
        connection: to the store.
        going: numbers of sessions.
    """
    contents = size = 0
    for chunk in _chunks(connection):
        named = _named(connection, list(chunk), going)
        unnamed = [digest for digest in chunk if digest not in named]
        contents += len(unnamed)
        size += sum(chunk[digest] for digest in unnamed)
    running = {
        row.workflow_hash
        for row in connection.execute(select(_s.c.number, _s.c.workflow_hash))
        if row.number not in going
    }
    pinned = connection.execute(select(_w.c.workflow_hash)).scalars()
    workflows = sum(1 for workflow in pinned if workflow not in running)
    return Removed(contents=contents, content_bytes=size, workflows=workflows)


def sweep_contents(database: Database) -> tuple[int, int]:
    """Take away the blobs that nothing names; how many, and their bytes as stored."""
    count = size = 0
    after = b""
    while True:
        start = after
        chunk = database.read(lambda connection, start=start: _chunk(connection, start))
        if not chunk:
            return count, size
        after = max(chunk)
        digests = sorted(chunk)
        named = database.read(lambda c, digests=digests: _named(c, digests, frozenset()))
        unnamed = [digest for digest in digests if digest not in named]
        if unnamed:
            gone = database.write(lambda c, unnamed=unnamed: _drop_contents(c, unnamed))
            count += len(gone)
            size += sum(chunk[digest] for digest in gone)


def sweep_workflows(database: Database) -> int:
    """Take away the pinned workflows that no session runs; how many."""
    if not database.read(lambda connection: connection.execute(_unused()).scalars().all()):
        return 0
    return database.write(_drop_workflows)


def _drop_contents(connection: Connection, digests: list[bytes]) -> list[bytes]:
    # The lock waits for writers that rely on one of these; what they wrote is seen after it.
    locked = select(_b.c.digest).where(_b.c.digest.in_(digests)).order_by(_b.c.digest)
    there = connection.execute(locked.with_for_update()).scalars().all()
    named = _named(connection, digests, frozenset())
    gone = [digest for digest in there if digest not in named]
    connection.execute(delete(_b).where(_b.c.digest.in_(gone)))
    return gone


def _drop_workflows(connection: Connection) -> int:
    there = select(_w.c.workflow_hash).order_by(_w.c.workflow_hash).with_for_update()
    connection.execute(there).all()
    unused = connection.execute(_unused()).scalars().all()
    connection.execute(delete(_w).where(_w.c.workflow_hash.in_(unused)))
    return len(unused)


def _unused() -> Select[bytes]:
    run = select(_s.c.number).where(_s.c.workflow_hash == _w.c.workflow_hash).exists()
    return select(_w.c.workflow_hash).where(~run)


def _chunks(connection: Connection) -> Iterator[dict[bytes, int]]:
    after = b""
    while chunk := _chunk(connection, after):
        yield chunk
        after = max(chunk)


def _chunk(connection: Connection, after: bytes) -> dict[bytes, int]:
    """The next contents by digest, and their sizes as stored."""
    columns = (_b.c.digest, func.length(_b.c.data).label("size"))
    chunk = select(*columns).where(_b.c.digest > after).order_by(_b.c.digest).limit(_AT_ONCE)
    return {row.digest: row.size for row in connection.execute(chunk)}


def _named(connection: Connection, digests: list[bytes], going: frozenset[int]) -> set[bytes]:
    """Those of some digests that a session names which is not going."""
    named: set[bytes] = set()
    for table, column in ((_n, _n.c.context_ref), (_a, _a.c.digest), (_j, _j.c.digest)):
        pairs = (
            select(column.label("digest"), table.c.session).where(column.in_(digests)).distinct()
        )
        if not going:
            pairs = select(column.label("digest")).where(column.in_(digests)).distinct()
            named.update(connection.execute(pairs).scalars())
        else:
            rows = connection.execute(pairs)
            named.update(row.digest for row in rows if row.session not in going)
    return named
