"""What do the rows of runs say on a list, on a tree, and in sums?

However many sessions a list has, the same few statements are asked: the runs, and only where there are
some, what happened to them lately and what they ask.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import Connection, bindparam, exists, func, or_, select

from workrail_engine.agent_events import Incident, Rest, RunOutcome
from workrail_engine.ids import SessionId
from workrail_engine.projections.run_lines import RunFigures, RunLine, RunMark
from workrail_engine.projections.runs import Spent
from workrail_engine.store import schema
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.record import DamagedRecordError, parse_json
from workrail_engine.store.rows import AnyRow, is_a_time, rfc3339
from workrail_engine.store.runs_rows import NEVER, RUN, SECOND, spent_of, view_of

_s, _r, _e, _m = schema.sessions.c, schema.runs.c, schema.events.c, schema.mailbox.c
_NEWEST: Final = 200
"""Events of each log that are looked through for what happened to its run lately."""
_MOST_DRIVEN: Final = 500
_LOOKED_AT: Final = 2_000
_HEALING: Final = ("self_heal_started", "self_heal_succeeded", "self_heal_failed")
_TOLD: Final = frozenset({"stuck", *_HEALING})
_SAID: Final = ("stuck", "self_heal_")
"""How the names of those begin, in payloads, which are compact JSON."""
PERSONS_RESTS: Final[tuple[Rest, ...]] = ("operator", "budget", "tooling")
"""A run that rests for these goes on only when a person does something; approvals are told apart."""
TROUBLES: Final[tuple[RunOutcome, ...]] = (
    *("incomplete", "error", "stuck", "interrupted_tooling_failure"),
)
"""Ends that leave work undone without anybody having wanted it."""
UNATTENDED: Final = exists().where(_r.session == _s.number)
"""A condition on `sessions`: there is a run, which tells itself what it needs."""


_OF_SOME: Final = RUN.where(_s.number.in_(bindparam("numbers", expanding=True)))


@dataclass(frozen=True)
class Found:
    """The runs of some sessions, by number."""

    lines: Mapping[int, RunLine]
    problems: Mapping[int, str]
    """Why a run cannot be told."""


def run_lines(connection: Connection, numbers: Sequence[int]) -> Found:
    """The runs of some sessions; those that have none are left out."""
    rows = connection.execute(_OF_SOME, {"numbers": [*numbers]}).all()
    if not rows:
        return Found({}, {})
    now = dialect_of(connection).now(connection, time.time_ns() // 1_000)
    marks = _marks(connection, [row.session for row in rows])
    asking = [row.session_id for row in rows if (row.state, row.rest) == ("parked", "operator")]
    questions = _questions(connection, asking) if asking else {}
    lines: dict[int, RunLine] = {}
    problems: dict[int, str] = {}
    for row in rows:
        try:
            lines[row.session] = RunLine(
                view=view_of(row, now),
                until=_until(row),
                question=questions.get(row.session_id),
                marks=marks.get(row.session, ()),
            )
        except (ValueError, TypeError, OverflowError, AttributeError) as error:
            problems[row.session] = f"its run cannot be read: {error}"
    return Found(lines, problems)


def run_line(connection: Connection, session_id: SessionId) -> RunLine | None:
    """The run of one session; None where it has none, or it cannot be told."""
    number = connection.execute(select(_s.number).where(_s.session_id == session_id)).scalar()
    return None if number is None else run_lines(connection, [number]).lines.get(number)


def spent_of_all(connection: Connection, numbers: Sequence[int]) -> dict[SessionId, Spent]:
    """What the runs of some sessions have used, by their ids; those that have none are left out."""
    now = dialect_of(connection).now(connection, time.time_ns() // 1_000)
    rows = connection.execute(RUN.where(dialect_of(connection).among(numbers)))
    return {
        SessionId(row.session_id): spent_of(
            row, now - row.taken_at if row.state == "running" and row.taken_at else 0
        )
        for row in rows
    }


def needing(connection: Connection) -> list[int]:
    """The sessions whose run waits for a person, or ended with its work undone; by number.

    Of the runs that are over only those of the newest sessions are looked at.
    """
    asks = select(_r.session).where(_r.state == "parked", _r.rest.in_(PERSONS_RESTS))
    newest = (
        select(_r.session, _r.state, _r.outcome)
        .order_by(_r.session.desc())
        .limit(_LOOKED_AT)
        .subquery()
    )
    failed = select(newest.c.session).where(
        newest.c.state == "ended", newest.c.outcome.in_(TROUBLES)
    )
    return [*connection.execute(asks).scalars(), *connection.execute(failed).scalars()]


def figures(connection: Connection) -> RunFigures | None:
    """What all runs come to; None where there is none."""
    used = (_r.turns, _r.input_tokens, _r.output_tokens, _r.cost, _r.worked)
    group = (_r.state, _r.rest, _r.outcome)
    grouped = select(*group, func.count(), *(func.sum(each) for each in used)).group_by(*group)
    states: dict[str, int] = {}
    rests: dict[str, int] = {}
    sums = [0] * len(used)
    for row in connection.execute(grouped):
        state, rest, outcome, count, *used_by_group = [*row]
        word = str(outcome if state == "ended" and outcome else state)
        states[word] = states.get(word, 0) + count
        if state == "parked" and rest:
            rests[rest] = rests.get(rest, 0) + count
        sums = [total + int(more) for total, more in zip(sums, used_by_group, strict=True)]
    if not states:
        return None
    turns, read, written, cost, worked = sums
    return RunFigures(states, rests, Spent(turns, read, written, cost, worked / SECOND))


def driven(connection: Connection) -> dict[SessionId, str]:
    """What each run that is under way or due does now, as a text that is another when that changed."""
    statement = (
        select(_s.session_id, _r.state, _r.epoch, _r.doing, _r.doing_since, _r.wish)
        .join_from(schema.runs, schema.sessions, _s.number == _r.session)
        .where(_r.state.in_(("running", "queued")))
        .limit(_MOST_DRIVEN)
    )
    rows = connection.execute(statement).all()
    return {SessionId(row.session_id): repr(tuple(row)) for row in rows}


def _marks(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[RunMark, ...]]:
    statement = (
        select(_e.session, _e.at, _e.payload)
        .join_from(schema.sessions, schema.events, _e.session == _s.number)
        .where(
            dialect_of(connection).among(numbers),
            _e.seq > _s.event_count - _NEWEST,
            _e.kind == "noticed",
            or_(*(_e.payload.contains(f'"what":"{what}', autoescape=True) for what in _SAID)),
        )
        .order_by(_e.session, _e.seq)
    )
    found: dict[int, dict[str, RunMark]] = {}
    for row in connection.execute(statement):
        mark = _mark(row)
        if mark is not None:
            # How healing went last is all that is said of it.
            kind = "heal" if mark.what in _HEALING else mark.what
            of_session = found.setdefault(row.session, {})
            of_session.pop(kind, None)
            of_session[kind] = mark
    return {number: tuple(marks.values()) for number, marks in found.items()}


def _mark(row: AnyRow) -> RunMark | None:
    """What an incident says; None for one no list speaks of, or that cannot be read."""
    try:
        payload = parse_json(row.payload, "the event")
    except (DamagedRecordError, TypeError, RecursionError):
        return None
    match payload:
        case {"what": str(what), "said": str(said)} if what in _TOLD:
            warned = '"level":"warn"' in row.payload
            at = rfc3339(row.at) if is_a_time(row.at) else ""
            return RunMark(cast("Incident", what), said, at, warned=warned)
        case _:
            return None


def _questions(connection: Connection, senders: Sequence[str]) -> dict[str, int]:
    """The newest question each of some sessions asked the operators, where it waits for an answer."""
    statement = (
        select(_m.sender, func.max(_m.number))
        .where(
            _m.session.is_(None),
            _m.acknowledged_at.is_(None),
            _m.sender.in_(senders),
            _m.body.contains('"kind":"question"', autoescape=True),
        )
        .group_by(_m.sender)
    )
    return dict(connection.execute(statement).all())


def _until(row: AnyRow) -> str | None:
    timed = row.state == "parked" and row.ready_at < NEVER
    return rfc3339(row.ready_at) if timed and is_a_time(row.ready_at) else None
