"""What do the rows and the log say of a stretch of a session's nodes?

Nodes are numbered in the order of the log, so some nodes that follow one another lie in a part of it
whose ends are known. Only that part is read, and of it only what no row holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from workrail_engine.ids import Digest, NodeId, SessionId
from workrail_engine.projections.session_detail import ArtifactLine, NodeLine
from workrail_engine.projections.story import (
    Course,
    Judged,
    NodeFacts,
    Point,
    course,
    node_lines,
)
from workrail_engine.store import schema
from workrail_engine.store.chain import spelled
from workrail_engine.store.positions import missing_node, unknown_session
from workrail_engine.store.rows import NODE_COLUMNS, node_of
from workrail_engine.store.stretch_log import Part, Said, said_in

_s, _n, _a = schema.sessions.c, schema.nodes.c, schema.artifacts.c


@dataclass(frozen=True)
class Whole:
    """A session as a whole: what it takes to tell any part of it."""

    session_id: SessionId
    number: int
    tip: NodeId
    points: Sequence[Point]
    """Every node, in the order they were reached."""
    way: Course


def whole(connection: Connection, session_id: SessionId) -> Whole:
    """A session as a whole, from its row and those of its nodes.

    Raises:
        SessionNotFoundError: no such session.
        CorruptSessionError: it has no node where it is said to stand.
    """
    number, tip = stands(connection, session_id)
    columns = (_n.node, _n.parent, _n.kind, _n.arrival)
    nodes = select(*columns).where(_n.session == number).order_by(_n.node)
    points = [Point._make(each) for each in connection.execute(nodes)]
    if all(point.node != tip for point in reversed(points)):
        raise missing_node(session_id, tip)
    return Whole(session_id, number, tip, points, course(points, tip))


def stands(connection: Connection, session_id: SessionId) -> tuple[int, NodeId]:
    """A session's number, and the node where it stands.

    Raises:
        SessionNotFoundError: no such session.
    """
    statement = select(_s.number, _s.tip).where(_s.session_id == session_id)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise unknown_session(session_id)
    return row.number, NodeId(row.tip)


def stretch(connection: Connection, of: Whole, begin: int, end: int) -> tuple[NodeLine, ...]:
    """Some nodes of a session with all that is told of them.

    Args:
        connection: to the store.
        of: the session.
        begin: place of the first among its points.
        end: place after the last.

    Raises:
        CorruptSessionError: what is stored of them cannot be read.
    """
    wanted = of.points[begin:end]
    if not wanted:
        return ()
    part = _part(of, wanted)
    endings = {at for p in wanted if (at := of.way.endings.get(p.node)) is not None}
    log = said_in(connection, of.session_id, of.number, part, endings)
    return node_lines(
        _facts(connection, of, part, log),
        log.completions,
        _artifacts(connection, of.number, part),
        Judged(of.session_id, log.checks, log.answers),
        of.way,
    )


def _part(of: Whole, wanted: Sequence[Point]) -> Part:
    """Where in the log the nodes and those made by attempts at them were reached.

    What made a node stands after the completed step that led to it, or to one before it, and before
    the completed step that led to one after it.
    """
    first, last = wanted[0].node, wanted[-1].node
    inside = {point.node for point in wanted}
    furthest = max((p.node for p in of.points if p.parent in inside), default=last)
    furthest = max(furthest, last)
    before = (p.arrival for p in of.points if p.arrival is not None and p.node <= first)
    behind = (p.arrival for p in of.points if p.arrival is not None and p.node > furthest)
    return Part(first, last, furthest, max(before, default=0), min(behind, default=None))


def _facts(connection: Connection, of: Whole, part: Part, log: Said) -> list[NodeFacts]:
    here = (_n.session == of.number, _n.node.between(part.first, part.last))
    statement = select(*NODE_COLUMNS, _n.title).where(*here).order_by(_n.node)
    return [
        NodeFacts(
            node=node_of(row, of.session_id),
            title=row.title,
            reached_at=log.reached.get(NodeId(row.node), ""),
        )
        for row in connection.execute(statement)
    ]


def _artifacts(connection: Connection, number: int, part: Part) -> dict[NodeId, list[ArtifactLine]]:
    columns = (_a.node, _a.digest, _a.kind, _a.size, _a.accepted)
    here = (_a.session == number, _a.node.between(part.first, part.last))
    lines: dict[NodeId, list[ArtifactLine]] = {}
    for row in connection.execute(select(*columns).where(*here).order_by(_a.number)):
        line = ArtifactLine(
            Digest(spelled(row.digest)), row.kind, row.size, accepted=bool(row.accepted)
        )
        lines.setdefault(NodeId(row.node), []).append(line)
    return lines
