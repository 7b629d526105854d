"""In which line does each key of a TOML file stand?

`tomllib` does not tell. This reads a file that `tomllib` has read before, so it may take for granted
that everything in it is in order.
"""

import re
import tomllib
from typing import Final, TypeAlias

KeyPath: TypeAlias = tuple[str | int, ...]
"""Names of tables and keys; a number counts the members of an array, from 0."""

_SPACE: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BLANK: Final = re.compile(r"[ \t]*")
_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE: Final = re.compile(r"[^,\]}#\r\n]*")
_STRINGS: Final = (
    re.compile(r'"""(?:\\.|[^\\])*?"""(?!")"{0,2}', re.DOTALL),
    re.compile(r"'''.*?'''(?!')'{0,2}", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"'),
    re.compile(r"'[^'\n]*'"),
)


def lines_of(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of every key and table header of a valid TOML text."""
    return _Reading(text).lines


class _Reading:
    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._counts: dict[KeyPath, int] = {}
        table: KeyPath = ()
        while self._skip(_SPACE) < len(text):
            table = self._header() if text[self._at] == "[" else self._pair(table)

    def _header(self) -> KeyPath:
        several = self._text.startswith("[[", self._at)
        self._at += 2 if several else 1
        start = self._at
        path = self._placed(self._key(), new=several)
        self._at += 2 if several else 1
        self._note(path, start)
        return path

    def _placed(self, names: list[str], *, new: bool) -> KeyPath:
        """Where a header leads: into the last member of each array of tables on the way."""
        path: KeyPath = ()
        for number, name in enumerate(names, start=1):
            path = (*path, name)
            if new and number == len(names):
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
        return path

    def _pair(self, table: KeyPath) -> KeyPath:
        start = self._at
        path = (*table, *self._key())
        self._note(path, start)
        self._at += 1  # the `=`
        self._value(path)
        return table

    def _key(self) -> list[str]:
        names: list[str] = []
        while True:
            self._skip(_BLANK)
            bare = _BARE_KEY.match(self._text, self._at)
            if bare is not None:
                names.append(bare[0])
                self._at = bare.end()
            else:
                start = self._at
                self._string()
                quoted = self._text[start : self._at]
                names.append(str(tomllib.loads(f"key = {quoted}")["key"]))
            self._skip(_BLANK)
            if self._text[self._at] != ".":
                return names
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        self._skip(_BLANK)
        match self._text[self._at]:
            case "[":
                self._array(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._string()
            case _:
                self._skip(_BARE_VALUE)

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        number = 0
        while self._skip_to_member("]"):
            self._note((*path, number), self._at)
            self._value((*path, number))
            number += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._skip_to_member("}"):
            self._pair(path)
        self._at += 1

    def _skip_to_member(self, end: str) -> bool:
        self._skip(_SPACE)
        if self._text[self._at] == ",":
            self._at += 1
            self._skip(_SPACE)
        return self._text[self._at] != end

    def _string(self) -> None:
        for string in _STRINGS:
            found = string.match(self._text, self._at)
            if found is not None:
                self._at = found.end()
                return

    def _skip(self, pattern: re.Pattern[str]) -> int:
        found = pattern.match(self._text, self._at)
        if found is not None:
            self._at = found.end()
        return self._at

    def _note(self, path: KeyPath, at: int) -> None:
        line = self._text.count("\n", 0, at) + 1
        for size in range(1, len(path) + 1):
            self.lines.setdefault(path[:size], line)
