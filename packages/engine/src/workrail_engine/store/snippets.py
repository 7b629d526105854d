"""Where in a text do the words stand that were looked for?

Letters are compared as the index of words does: without case and accents. The text shown is the text
as it was written.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from workrail_engine.projections.findings import Piece
from workrail_engine.store.parts import WORD, plain
from workrail_engine.store.wanted import Term

_WIDTH: Final = 160
_LEAD_IN: Final = 50
_SLACK: Final = 4
"""So many times the width is cut out, for blanks that follow one another are shown as one."""
LONGEST: Final = 200_000
"""Signs of a text that are looked at."""


class Marker:
    """Finds and marks words."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._each = [re.compile(pattern) for term in terms if (pattern := _pattern(term))]
        every = "|".join(one.pattern for one in self._each)
        self._any = re.compile(every) if every else None

    def words_in(self, text: str) -> int:
        """How many of the words a text has."""
        folded, _ = _folded(text[:LONGEST])
        return sum(one.search(folded) is not None for one in self._each)

    def snippet(self, text: str) -> tuple[Piece, ...]:
        """A line of a text around the first of the words; nothing where none is in it."""
        folded, places = _folded(text[:LONGEST])
        first = None if self._any is None else self._any.search(folded)
        if first is None:
            return ()
        start = _beginning(text, places[first.start()])
        cut = text[start : start + _SLACK * _WIDTH]
        line = " ".join(cut.split())
        shown = _whole_words(line)
        before = "… " if start else ""
        cut_off = len(shown) < len(line) or start + len(cut) < len(text)
        return tuple(self._pieces(f"{before}{shown}{' …' if cut_off else ''}"))

    def _pieces(self, line: str) -> Iterator[Piece]:
        folded, places = _folded(line)
        at = 0
        for found in () if self._any is None else self._any.finditer(folded):
            start, end = places[found.start()], _end(line, places[found.end() - 1] + 1)
            if start > at:
                yield Piece(line[at:start], hit=False)
            if end > max(at, start):
                yield Piece(line[max(at, start) : end], hit=True)
            at = max(at, end)
        if at < len(line):
            yield Piece(line[at:], hit=False)


def _pattern(term: Term) -> str:
    """What finds a term in a folded text."""
    words = [re.escape(word) for word in WORD.findall(_plain(term.text))]
    if not words:
        return ""
    together = r"[\W_]+".join(words)
    if term.part:
        return together
    goes_on = r"[^\W_]*" if term.beginning else r"(?![^\W_])"
    return rf"(?<![^\W_]){together}{goes_on}"


def _beginning(text: str, hit: int) -> int:
    """Where a snippet begins: with a word, some signs before the hit."""
    start = max(0, hit - _LEAD_IN)
    if start == 0:
        return 0
    blank = re.search(r"\s", text[start:hit])
    return start if blank is None else start + blank.end()


def _whole_words(line: str) -> str:
    if len(line) <= _WIDTH:
        return line
    end = line.rfind(" ", _WIDTH // 2, _WIDTH + 1)
    return line[:_WIDTH] if end < 0 else line[:end]


def _end(line: str, end: int) -> int:
    """The end of a hit, with the accents that stand behind its last letter."""
    while end < len(line) and unicodedata.combining(line[end]):
        end += 1
    return end


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """A text as it is compared, and the place each of its signs has in the text."""
    if text.isascii():
        return text.lower(), range(len(text))
    signs: list[str] = []
    places: list[int] = []
    for place, sign in enumerate(text):
        for each in _plain(sign):
            signs.append(each)
            places.append(place)
    return "".join(signs), places


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return plain(text).casefold()
