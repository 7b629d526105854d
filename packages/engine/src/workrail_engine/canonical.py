"""One value, one byte string, one digest.

Canonical JSON is RFC 8785 (JCS); digests are SHA-256, written `sha256:<64 hex digits>`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeAlias

import rfc8785

JsonValue: TypeAlias = (
    "Mapping[str, JsonValue] | Sequence[JsonValue] | str | int | float | bool | None"
)
JsonObject: TypeAlias = Mapping[str, JsonValue]


def canonical_bytes(value: JsonValue) -> bytes:
    """The RFC 8785 form of a JSON value, UTF-8.

    Raises:
        ValueError: the value has no canonical form (NaN, infinity, an integer beyond 2**53,
            a lone surrogate, a key that is not a string).
    """
    return rfc8785.dumps(value)


def digest(value: JsonValue) -> str:
    """The SHA-256 of a value's canonical form, as `sha256:<hex>`."""
    return digest_bytes(canonical_bytes(value))


def digest_bytes(data: bytes) -> str:
    """The SHA-256 of some bytes, as `sha256:<hex>`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
