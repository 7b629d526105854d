"""Which sessions may a request to resume mean?

All sessions are looked at, by index; `projections.resume_ranking` puts what is found in order.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    Subquery,
    and_,
    cast,
    func,
    null,
    or_,
    select,
)

from workrail_engine.projections.resume_ranking import (
    Match,
    ResumeAsk,
    Sighting,
    Sightings,
    words_of,
)
from workrail_engine.store import full_text, schema
from workrail_engine.store.queries import NEWEST_FIRST, count
from workrail_engine.store.record import DamagedRecordError, Record
from workrail_engine.store.rows import SUMMARY_COLUMNS, AnyRow, summary_of

_s, _w, _n, _e = schema.sessions, schema.workflows, schema.nodes, schema.events
_NO_PLACE = cast(null(), Integer)
_MOST_SIGHTINGS: Final = 50


def sightings(connection: Connection, ask: ResumeAsk) -> Sightings:
    """The sessions a resume request may mean.

    An id stands for itself. Otherwise a session must match all that was asked; when none does, those
    that match any of it. When nothing was asked: the newest.
    """
    everything = count(connection, [])
    for conditions in _readings(ask):
        total = count(connection, conditions)
        if total:
            rows = connection.execute(_described(_chosen(ask, conditions)))
            found = tuple(_sighting(ask, row) for row in rows)
            return Sightings(found, total, everything)
    return Sightings((), 0, everything)


def _readings(ask: ResumeAsk) -> list[list[ColumnElement[bool]]]:
    """The ways to understand a request, strictest first."""
    if ask.session_id is not None:
        return [[_s.c.session_id == ask.session_id]]
    words = words_of(ask.query)
    places = [
        *([_s.c.branch == ask.branch] if ask.branch is not None else []),
        *([_in_repository(ask.repository)] if ask.repository is not None else []),
    ]
    if not words:
        return [places, [or_(*places)]] if len(places) > 1 else [places]
    said = full_text.says_all(words)
    shown = full_text.looks_like(words)
    loosest = or_(full_text.says_any(words), and_(*shown), *places)
    return [[*said, *places], [*shown, *places], [loosest]]


def _in_repository(repository: str) -> ColumnElement[bool]:
    place = repository.rstrip("/")
    return or_(
        _s.c.repository == place,
        _s.c.workspace_path == place,
        _s.c.repository.endswith(f"/{place}", autoescape=True),
    )


def _chosen(ask: ResumeAsk, conditions: Sequence[ColumnElement[bool]]) -> Subquery:
    """The sessions worth ranking, those with the best text or the newest, and where it is."""
    words = words_of(ask.query)
    most = max(ask.limit, _MOST_SIGHTINGS)
    if not words:
        plain = select(_s.c.number, _NO_PLACE.label("best"), null().label("score"))
        return plain.where(*conditions).order_by(*NEWEST_FIRST).limit(most).subquery("chosen")
    hits = full_text.hits(words)
    return (
        select(_s.c.number, hits.c.best, hits.c.score)
        .select_from(_s.outerjoin(hits, hits.c.session == _s.c.number))
        .where(*conditions)
        .order_by(hits.c.score.is_(None), hits.c.score, *NEWEST_FIRST)
        .limit(most)
        .subquery("chosen")
    )


def _described(chosen: Subquery) -> Select[*tuple[Any, ...]]:
    """Each chosen session with the event that speaks best, or the one that led to where it stands."""
    speaks = func.coalesce(chosen.c.best % schema.EVENTS_PER_SESSION, _n.c.arrival)
    return select(*SUMMARY_COLUMNS, _s.c.workspace_path, chosen.c.score, _e.c.payload).select_from(
        chosen.join(_s, _s.c.number == chosen.c.number)
        .outerjoin(_w, _w.c.workflow_hash == _s.c.workflow_hash)
        .outerjoin(_n, (_n.c.session == _s.c.number) & (_n.c.node == _s.c.tip))
        .outerjoin(_e, (_e.c.session == _s.c.number) & (_e.c.seq == speaks))
    )


def _text(row: AnyRow) -> str:
    """What the session says; a damaged event says nothing here and is named by `verify`."""
    try:
        event = Record.parse(row.payload or "{}", "event")
    except DamagedRecordError:
        return row.goal
    said = event.maybe("notes", event.text) or event.maybe("goal", event.text)
    return said or row.goal


def _sighting(ask: ResumeAsk, row: AnyRow) -> Sighting:
    summary = summary_of(row)
    matches: set[Match] = set()
    if ask.session_id == summary.session_id:
        matches.add("id")
    shown = f"{row.goal} {row.workflow_id} {row.step_title} {row.branch}".lower()
    if row.score is not None or any(word in shown for word in words_of(ask.query)):
        matches.add("words")
    if ask.branch is not None and ask.branch == summary.branch:
        matches.add("branch")
    if ask.repository is not None and _is_in(row, ask.repository.rstrip("/")):
        matches.add("repository")
    return Sighting(summary, frozenset(matches), -float(row.score or 0), _text(row))


def _is_in(row: AnyRow, place: str) -> bool:
    repository: str = row.repository or ""
    return place in (repository, row.workspace_path) or repository.endswith(f"/{place}")
