"""What is the shape of a tree of sessions, and what does each branch of it come to?

Pure: the store finds the members, this puts them in order.
"""

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from workrail_engine.ids import SessionId
from workrail_engine.session.state import Status


@dataclass(frozen=True)
class Member:
    """A session of the tree. Times are microseconds since 1970."""

    number: int
    """Less began earlier."""
    session_id: SessionId
    parent: SessionId | None
    status: Status
    created_at: int
    updated_at: int


@dataclass(frozen=True)
class Place:
    """Where a session stands in the tree, and what it and those below it come to."""

    member: Member
    depth: int
    descendants: dict[Status, int]
    first_at: int
    last_at: int
    critical: bool


@dataclass(frozen=True)
class Family:
    """A whole tree, or what is shown of it."""

    places: tuple[Place, ...]
    """Root first, depth first, children in the order they began."""
    left_out: int
    cycle: bool
    """Whether the root is below itself."""


@dataclass
class _Branch:
    """A session and what is below it."""

    member: Member
    depth: int
    parent: SessionId | None
    children: list[SessionId] = field(default_factory=list[SessionId])
    descendants: Counter[Status] = field(default_factory=Counter[Status])
    first_at: int = 0
    last_at: int = 0


def root_of(line: Sequence[Member]) -> SessionId:
    """The root above a session.

    Args:
        line: the session, its parent, that one's, and so on, as far as they are stored. A circle is
            cut at the session that began first, whichever is asked about.
    """
    above = {member.session_id: place for place, member in enumerate(line)}
    top = line[-1]
    if top.parent is None or top.parent not in above:
        return top.session_id
    circle = line[above[top.parent] :]
    return min(circle, key=lambda member: member.number).session_id


def family(members: Sequence[Member], asked: SessionId, most: int) -> Family:
    """The tree below the first member.

    Args:
        members: the root first; each of the others has its parent among them.
        asked: this one is shown with those above it, however many there are.
        most: so many are shown, those nearest to the root.
    """
    root = members[0]
    branches = _branches(members)
    _roll_up(branches)
    newest = max(branches.values(), key=lambda one: (one.member.updated_at, one.member.number))
    critical = {*_way_up(branches, newest.member.session_id)}
    shown = {*_way_up(branches, asked)}
    for one in branches:
        if len(shown) >= most:
            break
        shown.add(one)
    ordered = _depth_first(branches, root.session_id, shown)
    places = tuple(
        Place(
            member=branch.member,
            depth=branch.depth,
            descendants=dict(branch.descendants),
            first_at=branch.first_at,
            last_at=branch.last_at,
            critical=branch.member.session_id in critical,
        )
        for branch in ordered
    )
    return Family(places, len(branches) - len(places), root.parent in branches)


def _branches(members: Sequence[Member]) -> dict[SessionId, _Branch]:
    """Every session of the tree, level by level."""
    below: dict[SessionId | None, list[Member]] = {}
    for member in sorted(members[1:], key=lambda member: member.number):
        below.setdefault(member.parent, []).append(member)
    root = members[0]
    branches = {root.session_id: _branch(root, 0, None)}
    level = [branches[root.session_id]]
    while level:
        following: list[_Branch] = []
        for parent in level:
            here = parent.member.session_id
            for member in below.get(here, ()):
                branch = _branch(member, parent.depth + 1, here)
                branches[member.session_id] = branch
                parent.children.append(member.session_id)
                following.append(branch)
        level = following
    return branches


def _branch(member: Member, depth: int, parent: SessionId | None) -> _Branch:
    return _Branch(member, depth, parent, first_at=member.created_at, last_at=member.updated_at)


def _roll_up(branches: dict[SessionId, _Branch]) -> None:
    for one in reversed(branches):
        branch = branches[one]
        if branch.parent is not None:
            above = branches[branch.parent]
            above.descendants.update(branch.descendants)
            above.descendants[branch.member.status] += 1
            above.first_at = min(above.first_at, branch.first_at)
            above.last_at = max(above.last_at, branch.last_at)


def _way_up(branches: dict[SessionId, _Branch], one: SessionId) -> Iterator[SessionId]:
    at: SessionId | None = one if one in branches else None
    while at is not None:
        yield at
        at = branches[at].parent


def _depth_first(
    branches: dict[SessionId, _Branch], root: SessionId, shown: Set[SessionId]
) -> Iterator[_Branch]:
    waiting = [root]
    while waiting:
        branch = branches[waiting.pop()]
        yield branch
        waiting += [one for one in reversed(branch.children) if one in shown]
