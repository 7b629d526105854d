"""What is looked for in the index of words?"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A word, or several that must stand together, in lower case."""

    text: str
    beginning: bool = False
    """Whether the (last) word may go on."""


@dataclass(frozen=True)
class Wanted:
    """Pieces of text that hold all of some terms, or any of them."""

    terms: tuple[Term, ...]
    every: bool = True


@dataclass(frozen=True)
class Piece:
    """A piece of text that was found, by its place in the index."""

    place: int
    score: float
    """Less is better; a goal counts most."""
