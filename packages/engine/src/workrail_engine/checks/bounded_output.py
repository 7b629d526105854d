"""What did a command print, in no more memory than is set aside for it?

The first and the last 16 KB are always kept; the whole up to 4 MB.
"""

from collections import deque
from typing import Final

from workrail_engine.checks.findings import harmless, one_line

END: Final = 16 * 1024
WHOLE: Final = 4 * 1024 * 1024


class BoundedOutput:
    """Takes bytes as they come."""

    def __init__(self, end: int = END, whole: int = WHOLE) -> None:
        """Keep at most `whole` bytes from the start, and `end` from the end (half at most)."""
        self._end = min(end, whole // 2)
        self._most = whole
        self._whole = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self.size = 0
        """How many bytes came in all."""

    def take(self, piece: bytes) -> None:
        """Keep what there is room for."""
        self.size += len(piece)
        room = self._most - len(self._whole)
        if room > 0:
            self._whole += piece[:room]
        self._tail.append(piece[-self._end :])
        self._tail_size += len(self._tail[-1])
        while self._tail_size - len(self._tail[0]) >= self._end:
            self._tail_size -= len(self._tail.popleft())

    @property
    def complete(self) -> bool:
        """Whether all of it is kept."""
        return self.size <= self._most

    def text(self) -> str:
        """All that is kept, as text that can be shown; a gap is said where it is."""
        if self.complete:
            return _decoded(bytes(self._whole))
        tail = self._last()
        kept = bytes(self._whole[: max(0, self._most - len(tail))])
        gap = self.size - len(kept) - len(tail)
        return f"{_decoded(kept)}\n[{gap:,} bytes are left out here]\n{_decoded(tail)}"

    def excerpt(self) -> str:
        """The first and the last 16 KB, with the gap said."""
        if self.size <= 2 * self._end:
            return self.text()
        head, tail = bytes(self._whole[: self._end]), self._last()
        gap = self.size - len(head) - len(tail)
        return f"{_decoded(head)}\n[{gap:,} bytes are left out here]\n{_decoded(tail)}"

    def last_line(self) -> str:
        """The newest line that is not blank; empty when there is none."""
        lines = _decoded(self._last()[-2048:]).splitlines()
        return next((one_line(line, 120) for line in reversed(lines) if line.strip()), "")

    def _last(self) -> bytes:
        return b"".join(self._tail)[-self._end :]


def _decoded(data: bytes) -> str:
    return harmless(data.decode("utf-8", "replace"))
