"""Which parts of a page look like secrets, and are not shown?

The store keeps what agents wrote; pages hide what can be told to be a key or a password by its form.
"""

from typing import Final

from workrail_engine.secret_forms import without_secrets

HIDDEN: Final = "[hidden secret]"


def masked(text: str) -> str:
    """The text with everything that looks like a secret replaced by `[hidden secret]`."""
    return without_secrets(text, HIDDEN)
