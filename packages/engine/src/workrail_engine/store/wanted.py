"""What is looked for in the index of words?"""

from dataclasses import dataclass
from typing import Final

PIECES_A_SESSION: Final = 8
"""Where so many sessions are wanted, so many times as many pieces of text are looked at."""


@dataclass(frozen=True)
class Term:
    """A word, or several that must stand together, in lower case."""

    text: str
    beginning: bool = False
    """Whether the (last) word may go on."""
    part: bool = False
    """Whether it may stand anywhere in a word of what a list shows of a session."""


@dataclass(frozen=True)
class Wanted:
    """Pieces of text that hold all of some terms, or any of them."""

    terms: tuple[Term, ...]
    every: bool = True


@dataclass(frozen=True)
class Newest:
    """The sessions with the newest pieces of text that fit."""

    sessions: tuple[int, ...]
    complete: bool
    """Whether these are all there are."""


@dataclass(frozen=True)
class Piece:
    """A piece of text that was found, by its place in the index."""

    place: int
    score: float
    """Less is better; a goal counts most."""
