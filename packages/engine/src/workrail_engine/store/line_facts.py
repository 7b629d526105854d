"""What do other rows than a session's own say on its line of a list?

Each question is asked once for all lines: the end of the branch, the last note, since when a session
stands, what was started from it, and who drove it. No log is read: notes and times are taken from the
one event whose place is known.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

from sqlalchemy import Connection, bindparam, case, func, select

from workrail_engine.projections.driving import Driver, SeenDriver
from workrail_engine.projections.run_lines import RunLine
from workrail_engine.session.state import Status
from workrail_engine.store import schema
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.marks import STRIP, Point, Strip, strip
from workrail_engine.store.mending import Seen, is_status
from workrail_engine.store.record import DamagedRecordError, parse_json
from workrail_engine.store.rows import is_a_time, rfc3339
from workrail_engine.store.run_lines import run_lines

_s, _n, _e, _d = schema.sessions, schema.nodes, schema.events, schema.drivers
_LONGEST_STEP: Final = 1_000
"""Attempts at one step that are counted."""
_FURTHER_NOTES: Final = 6
"""Steps that are looked at when the last one was completed without a word."""
_STANDING: Final = ("attempt_blocked", "approval_asked")
_NUMBERED: Final = _s.c.number.in_(bindparam("numbers", expanding=True))
_NEWEST_NODES: Final = (
    select(
        *(_n.c.session, _n.c.node, _n.c.parent, _n.c.kind, _n.c.arrival),
        case((_n.c.node == _s.c.tip, _n.c.kept)),
    )
    .join(_s, _s.c.number == _n.c.session)
    .where(_NUMBERED, _n.c.node > _s.c.tip - bindparam("most"), _n.c.node <= _s.c.tip)
)
_LAST_COMPLETED: Final = (
    select(_n.c.arrival)
    .where(_n.c.session == _s.c.number, _n.c.node < _s.c.tip, _n.c.arrival.is_not(None))
    .order_by(_n.c.node.desc())
    .limit(1)
    .scalar_subquery()
)
_HELD_SINCE: Final = (
    select(_e.c.session, func.max(_e.c.at))
    .join(_s, _s.c.number == _e.c.session)
    .where(_NUMBERED, _e.c.seq > func.coalesce(_LAST_COMPLETED, 0))
    .where(_e.c.node == _s.c.tip, _e.c.kind.in_(_STANDING))
    .group_by(_e.c.session)
)
_STARTED_FROM: Final = (
    select(_s.c.parent_session_id, _s.c.status, func.count())
    .where(_s.c.parent_session_id.in_(bindparam("ids", expanding=True)))
    .group_by(_s.c.parent_session_id, _s.c.status)
)
_HEARD_OF: Final = (
    select(*(_d.c.session, _d.c.seen_at, _d.c.program, _d.c.host, _d.c.process, _d.c.began_at))
    .where(_d.c.session.in_(bindparam("numbers", expanding=True)))
    .order_by(_d.c.seen_at.desc())
)


@dataclass
class Facts:
    """What was found, by the session's number, or by its id for what names it so."""

    strips: dict[int, Strip] = field(default_factory=dict[int, Strip])
    notes: dict[int, str] = field(default_factory=dict[int, str])
    """Of the last completed step that has any."""
    since: dict[int, int] = field(default_factory=dict[int, int])
    """When it came to the node where it is blocked or waits."""
    children: dict[str, dict[Status, int]] = field(default_factory=dict[str, dict[Status, int]])
    drivers: dict[int, list[SeenDriver]] = field(default_factory=dict[int, list[SeenDriver]])
    runs: Mapping[int, RunLine] = field(default_factory=dict[int, RunLine])
    problems: dict[int, list[str]] = field(default_factory=dict[int, list[str]])


def facts_of(connection: Connection, sessions: Sequence[Seen]) -> Facts:
    """Everything that other rows say of some sessions."""
    facts = Facts()
    if sessions:
        _walk(connection, sessions, facts)
        _listen(connection, facts)
        _stand(connection, facts)
        facts.children = _children(connection, [one.summary.session_id for one in sessions])
        facts.drivers = _drivers(connection, [one.number for one in sessions])
        found = run_lines(connection, [one.number for one in sessions])
        facts.runs = found.lines
        for number, problem in found.problems.items():
            facts.problems.setdefault(number, []).append(problem)
    return facts


