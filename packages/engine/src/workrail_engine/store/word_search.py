"""Which sessions speak of all of some words, or of any, and where best?

A word is found where a goal, a step's title, notes or an artifact hold a word that begins with it; a
quoted phrase where its words stand together. Where no word begins so, its ending is left off: "parsers"
finds "parser". The words of a question may lie in different steps of one session.

The cost is bounded: of a word that thousands of pieces hold, the newest are looked at, unless the other
words leave few sessions. `complete` says whether all were seen.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from workrail_engine.store import schema
from workrail_engine.store.dialect import dialect_of
from workrail_engine.store.wanted import Term, Wanted

MOST_PIECES: Final = 1_000
"""Of one word, so many pieces of text are looked at."""
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
class Finds:
    """The sessions that speak of words, by number."""

    sessions: dict[int, Speech]
    complete: bool
    """Whether these are all there are."""
    terms: tuple[Term, ...]
    """How each word was looked for."""


@dataclass(frozen=True)
class _Word:
    term: Term
    sessions: frozenset[int]
    """Where the newest pieces with it are."""
    common: bool
    """There may be more."""


def with_all(connection: Connection, words: Sequence[str], within: Set[int] | None = None) -> Finds:
    """The sessions that speak of all words.

    Args:
        connection: to the store.
        words: in lower case; one with a blank is a phrase.
        within: only these sessions count; all when left out.
    """
    found = [_look_up(connection, word, within) for word in words]
    terms = tuple(word.term for word in found)
    rare = [word for word in found if not word.common]
    left, complete = _meeting(connection, found, rare, within)
    if left is None:  # each word is common and many pieces hold all
        return Finds(_best(connection, Wanted(terms), within), complete=False, terms=terms)
    if not left:
        return Finds({}, complete=True, terms=terms)
    best = {session: Speech(None, 0.0) for session in left}
    if rare:
        rarest = min(rare, key=lambda word: len(word.sessions))
        best |= _best(connection, Wanted((rarest.term,)), left)
    if len(terms) > 1:
        best |= _best(connection, Wanted(terms), left)
    return Finds(best, complete=complete, terms=terms)


def with_any(connection: Connection, words: Sequence[str]) -> Finds:
    """The sessions that speak of one of the words; of common ones only where others find little."""
    found = [_look_up(connection, word, None) for word in words]
    rare = [word for word in found if not word.common]
    enough = sum(len(word.sessions) for word in rare) >= _ENOUGH
    seen = tuple(word.term for word in (rare if enough else found) if word.sessions)
    best = _best(connection, Wanted(seen, every=False), None) if seen else {}
    return Finds(best, complete=len(rare) == len(found), terms=seen)


def _meeting(
    connection: Connection,
    found: Sequence[_Word],
    rare: Sequence[_Word],
    within: Set[int] | None,
) -> tuple[Set[int] | None, bool]:
    """The sessions that hold every word, and whether they are all; None: too many to tell."""
    if rare:
        left: Set[int] = rare[0].sessions
        for word in rare:
            left &= word.sessions
        others = [word for word in found if word.common]
    else:
        together = Wanted(tuple(word.term for word in found))
        pieces = dialect_of(connection).pieces(connection, together, within, MOST_PIECES)
        if len(found) == 1 or len(pieces) >= _ENOUGH:
            return None, False
        left = _speaking(connection, found[0].term, within)
        others = [*found[1:]]
    for word in others:
        left = _speaking(connection, word.term, left) if left else left
    newest = sorted(left, reverse=True)[:MOST_PIECES]
    return frozenset(newest), len(newest) == len(left)


def _speaking(connection: Connection, term: Term, within: Set[int] | None) -> Set[int]:
    return set(dialect_of(connection).speaking(connection, term, within))


def _look_up(connection: Connection, text: str, within: Set[int] | None) -> _Word:
    """The first of the ways to look for a word that finds enough."""
    word = _Word(Term(text), frozenset(), common=False)
    for term in _ways(text):
        places = dialect_of(connection).pieces(connection, Wanted((term,)), within, MOST_PIECES)
        sessions = frozenset(place // schema.EVENTS_PER_SESSION for place in places)
        word = _Word(term, sessions, common=len(places) >= MOST_PIECES)
        if word.common or (sessions and term.beginning):
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
    for piece in dialect_of(connection).scored(connection, wanted, within, MOST_PIECES):
        session, seq = divmod(piece.place, schema.EVENTS_PER_SESSION)
        if session not in best or piece.score < best[session].score:
            best[session] = Speech(seq, piece.score)
    return best
