"""Which sessions speak of all of some words, or of any, and where best?

A word is found where a goal, a step's title, notes or an artifact hold a word that begins with it; a
quoted phrase where its words stand together. Where no word begins so, its ending is left off: "parsers"
finds "parser". The words of a question may lie in different steps of one session.

Where nothing speaks of the words so, they may stand in the middle of those that a list shows of a
session: its goal, its workflow, its branch.

The cost is bounded: of a word that thousands of sessions hold, the newest are looked at, unless the other
words leave few. `complete` says whether all were seen.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from workrail_engine.store import schema
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.wanted import Term, Wanted

MOST: Final = 1_000
"""Of one word, so many sessions are looked at, and so many pieces of text are weighed."""
_ENOUGH: Final = 50
_SHORTEST_BEGINNING: Final = 3
_SHORTEST_STEM: Final = 4
_ENDINGS: Final = ("ings", "ing", "ers", "ies", "es", "ed", "er", "s")


@dataclass(frozen=True)
class Speech:
    """Where a session speaks best of the words."""

    seq: int | None
    """The event's place in its log; None: the words lie in several that were not weighed."""
    score: float
    """Less is better."""


@dataclass(frozen=True)
class Held:
    """The sessions that hold words, by number."""

    sessions: Set[int]
    complete: bool
    """Whether these are all there are; else they are the newest."""
    terms: tuple[Term, ...]
    """How each word was looked for."""
    rarest: Term | None = None
    """The one that the fewest sessions hold, where all that do were seen."""


@dataclass(frozen=True)
class Finds:
    """The sessions that speak of words, by number, and where."""

    sessions: dict[int, Speech]
    complete: bool
    """Whether these are all there are."""


@dataclass(frozen=True)
class _Word:
    term: Term
    sessions: frozenset[int]
    """Where the newest pieces with it are."""
    common: bool
    """There may be more."""


def holding(connection: Connection, words: Sequence[str], within: Set[int] | None = None) -> Held:
    """The sessions that speak of all words.

    Args:
        connection: to the store.
        words: in lower case; one with a blank is a phrase.
        within: only these sessions count; all when left out.
    """
    found = [_look_up(connection, word, within) for word in words]
    terms = tuple(word.term for word in found)
    rare = [word for word in found if not word.common]
    sessions, complete = _meeting(connection, found, rare, within)
    rarest = min(rare, key=lambda word: len(word.sessions)).term if rare else None
    return Held(sessions, complete, terms, rarest)


def showing(connection: Connection, words: Sequence[str], within: Set[int] | None = None) -> Held:
    """The sessions whose line in a list has all words, be it in the middle of others."""
    terms = tuple(Term(word, part=True) for word in words)
    newest = dialect_of(connection).newest(connection, Wanted(terms), within, MOST)
    return Held(frozenset(newest.sessions), newest.complete, terms)


def weighed(connection: Connection, held: Held, within: Set[int] | None = None) -> Finds:
    """Where each session speaks best of the words it holds."""
    best = {session: Speech(None, 0.0) for session in held.sessions}
    if not held.complete and held.rarest is None:  # each word is common and many hold all
        best |= _best(connection, Wanted(held.terms), within)
    elif held.sessions:
        if held.rarest is not None:
            best |= _best(connection, Wanted((held.rarest,)), held.sessions)
        if len(held.terms) > 1:
            best |= _best(connection, Wanted(held.terms), held.sessions)
    return Finds(best, held.complete)


def with_any(connection: Connection, words: Sequence[str]) -> Finds:
    """The sessions that speak of one of the words; of common ones only where others find little."""
    found = [_look_up(connection, word, None) for word in words]
    rare = [word for word in found if not word.common]
    enough = sum(len(word.sessions) for word in rare) >= _ENOUGH
    chosen = [word for word in (rare if enough else found) if word.sessions]
    seen = tuple(word.term for word in chosen)
    best = {session: Speech(None, 0.0) for word in chosen for session in word.sessions}
    best |= _best(connection, Wanted(seen, every=False), None) if seen else {}
    return Finds(best, complete=len(rare) == len(found))


def _meeting(
    connection: Connection,
    found: Sequence[_Word],
    rare: Sequence[_Word],
    within: Set[int] | None,
) -> tuple[Set[int], bool]:
    """The sessions that hold every word, and whether they are all."""
    if rare:
        left: Set[int] = rare[0].sessions
        for word in rare:
            left &= word.sessions
        others = [word for word in found if word.common]
    elif len(found) == 1:
        return found[0].sessions, False
    else:
        together = Wanted(tuple(word.term for word in found))
        newest = dialect_of(connection).newest(connection, together, within, MOST).sessions
        if len(newest) >= _ENOUGH:
            return frozenset(newest), False
        left = _speaking(connection, found[0].term, within)
        others = [*found[1:]]
    for word in others:
        left = _speaking(connection, word.term, left) if left else left
    newest = sorted(left, reverse=True)[:MOST]
    return frozenset(newest), len(newest) == len(left)


def _speaking(connection: Connection, term: Term, within: Set[int] | None) -> Set[int]:
    return set(dialect_of(connection).speaking(connection, term, within))


def _look_up(connection: Connection, text: str, within: Set[int] | None) -> _Word:
    """The first of the ways to look for a word that finds enough."""
    word = _Word(Term(text), frozenset(), common=False)
    for term in _ways(text):
        newest = dialect_of(connection).newest(connection, Wanted((term,)), within, MOST)
        word = _Word(term, frozenset(newest.sessions), common=not newest.complete)
        if word.common or (word.sessions and term.beginning):
            break
    return word


def _ways(text: str) -> list[Term]:
    """The word, then all words that begin with it, then all that begin with its stem."""
    ways = [Term(text)]
    if " " in text or len(text) < _SHORTEST_BEGINNING:
        return ways
    ways.append(Term(text, beginning=True))
    for ending in _ENDINGS:
        if text.endswith(ending) and len(text) - len(ending) >= _SHORTEST_STEM:
            return [*ways, Term(text.removesuffix(ending), beginning=True)]
    return ways


def _best(connection: Connection, wanted: Wanted, within: Set[int] | None) -> dict[int, Speech]:
    """Each session's best piece among the newest that fit."""
    best: dict[int, Speech] = {}
    for piece in dialect_of(connection).scored(connection, wanted, within, MOST):
        session, seq = divmod(piece.place, schema.EVENTS_PER_SESSION)
        if session not in best or piece.score < best[session].score:
            best[session] = Speech(seq, piece.score)
    return best
