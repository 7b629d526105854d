"""At which point of a session does another begin, and what came of it?

A fork holds the log of the session up to a point, under a name of its own. A point is named by the
id of a step, by the id and a number (`step#2`: its second pass), or by the number of a node.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from workrail_engine.errors import InvalidForkError
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.repair import WholeCommand
from workrail_engine.session.state import Node

_SHOWN = 12


@dataclass(frozen=True)
class ForkPoint:
    """Where a fork begins."""

    commands: tuple[WholeCommand, ...]
    """The log up to there."""
    step_id: str
    """The step that is to be done next."""
    node: NodeId
    """The node whose files belong to it."""


@dataclass(frozen=True)
class Fork:
    """A session that goes on from a point of another one."""

    session_id: SessionId
    forked_from: SessionId
    node: NodeId
    step_id: str
    goal: str
    workspace: str | None
    worktree: str | None
    """The work tree that was made; None: it works where the first session worked."""
    snapshot: str | None
    """The commit its files came from."""
    token: str
    """Brings back where the new session stands."""


@dataclass(frozen=True)
class SnapshotLine:
    """The snapshots of one session in one repository."""

    session_id: SessionId
    snapshots: int
    known: bool
    """Whether this store has the session."""


def fork_point(commands: Sequence[WholeCommand], asked: str) -> ForkPoint:
    """The point a person means.

    Raises:
        InvalidForkError: no step was reached that is called so; the message names those that were.
    """
    nodes = {command.reached.node_id: command.reached for command in commands}
    branch = [node for node in _branch(nodes, commands) if node.kind == "step"]
    name, _, number = asked.strip().partition("#")
    named = [node for node in branch if node.step_id == name]
    if named and not number:
        return _point(commands, named[-1], named[-1])
    if named:
        return _point(commands, *[_pass(named, asked, number)] * 2)
    if not name.isascii() or not name.isdigit() or number:
        raise _unknown(branch, asked)
    node = nodes.get(NodeId(int(name)))
    if node is None:
        raise _unknown(branch, asked)
    if node.kind == "end":
        message = f"At node {node.node_id} the run is complete. {_offers(branch)}"
        raise InvalidForkError(message)
    return _point(commands, node, node if node.kind == "checkpoint" else _step(nodes, node))


def _branch(nodes: dict[NodeId, Node], commands: Sequence[WholeCommand]) -> list[Node]:
    """The nodes on the way to where a session stands, oldest first."""
    way: list[Node] = []
    at = commands[-1].after.tip
    while at is not None:
        way.append(nodes[at])
        at = nodes[at].parent
    return way[::-1]


def _step(nodes: dict[NodeId, Node], node: Node) -> Node:
    """The node at which the step of a blocked or waiting attempt was reached."""
    while node.holds_attempt and node.parent is not None:
        node = nodes[node.parent]
    return node


def _point(commands: Sequence[WholeCommand], shown: Node, reached: Node) -> ForkPoint:
    before = [command.reached.node_id for command in commands].index(reached.node_id) + 1
    return ForkPoint(tuple(commands[:before]), shown.step_id or "", reached.node_id)


def _pass(named: Sequence[Node], asked: str, number: str) -> Node:
    """The pass of a loop of this number; outside of loops, the time the step was reached."""
    for place, node in enumerate(named, start=1):
        done = place if node.iteration is None else node.iteration + 1
        if str(done) == number:
            return node
    numbers = ", ".join(_calls(named))
    message = f'The session did not reach "{asked}". Of this step there are: {numbers}.'
    raise InvalidForkError(message)


def _calls(nodes: Sequence[Node]) -> Iterator[str]:
    """How each of some steps is named, exactly."""
    seen: dict[str, int] = {}
    several = {node.step_id for node in nodes if [n.step_id for n in nodes].count(node.step_id) > 1}
    for node in nodes:
        name = node.step_id or ""
        seen[name] = seen.get(name, 0) + 1
        number = seen[name] if node.iteration is None else node.iteration + 1
        yield f"{name}#{number}" if node.iteration is not None or node.step_id in several else name


def _unknown(branch: Sequence[Node], asked: str) -> InvalidForkError:
    names = [node.step_id or "" for node in branch]
    near = get_close_matches(asked, names, n=1)
    hint = f'Did you mean "{near[0]}"? ' if near else ""
    return InvalidForkError(f'The session reached no step "{asked}". {hint}{_offers(branch)}')


def _offers(branch: Sequence[Node]) -> str:
    calls = list(_calls(branch))
    more = f" and {len(calls) - _SHOWN} before" if len(calls) > _SHOWN else ""
    return f"It reached: {', '.join(calls[-_SHOWN:])}{more}. A node's number will do too."
