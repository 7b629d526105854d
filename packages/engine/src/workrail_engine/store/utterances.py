"""What was said at some places of the logs, and where does it belong?"""

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import CTE, BigInteger, Connection, Integer, column, select, values

from workrail_engine.ids import Digest, NodeId
from workrail_engine.session.events import ArtifactRef
from workrail_engine.store import schema
from workrail_engine.store.contents import read_blobs
from workrail_engine.store.payloads import read_artifact
from workrail_engine.store.record import DamagedRecordError, Record
from workrail_engine.store.rows import AnyRow, rfc3339
from workrail_engine.store.stretch_log import NODE_MAKERS

_e, _n = schema.events.c, schema.nodes.c
LONGEST: Final = 256 * 1024
_MOST_BYTES: Final = 4 * 1024 * 1024
"""Of artifacts, so much is read for a page; what is larger is found, and not shown."""


@dataclass(frozen=True)
class Utterance:
    """An event that says something."""

    session: int
    """Its number."""
    seq: int
    node: NodeId
    """The node it was said at; 0 where a session began."""
    led_to: NodeId | None
    """The node this event itself made."""
    at: str
    notes: str | None
    artifacts: tuple[ArtifactRef, ...]


def utterances(connection: Connection, places: Collection[int]) -> list[Utterance]:
    """The events at some places of the index of words, newest first; damaged ones say nothing."""
    pairs = {divmod(place, schema.EVENTS_PER_SESSION) for place in places}
    begun = sorted({(session, max(seq, 1)) for session, seq in pairs})
    if not begun:
        return []
    wanted = _pairs(begun)
    here = (_e.session == wanted.c.session) & (_e.seq == wanted.c.place)
    statement = (
        select(_e.session, _e.seq, _e.kind, _e.node, _e.at, _e.payload)
        .select_from(wanted.join(schema.events, here))
        .order_by(_e.session.desc(), _e.seq.desc())
    )
    return [said for row in connection.execute(statement) if (said := _said(row)) is not None]


def contents(connection: Connection, refs: Iterable[ArtifactRef]) -> Mapping[Digest, str]:
    """The texts of some artifacts, as long as they are not too large to look through."""
    room, wanted = _MOST_BYTES, dict[Digest, None]()
    for ref in refs:
        if ref.size <= min(room, LONGEST) and ref.digest not in wanted:
            wanted[ref.digest] = None
            room -= ref.size
    return {
        digest: content.decode("utf-8", errors="replace")
        for digest, content in _readable(connection, [*wanted]).items()
    }


def titles(
    connection: Connection, nodes: Collection[tuple[int, NodeId]]
) -> Mapping[tuple[int, NodeId], str | None]:
    """The titles of the steps some nodes wait on, by session's number and node."""
    if not nodes:
        return {}
    wanted = _pairs(sorted(nodes))
    here = (_n.session == wanted.c.session) & (_n.node == wanted.c.place)
    statement = select(_n.session, _n.node, _n.title).select_from(wanted.join(schema.nodes, here))
    return {(row.session, NodeId(row.node)): row.title for row in connection.execute(statement)}


def led_to(connection: Connection, said: Utterance) -> NodeId | None:
    """The node that the change led to in which something was said."""
    if said.led_to is not None:
        return said.led_to
    statement = (
        select(_e.node)
        .where(_e.session == said.session, _e.seq > said.seq, _e.kind.in_(NODE_MAKERS))
        .order_by(_e.seq)
        .limit(1)
    )
    found = connection.execute(statement).scalar_one_or_none()
    return None if found is None else NodeId(found)


def _pairs(pairs: Sequence[tuple[int, int]]) -> CTE:
    """Pairs as a table: SQLite would compare a list of pairs with every row there is."""
    each = values(column("session", BigInteger), column("place", Integer), name="wanted")
    return each.data(pairs).cte("wanted")


def _readable(connection: Connection, digests: Sequence[Digest]) -> Mapping[Digest, bytes]:
    try:
        return read_blobs(connection, digests)
    except zlib.error:  # one of them is damaged
        return {}


def _said(row: AnyRow) -> Utterance | None:
    node = NodeId(row.node or 0)
    try:
        event = Record.parse(row.payload, row.kind)
        return Utterance(
            session=row.session,
            seq=row.seq,
            node=node,
            led_to=node if row.kind in NODE_MAKERS else None,
            at=rfc3339(row.at),
            notes=event.maybe("notes", event.text),
            artifacts=event.maybe("artifacts", lambda name: event.each(name, read_artifact)) or (),
        )
    except (DamagedRecordError, RecursionError):
        return None
