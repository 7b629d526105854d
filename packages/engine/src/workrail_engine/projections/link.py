"""How does each event vouch for those before it?

A hash covers the hash before it and every column of its event, so no event can be changed, taken out
or put in between without a trace. The first event follows 32 zero bytes.
"""

import hashlib
from dataclasses import dataclass
from typing import Final

NO_HASH: Final = bytes(32)
_PREFIX: Final = "sha256:"


@dataclass(frozen=True)
class Link:
    """An event as its row holds it."""

    seq: int
    """From 1, without gaps."""
    kind: str
    node: int | None
    at: int
    """Microseconds since 1970, UTC."""
    prev_hash: bytes
    payload: str

    def hash(self) -> bytes:
        """What the next event's row holds.

        Bytes of a damaged payload that are not UTF-8 stand in its text as escapes and count as they
        are.
        """
        head = f"{self.seq}\n{self.kind}\n{self.node}\n{self.at}\n"
        content = (head + self.payload).encode("utf-8", errors="surrogateescape")
        return hashlib.sha256(self.prev_hash + content).digest()


def spelled(digest: bytes) -> str:
    """The bytes of a hash as text."""
    return _PREFIX + digest.hex()
