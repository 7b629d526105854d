"""Which proofs speak of the paths a glob names, newest first?

There are many proofs and few paths, so the paths come first: the index is asked for each that is in
it, by one seek, whatever the glob begins with. Then the proofs of those that fit are read back in time;
or where little else is asked for, that little is gone through.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, get_args

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    func,
    literal,
    select,
    tuple_,
)

from workrail_engine.projections.proofs import ProofAsk, fits, plain_start
from workrail_engine.session.provable import ProofKind
from workrail_engine.store import schema
from workrail_engine.store.rows import microseconds

_s, _p, _m = schema.sessions, schema.proofs, schema.proof_modules
_FEW: Final = 5_000
"""So many proofs are gone through one by one."""
_PAGE: Final = 1_024
_LOST_TO_CONDITIONS: Final = 4
"""So many proofs are looked at for one that is wanted, to begin with, where more is asked for."""
_NAMED: Final = 5_000
"""So many paths are named in one statement."""
_SHORTEST: Final = 60_000_000
"""Microseconds of the shortest stretch of time that is looked at."""
_LAST: Final = "\U0010ffff"
_BEYOND: Final = 2**63 - 1


def paths_named(connection: Connection, glob: str) -> dict[str, int]:
    """The paths that proofs speak of and a glob names, each with the time of its newest proof."""
    start, _ = plain_start(glob.rstrip("/"))
    rows = connection.execute(paths_from(start))
    return {row.module: row.newest for row in rows if fits(row.module, glob)}


def numbers_of(
    connection: Connection, ask: ProofAsk, paths: Mapping[str, int]
) -> Iterator[Sequence[int]]:
    """The numbers of proofs that speak of some paths, newest first, a part at a time.

    Where nothing else is asked for these are all that are wanted; else some of them may not be.
    """
    if not paths:
        return
    if _asks_more(ask) and _are_few(connection, ask):
        rows = connection.execute(those_asked_for(ask))
        fitting = dict.fromkeys(row.number for row in rows if row.module in paths)
        yield list(islice(fitting, ask.limit))
        return
    least = 0 if ask.since is None else microseconds(ask.since)
    most = min(ask.limit * _LOST_TO_CONDITIONS, _PAGE) if _asks_more(ask) else ask.limit
    yield from _newest_first(connection, paths, least, most)


def conditions(ask: ProofAsk) -> list[ColumnElement[bool]]:
    """What is asked for besides paths, as conditions on proofs and sessions."""
    found: list[ColumnElement[bool]] = []
    if ask.session_id is not None:
        found.append(_s.c.session_id == ask.session_id)
    if ask.kind is not None:
        found.append(_p.c.kind == ask.kind)
    if ask.outcome is not None:
        found.append(_p.c.outcome == ask.outcome)
    if ask.since is not None:
        found.append(_p.c.at >= literal(microseconds(ask.since), _p.c.at.type))
    return found


def paths_from(start: str) -> Select[*tuple[object, ...]]:
    """Every path that begins so, once, with its newest time; each is found by a seek in the index."""
    within = _m.c.module.between(start, f"{start}{_LAST}")
    first = select(func.min(_m.c.module).label("module")).where(within)
    found = first.cte("found", recursive=True)
    further = _m.alias("further")
    following = (
        select(func.min(further.c.module))
        .where(further.c.module > found.c.module, further.c.module <= f"{start}{_LAST}")
        .correlate(found)
        .scalar_subquery()
    )
    found = found.union_all(select(following).where(found.c.module.is_not(None)))
    times = _m.alias("times")
    newest = (
        select(func.max(times.c.at))
        .where(times.c.module == found.c.module)
        .correlate(found)
        .scalar_subquery()
    )
    return select(found.c.module, newest.label("newest")).where(found.c.module.is_not(None))


def those_asked_for(ask: ProofAsk) -> Select[*tuple[object, ...]]:
    """The proofs that all but the paths allow, newest first, a row for each of their paths."""
    joined = _p.join(_s, _s.c.number == _p.c.session).join(_m, _m.c.proof == _p.c.number)
    statement = select(_p.c.number, _m.c.module).select_from(joined).where(*conditions(ask))
    return statement.order_by(_p.c.at.desc(), _p.c.number.desc())


def how_many(ask: ProofAsk) -> Select[int]:
    """How many proofs all but the paths allow, counted up to a few."""
    known = [_p.c.kind.in_(get_args(ProofKind))] if ask.kind is None else []
    some = select(literal(1).label("one")).select_from(_p)
    if ask.session_id is not None:
        some = some.join(_s, _s.c.number == _p.c.session)
    else:
        some = some.where(*known)  # the index begins with the kind
    return select(func.count()).select_from(
        some.where(*conditions(ask)).limit(_FEW + 1).subquery("some")
    )


def stretch_of(
    paths: Sequence[str], lower: int, before: tuple[int, int]
) -> Select[*tuple[object, ...]]:
    """The proofs of some paths from a time up to a place, newest first, as many as fit into a page."""
    place = tuple_(literal(before[0], _m.c.at.type), literal(before[1], _m.c.proof.type))
    return (
        select(_m.c.at, _m.c.proof)
        .distinct()
        .where(_m.c.module.in_(paths), _m.c.at >= literal(lower, _m.c.at.type))
        .where(_m.c.at <= place.clauses[0], tuple_(_m.c.at, _m.c.proof) < place)
        .order_by(_m.c.at.desc(), _m.c.proof.desc())
        .limit(_PAGE)
    )


def _asks_more(ask: ProofAsk) -> bool:
    return ask.session_id is not None or ask.kind is not None or ask.outcome is not None


def _are_few(connection: Connection, ask: ProofAsk) -> bool:
    return connection.execute(how_many(ask)).scalar_one() <= _FEW


def _newest_first(
    connection: Connection, paths: Mapping[str, int], least: int, most: int
) -> Iterator[Sequence[int]]:
    """The numbers of the proofs of some paths, in stretches of time that grow as long as little is found.

    Args:
        connection: to the store.
        paths: each with the time of its newest proof.
        least: what is older is not wanted.
        most: how many are wanted at first.
    """
    times = sorted(paths.values(), reverse=True)
    place: tuple[int, int] = (times[0], _BEYOND)
    width = max(times[0] - times[min(most, len(times)) - 1], _SHORTEST)
    while place[0] >= least:
        lower = max(place[0] - width, least)
        begun = [path for path, newest in paths.items() if newest >= lower]
        found = _stretch(connection, begun, lower, place)
        if found:
            yield [number for _, number in found]
        if len(found) == _PAGE:
            at, number = found[-1]
            place, width = (at, number), max(place[0] - at, _SHORTEST)
        else:
            place, width = (lower - 1, _BEYOND), width * 2


def _stretch(
    connection: Connection, paths: Sequence[str], lower: int, place: tuple[int, int]
) -> list[tuple[int, int]]:
    """(time, number) of up to a page of proofs, newest first."""
    parts = [paths[start : start + _NAMED] for start in range(0, len(paths), _NAMED)]
    rows: list[tuple[int, int]] = [
        (row.at, row.proof)
        for part in parts
        for row in connection.execute(stretch_of(part, lower, place))
    ]
    return rows if len(parts) == 1 else sorted(set(rows), reverse=True)[:_PAGE]
