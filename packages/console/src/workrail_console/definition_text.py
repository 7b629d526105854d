"""How is a stored definition shown: its JSON in colours, and what differs between two of them?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from html import escape
from typing import Final, Literal, TypeAlias

from workrail_console.highlighting import LONGEST, code_html

_COLOURED: Final = 400_000
"""Characters; longer documents are shown without colours, which take a while."""
_CONTEXT: Final = 3
"""Lines shown around a difference."""
_COMPARED: Final = 20_000
"""Lines; more are not compared."""

Sign: TypeAlias = Literal["+", "-", " ", "@"]


@dataclass(frozen=True)
class DiffLine:
    """A line of a unified diff."""

    sign: Sign
    """Added, removed, unchanged, or the heading of a hunk."""
    old: int | None
    new: int | None
    """Its numbers in both texts, from 1."""
    text: str


@lru_cache(maxsize=32)
def json_html(document: str) -> str:
    """Indented JSON as escaped HTML with classes."""
    if len(document) > _COLOURED:
        return escape(document)
    coloured = "".join(code_html(part, "json") for part in _parts(document))
    return coloured if document.endswith("\n") else coloured.removesuffix("\n")


@lru_cache(maxsize=32)
def difference(old: str, new: str) -> tuple[DiffLine, ...] | None:
    """A unified diff of two documents; None when they are too long to compare."""
    before, after = old.split("\n"), new.split("\n")
    if max(len(before), len(after)) > _COMPARED:
        return None
    groups = SequenceMatcher(None, before, after).get_grouped_opcodes(_CONTEXT)
    return tuple(line for group in groups for line in _hunk(group, before, after))


def _hunk(
    group: Sequence[tuple[str, int, int, int, int]], before: Sequence[str], after: Sequence[str]
) -> Iterator[DiffLine]:
    first, last = group[0], group[-1]
    was, now = (first[1], last[2]), (first[3], last[4])
    yield DiffLine("@", None, None, f"lines {_lines(*was)} became {_lines(*now)}")
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            for at, text in enumerate(before[i1:i2]):
                yield DiffLine(" ", i1 + at + 1, j1 + at + 1, text)
            continue
        for at, text in enumerate(before[i1:i2], start=i1 + 1):
            yield DiffLine("-", at, None, text)
        for at, text in enumerate(after[j1:j2], start=j1 + 1):
            yield DiffLine("+", None, at, text)


def _lines(start: int, end: int) -> str:
    return f"{start + 1}–{end}" if end > start else f"none at {start}"  # noqa: RUF001 (a range)


def _parts(document: str) -> Iterator[str]:
    """Whole lines of it, as many at a time as are coloured; no text of JSON goes over a line."""
    part: list[str] = []
    size = 0
    for line in document.split("\n"):
        if part and size + len(line) > LONGEST - 1:
            yield "\n".join([*part, ""])
            part, size = [], 0
        part.append(line)
        size += len(line) + 1
    yield "\n".join(part)
