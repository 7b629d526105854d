"""Which sessions speak of some words?

A word is found where a goal, a step's title, notes or an artifact hold a word that begins with it.
The words of a question may lie in different steps of one session.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Numeric,
    bindparam,
    column,
    literal_column,
    or_,
    select,
    text,
)

from workrail_engine.store import schema

_s = schema.sessions.c
_SHORTEST_BEGINNING: Final = 3


def says_all(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """One condition on `sessions` a word; a session must meet them all."""
    return [_says(_one(word), f"word{place}") for place, word in enumerate(words)]


def says_any(words: Sequence[str]) -> ColumnElement[bool]:
    """A condition on `sessions`: at least one of the words."""
    return _says(_any_of(words), "any")


def looks_like(words: Sequence[str]) -> list[ColumnElement[bool]]:
    """Conditions on `sessions` that also find the middle of a word, in what a list shows."""
    return [
        or_(
            *(
                shown.icontains(word, autoescape=True)
                for shown in (_s.goal, _s.workflow_id, _s.step_title, _s.branch)
            )
        )
        for word in words
    ]


def hits(words: Sequence[str]) -> CTE:
    """The sessions that have one of the words.

    Columns: `session`, `best` (its best row in `search`) and `score` (BM25 of that row: less is
    better, and a goal counts most).
    """
    # The cast gives the column a type, without which SQLite makes no index to join on.
    found = text(
        """
        SELECT CAST(place / 16777216 AS INTEGER) AS session, place AS best, min(score) AS score
          FROM (SELECT rowid AS place, bm25(search, 8.0, 4.0, 2.0, 1.0) AS score
                  FROM search WHERE search MATCH :any_of LIMIT -1)
         GROUP BY 1
        """
    ).bindparams(any_of=_any_of(words))
    return found.columns(
        column("session", Integer), column("best", Integer), column("score", Numeric)
    ).cte("hits")


def _says(match: str, name: str) -> ColumnElement[bool]:
    session = literal_column("search.rowid / 16777216", Integer)
    found = (
        select(session)
        .select_from(schema.search)
        .where(literal_column("search").op("MATCH", is_comparison=True)(bindparam(name, match)))
    )
    return _s.number.in_(found)


def _any_of(words: Sequence[str]) -> str:
    return " OR ".join(_one(word) for word in words)


def _one(word: str) -> str:
    """A short word must be met whole: too many others begin with it."""
    return f'"{word}"*' if len(word) >= _SHORTEST_BEGINNING else f'"{word}"'
