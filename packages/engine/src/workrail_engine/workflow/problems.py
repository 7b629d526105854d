"""What is wrong with a document, where, and how is it put right?

Problems name their place by a JSON pointer; `registry.documents` adds file and line.
"""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from workrail_engine.canonical import JsonValue
from workrail_engine.workflow.pointers import position

_SHOWN_CHARACTERS: Final = 60


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a document."""

    pointer: str
    """RFC 6901 pointer of the place; of the place it should be at, when something is missing."""
    message: str
    """What is wrong; reads on from the name of the place."""
    expected: str | None = None
    """What would be accepted here."""
    suggestion: str | None = None
    """What to do about it."""
    rests_on: tuple[str, ...] = field(default=("",), compare=False, repr=False)
    """Places that would make the problem go away if something else stood at or below them.

    Pointers, in which `*` is any item; a field that is absent counts as a place. The place of the
    problem itself, and values the message quotes, need no mention. The default is the whole document.
    """


def in_document_order(problems: Iterable[Problem], document: JsonValue) -> tuple[Problem, ...]:
    """The problems without repetitions, sorted by where they are in the document."""
    distinct = dict.fromkeys(problems)
    return tuple(sorted(distinct, key=lambda problem: position(document, problem.pointer)))


def shown(value: object) -> str:
    """A value as JSON, shortened so that it fits into a message."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    if len(text) > _SHOWN_CHARACTERS:
        text = f"{text[:_SHOWN_CHARACTERS]}…"
    return text.encode(errors="backslashreplace").decode()


def nearest(name: str, known: Iterable[str]) -> str | None:
    """`did you mean "x"?` for the known name closest to this one; None when none is close."""
    candidates = {candidate.lower(): candidate for candidate in known}
    near = difflib.get_close_matches(name.lower(), candidates, n=1)
    if not near and len(name) >= 3:
        near = [candidate for candidate in candidates if candidate.startswith(name.lower())]
    return f'did you mean "{candidates[near[0]]}"?' if near else None


@lru_cache(maxsize=4096)
def is_near(name: str, known: str) -> bool:
    """Whether the one may be a slip of the pen for the other."""
    return nearest(name, [known]) is not None


def one_of(names: Iterable[str]) -> str | None:
    """`one of a, b, c`, or None when there is nothing to choose from."""
    listed = ", ".join(names)
    return f"one of {listed}" if listed else None


def unknown_name(
    what: str,
    pointer: str,
    name: str,
    known: Iterable[str],
    *,
    rests_on: tuple[str, ...] = ("",),
) -> Problem:
    """The problem of a name that nothing goes by: near misses, or else every known name.

    Args:
        what: the kind of thing, `contract` for example.
        pointer: where the name is written.
        name: what is written there.
        known: the names that would be accepted.
        rests_on: where names are declared; none when the names are fixed.
    """
    listed = sorted(known)
    if not listed:
        message = f"there is no {what} {shown(name)}: none is declared"
        return Problem(pointer, message, rests_on=rests_on)
    suggestion = nearest(name, listed)
    expected = None if suggestion else one_of(listed)
    return Problem(pointer, f"there is no {what} {shown(name)}", expected, suggestion, rests_on)
