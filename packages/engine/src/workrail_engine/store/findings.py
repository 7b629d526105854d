"""Which sessions speak of some words, and in which of their texts?"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, select

from workrail_engine.projections.findings import SearchAsk, SearchPage
from workrail_engine.projections.resume_ranking import words_of
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.hits import found
from workrail_engine.store.queries import (
    MOST_COUNTED,
    NEWEST_FIRST,
    WITH_WORKFLOW,
    counted,
    held_or_shown,
    older_than,
    speaking,
)
from workrail_engine.store.rows import SUMMARY_COLUMNS
from workrail_engine.store.search_conditions import conditions_of
from workrail_engine.store.wanted import Term

_EMPTY: Final = SearchPage((), 0, more=False, next_before=None)


def search(connection: Connection, ask: SearchAsk) -> SearchPage:
    """Sessions that speak of all words and fulfil all conditions, newest change first.

    Without words all sessions that fulfil the conditions; without either none.

    Raises:
        InvalidInputError: `before` did not come from a page, or a day is none.
    """
    conditions = conditions_of(ask)
    older = [] if ask.before is None else [older_than(ask.before)]
    words = words_of(ask.words)
    if not words and (ask.words.strip() or not conditions):
        return _EMPTY
    terms: Sequence[Term] = ()
    if words:
        terms = held_or_shown(connection, words).terms
        numbers, total, more = speaking(connection, ask.limit, conditions, older, words)
        chosen = [dialect_of(connection).among(numbers)]
    else:
        total, more = counted(connection, conditions, MOST_COUNTED)
        chosen = [*conditions, *older]
    statement = select(*SUMMARY_COLUMNS).select_from(WITH_WORKFLOW).where(*chosen)
    rows = connection.execute(statement.order_by(*NEWEST_FIRST).limit(ask.limit + 1)).all()
    shown = rows[: ask.limit]
    last = shown[-1] if len(rows) > ask.limit else None
    if words and ask.before is None and last is None:
        total, more = len(shown), False
    return SearchPage(
        found=found(connection, shown, terms),
        total=total,
        more=more,
        next_before=None if last is None else f"{last.updated_at}.{last.number}",
    )
