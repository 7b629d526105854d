"""How is a place within a JSON document written? RFC 6901 pointers, and walking along them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, product, zip_longest
from typing import Final

from workrail_engine.canonical import JsonValue

_INDEX: Final = re.compile(r"/[0-9]+(?=/|$)")
_MOST_STARS: Final = 6


def child(pointer: str, key: str | int) -> str:
    """The pointer of a member or item of the place a pointer names."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def keys_of(pointer: str) -> tuple[str, ...]:
    """The unescaped keys of a pointer, from the root inwards; none for the whole document."""
    if not pointer:
        return ()
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer[1:].split("/"))


def with_any_items(pointer: str) -> Iterator[str]:
    """The pointer, and it with `*` in the place of some or all of its first list indices."""
    pieces = _INDEX.split(pointer, _MOST_STARS)
    indices = _INDEX.findall(pointer)[: len(pieces) - 1]
    for chosen in product(*((index, "/*") for index in indices)):
        yield "".join(chain.from_iterable(zip_longest(pieces, chosen, fillvalue="")))


def parent(pointer: str) -> str:
    """The pointer one level up; the root is its own parent."""
    return pointer.rpartition("/")[0]


def upwards(pointer: str) -> frozenset[str]:
    """A pointer and those of everything around its place, the whole document included."""
    places = [pointer]
    while places[-1]:
        places.append(parent(places[-1]))
    return frozenset(places)


def position(document: JsonValue, pointer: str) -> tuple[int, ...]:
    """Where a pointer lies in document order; what is not there comes after what is."""
    ranks: list[int] = []
    current: JsonValue = document
    for key in keys_of(pointer):
        if isinstance(current, Mapping):
            names = list(current)
            ranks.append(names.index(key) if key in current else len(names))
            current = current.get(key)
        elif isinstance(current, Sequence) and not isinstance(current, str) and key.isdecimal():
            ranks.append(int(key))
            current = current[int(key)] if int(key) < len(current) else None
        else:
            ranks.append(0)
            current = None
    return tuple(ranks)
