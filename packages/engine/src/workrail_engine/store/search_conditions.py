"""Which sessions are looked at by a search, whatever words it has?"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, select

from workrail_engine.errors import InvalidInputError
from workrail_engine.projections.findings import SearchAsk
from workrail_engine.store import schema
from workrail_engine.store.rows import microseconds

_s, _a = schema.sessions.c, schema.artifacts.c


def conditions_of(ask: SearchAsk) -> list[ColumnElement[bool]]:
    """What sessions must fulfil beside the words.

    Raises:
        InvalidInputError: a day is none.
    """
    return [*_equal(ask), *_changed(ask), *_with_artifact(ask)]


def _equal(ask: SearchAsk) -> Iterator[ColumnElement[bool]]:
    pairs = (
        (_s.status, ask.status),
        (_s.workflow_id, ask.workflow),
        (_s.repository, ask.repository),
        (_s.branch, ask.branch),
    )
    yield from (column == value for column, value in pairs if value is not None)


def _changed(ask: SearchAsk) -> Iterator[ColumnElement[bool]]:
    if ask.since is not None:
        yield _s.updated_at >= microseconds(_day(ask.since))
    if ask.until is not None:
        yield _s.updated_at < microseconds(_day(ask.until)) + timedelta(days=1) // timedelta(
            microseconds=1
        )


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        message = f"'{text[:40]}' is not a day. Write it as in 2026-03-02."
        raise InvalidInputError(message) from error


def _with_artifact(ask: SearchAsk) -> Iterator[ColumnElement[bool]]:
    if ask.artifact is not None:
        sent = select(_a.number).where(_a.session == _s.number)
        yield (sent if ask.artifact == "any" else sent.where(_a.kind == ask.artifact)).exists()
