"""Which sessions may a request to resume mean?

All sessions are looked at, by index; `projections.resume_ranking` puts what is found in order.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import ColumnElement, Connection, case, func, null, or_, select

from workrail_engine.errors import StoreDamagedError
from workrail_engine.projections.resume_ranking import (
    Match,
    ResumeAsk,
    Sighting,
    Sightings,
    words_of,
)
from workrail_engine.store import schema
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.queries import NEWEST_FIRST, WITH_WORKFLOW, count
from workrail_engine.store.record import DamagedRecordError, Record
from workrail_engine.store.refusals import noticing_damage
from workrail_engine.store.rows import SUMMARY_COLUMNS, AnyRow, summary_of
from workrail_engine.store.word_search import Finds, Speech, holding, showing, weighed, with_any

_s, _n, _e = schema.sessions, schema.nodes, schema.events
_MOST_SIGHTINGS: Final = 50
_SILENT: Final = Speech(None, 0.0)


def sightings(connection: Connection, ask: ResumeAsk) -> Sightings:
    """The sessions a resume request may mean.

    An id stands for itself. Otherwise a session must match all that was asked; when none does, those
    that match any of it. When nothing was asked: the newest.
    """
    words = words_of(ask.query)
    if words and ask.session_id is None:
        seen = _by_words(connection, ask, words)
    else:
        seen = _by_place(connection, ask)
    return replace(seen, sessions=count(connection, []))


def _by_place(connection: Connection, ask: ResumeAsk) -> Sightings:
    places = _places(connection, ask)
    if ask.session_id is not None:
        readings = [[_s.c.session_id == ask.session_id]]
    else:
        readings = [places, [or_(*places)]] if len(places) > 1 else [places]
    for conditions in readings:
        total = count(connection, conditions)
        if total:
            newest = select(_s.c.number).where(*conditions).order_by(*NEWEST_FIRST)
            most = max(ask.limit, _MOST_SIGHTINGS)
            chosen = connection.execute(newest.limit(most)).scalars().all()
            found = _described(connection, ask, dict.fromkeys(chosen, _SILENT))
            return Sightings(found, total, 0)
    return Sightings((), 0, 0)


def _by_words(connection: Connection, ask: ResumeAsk, words: Sequence[str]) -> Sightings:
    places = _places(connection, ask)
    within = _numbers(connection, places) if places else None
    finds = _strictly(connection, words, within)
    if not finds.sessions:
        finds = _loosely(connection, words, places)
    best = sorted(finds.sessions.items(), key=_by_speech)[: max(ask.limit, _MOST_SIGHTINGS)]
    found = _described(connection, ask, dict(best))
    return Sightings(found, len(finds.sessions), 0, more=not finds.complete)


def _strictly(connection: Connection, words: Sequence[str], within: set[int] | None) -> Finds:
    """What speaks of all words in one of the places, or else looks so."""
    if within == set():
        return Finds({}, complete=True)
    held = holding(connection, words, within)
    if held.sessions:
        return weighed(connection, held, within)
    return _looking(connection, words, within)


def _looking(connection: Connection, words: Sequence[str], within: set[int] | None) -> Finds:
    held = showing(connection, words, within)
    return Finds({number: Speech(None, 0.0) for number in held.sessions}, held.complete)


def _loosely(
    connection: Connection, words: Sequence[str], places: Sequence[ColumnElement[bool]]
) -> Finds:
    """What has one of the words, or looks so elsewhere, or lies in one of the places."""
    any_of = with_any(connection, words)
    shown = _looking(connection, words, None) if places else Finds({}, complete=True)
    near = _numbers(connection, [or_(*places)]) if places else set[int]()
    sessions = {**dict.fromkeys(near, _SILENT), **shown.sessions, **any_of.sessions}
    return Finds(sessions, any_of.complete and shown.complete)


def _by_speech(found: tuple[int, Speech]) -> tuple[bool, float, int]:
    number, speech = found
    return speech.seq is None, speech.score, -number


def _numbers(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> set[int]:
    return set(connection.execute(select(_s.c.number).where(*conditions)).scalars())


def _places(connection: Connection, ask: ResumeAsk) -> list[ColumnElement[bool]]:
    places: list[ColumnElement[bool]] = []
    if ask.branch is not None:
        places.append(_s.c.branch == ask.branch)
    if ask.repository is not None:
        places.append(_in_repository(connection, ask.repository.rstrip("/")))
    return places


def _in_repository(connection: Connection, place: str) -> ColumnElement[bool]:
    """Sessions of a repository, by its root or its name, or of a folder worked in.

    There are few repositories and many sessions: each name is looked at once.
    """
    roots = [root for root in _repositories(connection) if root.endswith(f"/{place}")]
    return or_(_s.c.repository.in_([place, *roots]), _s.c.workspace_path == place)


def _repositories(connection: Connection) -> list[str]:
    """Each repository there is, going from one to the next through the index."""
    roots = (
        select(func.min(_s.c.repository).label("root"))
        .where(_s.c.repository.is_not(None))
        .cte("roots", recursive=True)
    )
    after = (
        select(func.min(_s.c.repository)).where(_s.c.repository > roots.c.root).scalar_subquery()
    )
    each = roots.union_all(select(after).where(roots.c.root.is_not(None)))
    statement = select(each.c.root).where(each.c.root.is_not(None))
    return list(connection.execute(statement).scalars())


def _described(
    connection: Connection, ask: ResumeAsk, chosen: Mapping[int, Speech]
) -> tuple[Sighting, ...]:
    """Each chosen session with the event that speaks best, or the one that led to where it stands.

    Where a part of the file cannot be read, sessions are read one by one, and those that lie in it
    are told by their own row alone.
    """
    try:
        with noticing_damage():
            return _with_text(connection, ask, chosen)
    except StoreDamagedError:
        if len(chosen) > 1:
            each = (_described(connection, ask, {one: chosen[one]}) for one in chosen)
            return tuple(sighting for found in each for sighting in found)
    statement = (
        select(*SUMMARY_COLUMNS, _s.c.workspace_path, null().label("payload"))
        .select_from(WITH_WORKFLOW)
        .where(dialect_of(connection).among(chosen))
    )
    return tuple(_sighting(ask, row, chosen[row.number]) for row in connection.execute(statement))


def _with_text(
    connection: Connection, ask: ResumeAsk, chosen: Mapping[int, Speech]
) -> tuple[Sighting, ...]:
    places = {number: speech.seq for number, speech in chosen.items() if speech.seq is not None}
    best = case(places, value=_s.c.number) if places else null()
    here = (_n.c.session == _s.c.number) & (_n.c.node == _s.c.tip)
    speaks = (_e.c.session == _s.c.number) & (_e.c.seq == func.coalesce(best, _n.c.arrival, 1))
    statement = (
        select(*SUMMARY_COLUMNS, _s.c.workspace_path, _e.c.payload)
        .select_from(WITH_WORKFLOW.outerjoin(_n, here).outerjoin(_e, speaks))
        .where(dialect_of(connection).among(chosen))
    )
    return tuple(_sighting(ask, row, chosen[row.number]) for row in connection.execute(statement))


def _text(row: AnyRow) -> str:
    """What the session says; a damaged event says nothing here and is named by `verify`."""
    try:
        event = Record.parse(row.payload or "{}", "event")
        said = event.maybe("notes", event.text) or event.maybe("goal", event.text)
    except DamagedRecordError:
        return row.goal
    return said or row.goal


def _sighting(ask: ResumeAsk, row: AnyRow, speech: Speech) -> Sighting:
    summary = summary_of(row)
    matches: set[Match] = set()
    if ask.session_id == summary.session_id:
        matches.add("id")
    shown = f"{row.goal} {row.workflow_id} {row.step_title} {row.branch}".lower()
    if speech is not _SILENT or any(word in shown for word in words_of(ask.query)):
        matches.add("words")
    if ask.branch is not None and ask.branch == summary.branch:
        matches.add("branch")
    if ask.repository is not None and _is_in(row, ask.repository.rstrip("/")):
        matches.add("repository")
    return Sighting(summary, frozenset(matches), -speech.score, _text(row))


def _is_in(row: AnyRow, place: str) -> bool:
    repository: str = row.repository or ""
    return place in (repository, row.workspace_path) or repository.endswith(f"/{place}")
