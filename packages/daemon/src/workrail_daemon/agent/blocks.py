"""How are a model's blocks kept in the log?

As JSON, in the words of the Messages API. Escapes keep whatever a model may have sent: numbers of any
size, half a surrogate pair.
"""

import json
from collections.abc import Sequence
from typing import Final, cast

from workrail_daemon.models.protocol import Opaque, Said, Text, ToolUse
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import CorruptSessionError

_TEXT: Final = ("type", "text")
_TOOL_USE: Final = ("type", "id", "name", "input")


def encoded(blocks: Sequence[Said]) -> bytes:
    """The blocks of one answer as JSON; the same blocks come to the same bytes."""
    shown = [_shown(block) for block in blocks]
    return json.dumps(shown, default=_plain, separators=(",", ":"), sort_keys=True).encode("ascii")


def decoded(content: bytes) -> tuple[Said, ...]:
    """The blocks that were kept. A block of a shape of its own comes back as it is.

    Raises:
        CorruptSessionError: the bytes are no list of blocks.
    """
    try:
        value = cast("JsonValue", json.loads(content))
    except ValueError as error:
        message = f"A turn in the log is no JSON ({error}); `workrail session verify` says more."
        raise CorruptSessionError(message) from error
    if not isinstance(value, list) or not all(isinstance(block, dict) for block in value):
        message = "A turn in the log is no list of blocks; `workrail session verify` says more."
        raise CorruptSessionError(message)
    return tuple(_read(cast("JsonObject", block)) for block in value)


def _shown(block: Said) -> JsonObject:
    match block:
        case Text():
            return {"type": "text", "text": block.text}
        case ToolUse():
            return {"type": "tool_use", "id": block.id, "name": block.name, "input": block.input}
        case Opaque():
            return block.value


def _read(value: JsonObject) -> Said:
    match value:
        case {"type": "text", "text": str(text)} if len(value) == len(_TEXT):
            return Text(text)
        case {"type": "tool_use", "id": str(call), "name": str(name), "input": dict(given)} if len(
            value
        ) == len(_TOOL_USE):
            return ToolUse(call, name, cast("JsonObject", given))
        case _:
            return Opaque(value)


def _plain(value: object) -> object:
    """What JSON has a word for: mappings and sequences that are not its own."""
    return (
        dict(cast("JsonObject", value))
        if hasattr(value, "keys")
        else list(cast("list[object]", value))
    )
