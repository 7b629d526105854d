"""What does a JSON text hold, and on which line?

The standard parser reads; a small scanner of our own finds lines, and only when one is asked for.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Final, cast

from workrail_engine.canonical import JsonValue
from workrail_engine.registry.document_faults import Rest, TextFault, Unreadable
from workrail_engine.workflow.pointers import child, keys_of
from workrail_engine.workflow.problems import shown

_LEXEME: Final = re.compile(r'[{}\[\]:,]|"(?:[^"\\]|\\.)*"|[^\s{}\[\]:,"]+')
_MOST_DIGITS: Final = 400
_PLAIN_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Expecting value": "a value is missing here",
        "Expecting property name enclosed in double quotes": (
            "a key in double quotes is missing here; is there a comma too many before it?"
        ),
        "Expecting ',' delimiter": "a comma or a closing bracket is missing before this place",
        "Expecting ':' delimiter": "a colon is missing before this place",
        "Extra data": "there is more text after the end of the document",
        "Unterminated string starting at": "the closing quote of this text is missing",
        "Invalid control character at": (
            "a text holds a line break or another control character; write \\n or \\t instead"
        ),
        "Invalid \\escape": "a backslash stands before a character it cannot escape; double it",
        "Invalid \\uXXXX escape": "\\u must be followed by four hexadecimal digits",
    }
)


def read_json(text: str) -> "JsonValue | Unreadable":
    """The value of a JSON text, or what keeps it from having one.

    NaN, infinities and numbers too large for a float are read; the caller refuses them by place.
    """
    repeated = False

    def to_object(pairs: list[tuple[str, JsonValue]]) -> JsonValue:
        nonlocal repeated
        members = dict(pairs)
        repeated = repeated or len(members) < len(pairs)
        return members

    try:
        value = cast(
            "JsonValue", json.loads(text, object_pairs_hook=to_object, parse_int=_whole_number)
        )
    except json.JSONDecodeError as error:
        return Unreadable((_syntax_fault(error, text),))
    except RecursionError:
        return Unreadable((TextFault(1, "the document is nested too deeply to be read"),))
    if repeated:
        faults = tuple(_repeated_keys(text))
        doubted = frozenset(fault.pointer for fault in faults)
        return Unreadable(faults, Rest(value, partial(json_lines, text), doubted))
    return value


def json_lines(text: str) -> Mapping[str, int]:
    """The line of every place of a valid JSON text, by pointer; of members, the line of the key."""
    lines: dict[str, int] = {}
    for place in _places(text):
        lines.setdefault(place.pointer, place.line)
    return lines


def _whole_number(digits: str) -> int:
    return int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS


def _syntax_fault(error: json.JSONDecodeError, text: str) -> TextFault:
    rest = text[error.pos : error.pos + 2]
    if not text.strip():
        return TextFault(1, "the file is empty", suggestion="write a workflow into it")
    plain = _PLAIN_WORDS.get(error.msg, error.msg)
    if rest in {"//", "/*"} or rest.startswith("#"):
        plain = "JSON has no comments; remove it, or write the file as YAML"
    return TextFault(error.lineno, f"not valid JSON at column {error.colno}: {plain}")


def _repeated_keys(text: str) -> Iterator[TextFault]:
    for place in _places(text):
        if place.repeats is not None:
            key = keys_of(place.pointer)[-1]
            message = f"repeats the key {shown(key)} of line {place.repeats}"
            yield TextFault(place.line, message, place.pointer, "keep one of the two")


@dataclass(frozen=True)
class _Place:
    """Where a key or a value begins."""

    pointer: str
    line: int
    repeats: int | None = None
    """Of a key, the line of the same key earlier in the same object."""


@dataclass
class _Frame:
    """An object or list whose inside is being scanned."""

    pointer: str
    is_object: bool
    index: int = 0
    key: str | None = None
    key_lines: dict[str, int] = field(default_factory=dict[str, int])

    def inner(self) -> str:
        """The pointer of the value that comes next."""
        return child(self.pointer, (self.key or "") if self.is_object else self.index)


def _places(text: str) -> Iterator[_Place]:
    """Every key and value of a valid JSON text, in order; a member's value follows its key."""
    frames: list[_Frame] = []
    line, counted = 1, 0
    for match in _LEXEME.finditer(text):
        lexeme, start = match.group(), match.start()
        line += text.count("\n", counted, start)
        counted = start
        frame = frames[-1] if frames else None
        if lexeme in "}]":
            frames.pop()
        elif lexeme == "," and frame:
            frame.index += 1
            frame.key = None
        elif lexeme == ":":
            continue
        elif frame and frame.is_object and frame.key is None:
            frame.key = str(json.loads(lexeme))
            yield _Place(frame.inner(), line, frame.key_lines.get(frame.key))
            frame.key_lines.setdefault(frame.key, line)
        else:
            pointer = frame.inner() if frame else ""
            yield _Place(pointer, line)
            if lexeme in "{[":
                frames.append(_Frame(pointer, is_object=lexeme == "{"))
