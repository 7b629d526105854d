"""A part of a long session, and where it lies in the whole."""

from dataclasses import dataclass

from workrail_engine.ids import NodeId
from workrail_engine.projections.session_detail import NodeLine, SessionDetail


@dataclass(frozen=True)
class OutlineLine:
    """A node of the session as its outline names it; every node has one."""

    node_id: NodeId
    kind: str
    """`step`, `blocked`, `waiting`, `checkpoint`, `end`."""
    title: str | None
    iteration: int | None
    on_tip_branch: bool


@dataclass(frozen=True)
class SessionWindow:
    """A session's facts, and some of its nodes in the order they were reached."""

    detail: SessionDetail
    """Its `nodes` are those of the window alone."""
    first: int
    """Place of the window's first node among all, from 1; 0 when there is none."""
    nodes_in_all: int
    starts: tuple[NodeId, ...]
    """The first node of each window of this size, from the beginning."""
    before: tuple[NodeLine, ...] = ()
    """Never more than one: the node before the window, of which the first may be another attempt."""
