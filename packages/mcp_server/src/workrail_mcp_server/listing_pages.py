"""How is a long list handed out in pages that stay right while it changes?

A cursor names the last entry that was shown. Entries are in the order of their names, so what is added
or removed meanwhile makes no entry come twice and hides none.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import mcp_types as types
from mcp.shared.exceptions import MCPError

LISTED = 100
"""Entries on a page."""
_AFTER = "after:"

_Entry = TypeVar("_Entry")


@dataclass(frozen=True)
class Page(Generic[_Entry]):
    """Some entries of a list."""

    shown: tuple[_Entry, ...]
    following: str | None
    """The cursor of the next page; None on the last."""


def page_after(
    cursor: str | None, entries: Sequence[_Entry], name: Callable[[_Entry], str]
) -> Page[_Entry]:
    """The page that follows a cursor; the first without one.

    Args:
        cursor: as the page before gave it.
        entries: all there are, in any order.
        name: what an entry is called; no two are called the same.

    Raises:
        MCPError: the cursor did not come from a page.
    """
    if cursor is not None and not cursor.startswith(_AFTER):
        message = (
            f'cursor: "{cursor[:80]}" did not come from this list. Ask again without a cursor.'
        )
        raise MCPError(types.INVALID_PARAMS, message)
    shown_last = "" if cursor is None else cursor.removeprefix(_AFTER)
    rest = sorted((entry for entry in entries if name(entry) > shown_last), key=name)
    shown = tuple(rest[:LISTED])
    return Page(shown, f"{_AFTER}{name(shown[-1])}" if len(rest) > LISTED else None)
