"""How does a text stand in a line of Markdown, shown as it is?"""

import re
from collections.abc import Iterable
from typing import Final

_SPECIAL: Final = re.compile(r"([\\`*\[\]<>|#]|(?<!\w)_|_(?!\w))")
"""What would mean something within a line; `_` does not between letters."""


def escaped(text: str) -> str:
    """A text within a line, shown as it is."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def listed(items: Iterable[str]) -> str:
    """A list, an item a line."""
    return "\n".join(f"- {escaped(item)}" for item in items)
