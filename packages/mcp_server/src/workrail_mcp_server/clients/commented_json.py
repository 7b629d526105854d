"""What stands in a JSON document, and where?

Reads JSON, and where allowed the comments and last commas that editors put into their settings, and
keeps for every object the places of its members, so that one can be changed and all else stays as it
was written.
"""

import json
import re
from dataclasses import dataclass, field
from json import JSONDecodeError
from typing import Final, NoReturn

from workrail_engine.canonical import JsonObject, JsonValue

_DEEPEST: Final = 100
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_COMMENT: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_SCALAR: Final = re.compile(r'["\-0-9tfn]')


class NotJsonError(ValueError):
    """A text that is no JSON document; the message says where and why."""


@dataclass(frozen=True)
class Node:
    """A value and the places of its first character and of the one after its last."""

    value: JsonValue
    start: int
    end: int
    members: "dict[str, Member] | None" = None
    """Of an object; of several with one name the last, as every reader takes it."""
    after_comma: int | None = None
    """Where an object's last comma ends, when no member follows it."""


@dataclass(frozen=True)
class Member:
    """A named value in an object, by where its name begins."""

    start: int
    node: Node


def read_document(text: str, *, comments: bool) -> Node:
    """The one value of a document.

    Args:
        text: the whole document.
        comments: whether comments and last commas are allowed.

    Raises:
        NotJsonError: it cannot be read.
    """
    return _Reading(text, comments=comments).document()


@dataclass
class _Reading:
    """One pass over a text."""

    text: str
    comments: bool
    at: int = 0
    _decoder: json.JSONDecoder = field(
        default_factory=lambda: json.JSONDecoder(parse_constant=_no_constant)
    )

    def document(self) -> Node:
        self.at = len("\ufeff") if self.text.startswith("\ufeff") else 0
        self._skip()
        node = self._value(0)
        self._skip()
        if self.at < len(self.text):
            self._refuse("something follows the end of the document")
        return node

    def _value(self, depth: int) -> Node:
        if depth > _DEEPEST:
            self._refuse(f"nested more than {_DEEPEST} deep")
        match self.text[self.at : self.at + 1]:
            case "{":
                return self._object(depth)
            case "[":
                return self._array(depth)
            case _:
                return self._scalar()

    def _object(self, depth: int) -> Node:
        start = self._step()
        members: dict[str, Member] = {}
        values: dict[str, JsonValue] = {}
        after_comma: int | None = None
        while not self._closes("}", last_comma=after_comma is not None):
            if members and after_comma is None:
                self._refuse('"," or "}" expected')
            place = self.at
            name = self._scalar().value
            if not isinstance(name, str):
                self._refuse("a name in quotes expected", place)
            self._skip()
            if self.text[self.at : self.at + 1] != ":":
                self._refuse('":" expected')
            self._step()
            self._skip()
            node = self._value(depth + 1)
            members[name] = Member(place, node)
            values[name] = node.value
            after_comma = self._comma()
        return Node(values, start, self._step() + 1, members, after_comma)

    def _array(self, depth: int) -> Node:
        start = self._step()
        values: list[JsonValue] = []
        comma: int | None = None
        while not self._closes("]", last_comma=comma is not None):
            if values and comma is None:
                self._refuse('"," or "]" expected')
            values.append(self._value(depth + 1).value)
            comma = self._comma()
        return Node(values, start, self._step() + 1)

    def _scalar(self) -> Node:
        start = self.at
        if _SCALAR.match(self.text, start) is None:
            self._refuse("a value expected")
        try:
            value, self.at = self._decoder.raw_decode(self.text, start)
        except JSONDecodeError as error:
            self._refuse(error.msg, error.pos)
        return Node(value, start, self.at)

    def _comma(self) -> int | None:
        """Where the comma that stands here ends; None where there is none."""
        self._skip()
        if self.text[self.at : self.at + 1] != ",":
            return None
        self._step()
        return self.at

    def _closes(self, bracket: str, *, last_comma: bool) -> bool:
        self._skip()
        if self.text[self.at : self.at + 1] != bracket:
            return False
        if last_comma and not self.comments:
            self._refuse(f'a comma before "{bracket}"')
        return True

    def _step(self) -> int:
        """Go past one character; gives its place."""
        self.at += 1
        return self.at - 1

    def _skip(self) -> None:
        """Go past blanks and comments."""
        while True:
            self.at = _end(_BLANK.match(self.text, self.at), self.at)
            comment = _COMMENT.match(self.text, self.at)
            if comment is None:
                return
            if not self.comments:
                self._refuse("a comment, which this client does not read")
            self.at = comment.end()

    def _refuse(self, why: str, place: int | None = None) -> NoReturn:
        at = self.at if place is None else place
        line = self.text.count("\n", 0, at) + 1
        column = at - (self.text.rfind("\n", 0, at) + 1) + 1
        message = f"line {line}, column {column}: {why}"
        raise NotJsonError(message)


def _end(found: "re.Match[str] | None", otherwise: int) -> int:
    return otherwise if found is None else found.end()


def _no_constant(name: str) -> NoReturn:
    raise JSONDecodeError(f"{name} is no JSON value", "", 0)  # noqa: EM102 (the decoder's own form)


def as_object(value: JsonValue) -> JsonObject | None:
    """A value if it is an object."""
    return value if isinstance(value, dict) else None
