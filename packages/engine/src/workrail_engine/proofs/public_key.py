"""How is the public half of a key written, and what is it called?"""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from workrail_engine.errors import InvalidProofError

_PREFIX: Final = "ed25519:"
_TEXT: Final = re.compile(r"ed25519:([0-9a-f]{64})")


@dataclass(frozen=True)
class PublicKey:
    """An Ed25519 public key."""

    hex: str
    """Its 32 bytes, as 64 lower-case hex digits."""

    @property
    def key_id(self) -> str:
        """What envelopes call it: the SHA-256 of its bytes, in hex."""
        return hashlib.sha256(bytes.fromhex(self.hex)).hexdigest()

    @property
    def text(self) -> str:
        """How people and files write it: `ed25519:` and its hex digits."""
        return _PREFIX + self.hex


def read_public_key(text: str) -> PublicKey:
    """The key a text stands for.

    Raises:
        InvalidProofError: it is none.
    """
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        shown = text.strip()[:40]
        message = (
            f'"{shown}" is no public key. One reads ed25519: and 64 hex digits; `workrail proof key` '
            "shows that of an installation."
        )
        raise InvalidProofError(message)
    return PublicKey(found.group(1))
