"""How does each event vouch for those before it?

Every event's row holds the hash of the event before it; the session's row holds the hash of the
last one. A hash covers the hash before it and every column of its event, so no row can be changed,
taken out or put in between without a trace. The first event follows 32 zero bytes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from workrail_engine.session.events import Event
from workrail_engine.store.codec import encode, kind_of, node_of

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


def linked(
    events: Sequence[Event], at: int, after: int, head_hash: bytes
) -> tuple[list[Link], bytes]:
    """New events as links of the chain, and the hash of the last.

    Args:
        events: in order.
        at: when, in microseconds since 1970.
        after: how many events come before them.
        head_hash: the hash of the last of those.
    """
    links: list[Link] = []
    for seq, event in enumerate(events, start=after + 1):
        link = Link(seq, kind_of(event), node_of(event), at, head_hash, encode(event))
        head_hash = link.hash()
        links.append(link)
    return links, head_hash


def raw(digest: str) -> bytes:
    """A digest as it is stored."""
    return bytes.fromhex(digest.removeprefix(_PREFIX))


def spelled(digest: bytes) -> str:
    """A stored digest as text."""
    return _PREFIX + digest.hex()
