"""Which of the sessions that speak of common words come next in a list?

A list is ordered by change, the index of words by session. Of a word that most sessions hold, the page
is soon full: the list is gone through and each part of it is held against the index. Of one that few
of the sessions in the list hold, all that do are gathered instead. Both see every session.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from sqlalchemy import Connection, Select

from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.wanted import Term

_MOST_VISITED: Final = 6_000
"""So many sessions are gone through before those that hold the words are gathered."""
_GROWTH: Final = 2
_NEAR: Final = 64
"""Numbers that lie no further apart are asked for together."""


def next_speaking(
    connection: Connection, listed: Select[int], terms: Sequence[Term], most: int
) -> list[int]:
    """The first sessions of a list that hold all terms.

    Args:
        connection: to the store.
        listed: the numbers of the sessions in the list, in its order.
        terms: what they must hold.
        most: so many at most.
    """
    found: list[int] = []
    visited, size = 0, 2 * most
    while visited < _MOST_VISITED:
        numbers = connection.execute(listed.offset(visited).limit(size)).scalars().all()
        found += _holding(connection, numbers, terms)
        if len(found) >= most or len(numbers) < size:
            return found[:most]
        visited, size = visited + size, size * _GROWTH
    says = dialect_of(connection).says
    gathered = listed.where(*(says(term) for term in terms)).limit(most)
    return [*connection.execute(gathered).scalars()]


def _holding(connection: Connection, numbers: Sequence[int], terms: Sequence[Term]) -> list[int]:
    """Those of some sessions that hold all terms, in their order."""
    left = set(numbers)
    for term in terms:
        if left:
            runs = [*_runs(sorted(left))]
            left &= set(dialect_of(connection).speaking_between(connection, term, runs))
    return [number for number in numbers if number in left]


def _runs(ascending: Sequence[int]) -> Iterator[tuple[int, int]]:
    """From where to where numbers stand close together."""
    first = ascending[0]
    for one, other in pairwise(ascending):
        if other - one > _NEAR:
            yield first, one
            first = other
    yield first, ascending[-1]