def _walk(connection: Connection, sessions: Sequence[Seen], facts: Facts) -> None:
    standing = {one.number: one.tip for one in sessions if one.tip is not None}
    found = _points(connection, standing, STRIP)
    for number, tip in standing.items():
        try:
            facts.strips[number] = strip(found.get(number, {}), tip)
        except (DamagedRecordError, TypeError) as error:
            facts.problems.setdefault(number, []).append(str(error))
    longer = {
        number: standing[number]
        for number, one in facts.strips.items()
        if not one.whole_step and len(one.points) == STRIP
    }
    if longer:
        for number, points in _points(connection, longer, _LONGEST_STEP).items():
            refused = strip(points, longer[number]).refused
            facts.strips[number] = replace(facts.strips[number], refused=refused)


def _points(
    connection: Connection, standing: Mapping[int, int], most: int
) -> dict[int, dict[int, Point]]:
    """The newest nodes of some sessions up to where each stands."""
    asked = {"numbers": [*standing], "most": most}
    found: defaultdict[int, dict[int, Point]] = defaultdict(dict)
    for session, node, parent, kind, arrival, left in connection.execute(_NEWEST_NODES, asked):
        found[session][node] = Point(node, parent, kind, arrival, left)
    return found


def _listen(connection: Connection, facts: Facts) -> None:
    """Find what was written last, by the places of the completed steps on each branch."""
    arrivals = {
        number: [point.arrival for point in one.points if isinstance(point.arrival, int)]
        for number, one in facts.strips.items()
    }
    _hear(connection, {number: places[:1] for number, places in arrivals.items()}, facts)
    silent = {
        number: places[1 : 1 + _FURTHER_NOTES]
        for number, places in arrivals.items()
        if number not in facts.notes and len(places) > 1
    }
    _hear(connection, silent, facts)


def _hear(connection: Connection, places: Mapping[int, Sequence[int]], facts: Facts) -> None:
    """The first note at some places of some logs, nearest place first."""
    wanted = [(number, seq) for number, seqs in places.items() for seq in seqs]
    if not wanted:
        return
    found = dialect_of(connection).events_at(connection, wanted)
    for session, seq, payload in sorted(found, key=lambda one: -one[1]):
        if session in facts.notes:
            continue
        try:
            note = _note(payload)
        except (DamagedRecordError, TypeError, RecursionError) as error:
            facts.problems.setdefault(session, []).append(f"event {seq} cannot be read: {error}")
        else:
            if note:
                facts.notes[session] = note


def _note(payload: str) -> str | None:
    content = parse_json(payload, "payload")
    note = cast("dict[str, object]", content).get("notes") if isinstance(content, dict) else None
    return note if isinstance(note, str) else None


def _stand(connection: Connection, facts: Facts) -> None:
    """When each session came to the node where it does not go on by itself."""
    held = [
        number
        for number, one in facts.strips.items()
        if one.points[0].kind in ("blocked", "waiting")
    ]
    if not held:
        return
    facts.since = dict(connection.execute(_HELD_SINCE, {"numbers": held}).all())


def _children(connection: Connection, ids: Iterable[str]) -> dict[str, dict[Status, int]]:
    found: defaultdict[str, dict[Status, int]] = defaultdict(dict)
    for one, status, count in connection.execute(_STARTED_FROM, {"ids": [*ids]}):
        known: Status = status if is_status(status) else "running"
        found[one][known] = found[one].get(known, 0) + count
    return found


def _drivers(connection: Connection, numbers: Sequence[int]) -> dict[int, list[SeenDriver]]:
    found: defaultdict[int, list[SeenDriver]] = defaultdict(list)
    for session, at, *driver in connection.execute(_HEARD_OF, {"numbers": [*numbers]}):
        if is_a_time(at):
            found[session].append(SeenDriver(Driver(*driver), rfc3339(at)))
    return found
