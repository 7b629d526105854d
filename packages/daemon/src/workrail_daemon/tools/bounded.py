"""How is an answer of any length shown to a model?

Its head and its tail are shown, cut between lines, and a sentence between them says how much is left
out and how all of it can be read.
"""

from dataclasses import dataclass
from typing import Final

MOST_SHOWN: Final = 30 * 1024
"""Bytes of UTF-8 of one answer that a model is shown."""
_SENTENCE: Final = 400
"""Bytes that are enough for the sentence in the middle."""


@dataclass(frozen=True)
class Shown:
    """An answer cut to size."""

    text: str
    whole: bytes | None
    """All of it, as UTF-8, where the text is less."""


def output_name(turn: int, call: int) -> str:
    """What `read_artifact` calls the whole answer of a call."""
    return f"output:{turn}:{call}"


def bounded(text: str, turn: int, call: int, most: int = MOST_SHOWN) -> Shown:
    """An answer as the model is shown it.

    Args:
        text: all of it.
        turn: of the call.
        call: its number within the turn.
        most: bytes that are shown, the sentence included.
    """
    whole = text.encode("utf-8", "backslashreplace")
    if len(whole) <= most:
        return Shown(whole.decode("utf-8"), None)
    room = max(most - _SENTENCE, 0) // 2
    head, tail = _head(whole, room), _tail(whole, room)
    left_out = whole[len(head) : len(whole) - len(tail)]
    lines = left_out.count(b"\n")
    sentence = (
        f"[{len(left_out):,} bytes ({lines:,} lines) are left out here. All {len(whole):,} bytes are "
        f'kept: read_artifact with name "{output_name(turn, call)}" pages through them; offset '
        f"{len(head)} goes on here.]"
    )
    parts = (head.decode("utf-8").rstrip("\n"), sentence, tail.decode("utf-8"))
    return Shown("\n".join(parts), whole)


def _head(data: bytes, room: int) -> bytes:
    end = data.rfind(b"\n", 0, room) + 1
    if end < room // 2:  # one long line: better cut within it than show nothing
        end = whole_characters(data, room)
    return data[:end]


def _tail(data: bytes, room: int) -> bytes:
    start = data.find(b"\n", len(data) - room) + 1
    if start == 0 or len(data) - start < room // 2:
        start = whole_characters(data, len(data) - room)
    return data[start:]


def whole_characters(data: bytes, place: int) -> int:
    """The next place at or before one in UTF-8 where a character begins."""
    while 0 < place < len(data) and data[place] & 0xC0 == 0x80:
        place -= 1
    return place
