"""How do new events join the log?

Every event's row holds the hash of the event before it; the session's row holds the hash of the
last one. `projections.link` says what a hash covers.
"""

from collections.abc import Sequence
from typing import Final

from workrail_engine.projections.link import NO_HASH, Link, spelled
from workrail_engine.session.events import Event
from workrail_engine.store.codec import encode, kind_of, node_of

__all__ = ["NO_HASH", "Link", "linked", "raw", "spelled"]

_PREFIX: Final = "sha256:"


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
