"""Of which headings, list items and other parts does a Markdown text consist?

Only what proposing needs is told apart; nothing is rewritten. A list item goes on for as long as
lines are indented below it, fenced code included.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

PartKind: TypeAlias = Literal["heading", "ordered", "checkbox", "bullet", "fence", "text"]

_HEADING: Final = re.compile(r"(#{1,6})\s+(.+?)\s*#*$")
_ORDERED: Final = re.compile(r"\d{1,3}[.)]\s+(.*)")
_CHECKBOX: Final = re.compile(r"[-*+]\s+\[[ xX]\]\s+(.*)")
_BULLET: Final = re.compile(r"[-*+]\s+(.*)")
_FENCE: Final = re.compile(r"(`{3,}|~{3,})")
_ITEMS: Final[tuple[tuple[PartKind, re.Pattern[str]], ...]] = (
    ("ordered", _ORDERED),
    ("checkbox", _CHECKBOX),
    ("bullet", _BULLET),
)


@dataclass(frozen=True)
class Part:
    """One part of a text."""

    kind: PartKind
    text: str
    """The author's words, without the mark of a heading or list item."""
    line: int
    """1-based."""
    level: int = 0
    """Of a heading."""


def parts_of(text: str, first_line: int = 1) -> tuple[Part, ...]:
    """The parts of a text that say anything, in order.

    Args:
        text: Markdown, without front matter.
        first_line: the line of the file the text begins on.
    """
    return tuple(part for part in _parts(text.splitlines(), first_line) if part.text.strip())


def _parts(lines: Sequence[str], first_line: int) -> Iterator[Part]:
    at = 0
    while at < len(lines):
        line, number = lines[at], first_line + at
        heading = _HEADING.fullmatch(line)
        item = _item(line)
        if not line.strip():
            at += 1
        elif heading is not None:
            yield Part("heading", heading[2], number, len(heading[1]))
            at += 1
        elif _FENCE.match(line):
            end = _fence_end(lines, at)
            yield Part("fence", "\n".join(lines[at:end]), number)
            at = end
        elif item is not None:
            kind, words = item
            end = _item_end(lines, at)
            yield Part(kind, _dedented(words, lines[at + 1 : end]), number)
            at = end
        else:
            end = _paragraph_end(lines, at)
            yield Part("text", "\n".join(lines[at:end]), number)
            at = end


def _item(line: str) -> tuple[PartKind, str] | None:
    """What kind of top-level list item a line begins, and its first words."""
    for kind, pattern in _ITEMS:
        found = pattern.fullmatch(line)
        if found is not None:
            return kind, found[1]
    return None


def _fence_end(lines: Sequence[str], start: int) -> int:
    """The line after a fenced block; the end of the text where it is not closed."""
    opening = _FENCE.match(lines[start].lstrip())
    mark = opening[1] if opening is not None else "```"
    for at in range(start + 1, len(lines)):
        stripped = lines[at].strip()
        if stripped.startswith(mark) and not stripped.strip(mark[0]):
            return at + 1
    return len(lines)


def _item_end(lines: Sequence[str], start: int) -> int:
    """The line after an item: the next that is neither indented, nor goes on with its paragraph."""
    at, gap = start + 1, False
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            gap = True
        elif line[0] in " \t":
            if _FENCE.match(line.lstrip()):
                at, gap = _fence_end(lines, at), False
                continue
            gap = False
        elif gap or _begins_something(line):
            break
        at += 1
    while at > start + 1 and not lines[at - 1].strip():
        at -= 1
    return at


def _paragraph_end(lines: Sequence[str], start: int) -> int:
    at = start + 1
    while at < len(lines) and lines[at].strip() and not _begins_something(lines[at]):
        at += 1
    return at


def _begins_something(line: str) -> bool:
    return (
        _HEADING.fullmatch(line) is not None
        or _FENCE.match(line) is not None
        or _item(line) is not None
    )


def _dedented(first: str, rest: Sequence[str]) -> str:
    """An item's lines, moved left by as much as all those below the first are indented."""
    indents = [len(line) - len(line.lstrip()) for line in rest if line[:1] in (" ", "\t")]
    margin = min(indents, default=0)
    moved = [line[margin:] if line[:1] in (" ", "\t") else line for line in rest]
    return "\n".join([first, *moved]).rstrip()
