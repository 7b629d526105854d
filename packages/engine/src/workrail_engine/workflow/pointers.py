"""How is a place within a JSON document written? RFC 6901 pointers, and walking along them."""

from collections.abc import Mapping, Sequence

from workrail_engine.canonical import JsonValue


def child(pointer: str, key: str | int) -> str:
    """The pointer of a member or item of the place a pointer names."""
    return f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"


def keys_of(pointer: str) -> tuple[str, ...]:
    """The unescaped keys of a pointer, from the root inwards; none for the whole document."""
    if not pointer:
        return ()
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in pointer[1:].split("/"))


def parent(pointer: str) -> str:
    """The pointer one level up; the root is its own parent."""
    return pointer.rpartition("/")[0]


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
