"""What is a system prompt made of?

Of parts, each with a name that stays, where it comes from, and how much of it was left out. They lie
in the session's log as they were sent, so that anybody can see afterwards what the model was told.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import CorruptSessionError

_BETWEEN: Final = "\n\n"


@dataclass(frozen=True)
class Part:
    """One part of a system prompt, as the model reads it."""

    name: str
    """Stays the same from release to release: `contract`, `soul`, `rules:CLAUDE.md`, …"""
    source: str
    """Where it comes from: a path, `worktrain`, `engine`, `git`."""
    text: str
    left_out: int = 0
    """Bytes of the source that are not in it."""

    @property
    def size(self) -> int:
        """Bytes of its text."""
        return len(self.text.encode("utf-8", "replace"))


@dataclass(frozen=True)
class Cut:
    """A text within a limit."""

    text: str
    left_out: int
    """Bytes that did not fit."""


def cut_to(text: str, limit: int) -> Cut:
    """The beginning of a text that fits, up to the end of a line where one lies in its second half.

    Args:
        text: of any length.
        limit: bytes of UTF-8 at most; never in the middle of a character.
    """
    whole = text.encode("utf-8", "replace")
    if len(whole) <= limit:
        return Cut(text, 0)
    fitting = whole[:limit].decode("utf-8", "ignore")
    border = fitting.rfind("\n") + 1
    kept = fitting[:border] if border > len(fitting) // 2 else fitting
    return Cut(kept, len(whole) - len(kept.encode("utf-8", "replace")))


def joined(parts: Iterable[Part]) -> str:
    """The system prompt."""
    return _BETWEEN.join(part.text for part in parts)


def encoded(parts: Sequence[Part]) -> bytes:
    """Parts as they lie in the log."""
    shown: list[JsonObject] = [
        {
            "name": part.name,
            "source": part.source,
            "text": part.text,
            "bytes": part.size,
            "left_out": part.left_out,
        }
        for part in parts
    ]
    return json.dumps(shown, separators=(",", ":")).encode("ascii")


def decoded(content: bytes) -> tuple[Part, ...]:
    """The parts that were kept.

    Raises:
        CorruptSessionError: the bytes are no list of parts.
    """
    try:
        value = cast("JsonValue", json.loads(content))
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise _damaged()
    return tuple(_part(each) for each in value)


def _part(value: JsonValue) -> Part:
    match value:
        case {"name": str(name), "source": str(source), "text": str(text), "left_out": int(left)}:
            return Part(name, source, text, left)
        case _:
            raise _damaged()


def _damaged() -> CorruptSessionError:
    message = "A system prompt in the log is no list of parts; `workrail session verify` says more."
    return CorruptSessionError(message)
