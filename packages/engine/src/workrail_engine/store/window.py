"""What does a part of a long session look like, and what are all of its nodes called?

A window has a given number of nodes, and those that belong to its last step: attempts at one step stay
together, unless there are more of them than a window holds. The last one also has what would be less than
half a window: who looks at where a session stands sees what led there.
"""

from bisect import bisect_right
from collections.abc import Sequence

from sqlalchemy import Connection, select

from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.session_window import OutlineLine, SessionWindow
from workrail_engine.projections.story import Point, branch
from workrail_engine.store import schema
from workrail_engine.store.story import detail_of
from workrail_engine.store.stretch import stands, stretch, whole

_n = schema.nodes.c


def session_window(
    connection: Connection, session_id: SessionId, around: NodeId | None, limit: int
) -> SessionWindow:
    """The window of a session that holds a node, or would; its last one for None.

    Raises:
        SessionNotFoundError: no such session.
        CorruptSessionError: what is stored of the session as a whole, or of the window, contradicts
            itself.
    """
    of = whole(connection, session_id)
    begins = _begins(of.points, max(limit, 1))
    at = (
        len(begins) if around is None else bisect_right([of.points[p].node for p in begins], around)
    )
    at = max(at, 1)
    begin = begins[at - 1]
    end = begins[at] if at < len(begins) else len(of.points)
    margin = min(begin, 1)
    lines = stretch(connection, of, begin - margin, end)
    return SessionWindow(
        detail=detail_of(connection, of, lines[margin:]),
        first=begin + 1,
        nodes_in_all=len(of.points),
        starts=tuple(of.points[place].node for place in begins),
        before=lines[:margin],
    )


def outline(connection: Connection, session_id: SessionId) -> tuple[OutlineLine, ...]:
    """Every node of a session, in the order they were reached.

    Raises:
        SessionNotFoundError: no such session.
    """
    number, tip = stands(connection, session_id)
    columns = (_n.node, _n.parent, _n.kind, _n.title, _n.iteration)
    statement = select(*columns).where(_n.session == number).order_by(_n.node)
    rows = connection.execute(statement).all()
    here = branch({node: parent for node, parent, *_ in rows}, tip)
    return tuple(
        OutlineLine(node, kind, title, iteration, on_tip_branch=node in here)
        for node, _, kind, title, iteration in rows
    )


def _begins(points: Sequence[Point], limit: int) -> list[int]:
    """The places windows begin at: the first step of every so many nodes."""
    begins = [0]
    for least in range(limit, len(points), limit):
        following = range(least, min(least + limit, len(points)))
        step = next((place for place in following if points[place].kind == "step"), None)
        if step is not None:
            begins.append(step)
        elif len(following) == limit:  # one step fills it: its attempts are torn apart
            begins.append(least)
    if len(begins) > 1:
        few = len(points) - begins[-1] < limit // 2
        if few and len(points) - begins[-2] <= 2 * limit:
            begins.pop()
    return begins
