"""How are calls, values and long texts written so that an agent can use them as they are?"""

import json
from collections.abc import Iterable, Mapping, Sequence

from workrail_engine.canonical import JsonValue

REPLY_LIMIT = 50_000
"""The most characters a client shows an agent inline; longer results are put aside by some."""


class Raw(str):
    """A piece of a call that stands for itself: a placeholder and not a JSON string."""

    __slots__ = ()


OBJECT_HERE = Raw("{…}")
OBJECTS_HERE = Raw("[{…}]")
TEXT_HERE = "…"


def call(tool: str, arguments: Mapping[str, JsonValue]) -> str:
    """A call as an agent can make it: the tool's name and its arguments as JSON."""
    written = ", ".join(f"{as_json(name)}: {_written(value)}" for name, value in arguments.items())
    return f"{tool} {{{written}}}"


def as_json(value: JsonValue) -> str:
    """A value as one line of JSON, letters of all scripts kept."""
    return json.dumps(value, ensure_ascii=False)


def as_compact_json(value: JsonValue) -> str:
    """The same without spaces, for examples, which can be long."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def bullets(items: Iterable[str]) -> str:
    """A list, one item a line; further lines of an item are indented under it."""
    return "\n".join(f"- {item.strip().replace(chr(10), chr(10) + '  ')}" for item in items)


def sentence(text: str) -> str:
    """A text that ends as a sentence does."""
    return text if text.endswith((".", ")")) else f"{text}."


def reason(message: str, remedy: str) -> str:
    """Why an attempt was blocked, then what mends it: on a line of its own below several."""
    return f"{sentence(message)}{chr(10) if chr(10) in message else ' '}{remedy}"


def section(heading: str, items: Sequence[str]) -> str:
    """A list under its heading; nothing when there are no items."""
    return f"{heading}\n{bullets(items)}" if items else ""


def paragraphs(parts: Iterable[str | None]) -> str:
    """The parts that have something to say, an empty line between them."""
    return "\n\n".join(part for part in parts if part)


def shortened(text: str, limit: int) -> str:
    """The first line of a text, in at most some characters; a cut ends in `…`."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def within_reply(text: str) -> str:
    """A text a client shows whole; where it is too long, the gap is said where it is."""
    if len(text) <= REPLY_LIMIT:
        return text
    said = f"\n\n[{len(text) - REPLY_LIMIT:,} characters or more are left out here: too long for one answer.]\n\n"
    room = REPLY_LIMIT - len(said)
    tail = room // 3
    return text[: room - tail] + said + text[-tail:]


def _written(value: JsonValue) -> str:
    return str(value) if isinstance(value, Raw) else as_json(value)
