"""Which paths does a glob name, how is a path shown, and does one stay inside a folder?

`*` and `?` stay within a name, `**` crosses folders, `[…]` is a set of characters; a glob that ends
with `/` names all that lies below. Capital letters count.
"""

import os
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from workrail_engine.checks.findings import CannotCheckError, one_line

if TYPE_CHECKING:
    import regex

_TOKEN: Final = re.compile(r"(?:\*\*/)+|\*\*+|\*|\?|\[!?\]?[^\]/]*\]|.", re.DOTALL)
_SPECIAL: Final = re.compile(r"[\\^$.|?*+()\[\]{}]")
_MEANING: Final = {"**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches_any(path: str, globs: Iterable[str]) -> bool:
    """Whether a relative path matches at least one glob as a whole."""
    return any(_compiled(glob).fullmatch(path) is not None for glob in globs)


def has_wildcard(glob: str) -> bool:
    """Whether a glob can name more than one path."""
    return glob.endswith("/") or any(each in "*?[" for each in glob)


def shown_path(path: str) -> str:
    """A path as people can read it: odd characters escaped, never more than one line."""
    if path.isprintable() and '"' not in path and path == path.strip():
        return one_line(path)
    escaped = os.fsencode(path).decode("utf-8", "backslashreplace")
    return f'"{one_line(escaped.encode("unicode_escape").decode("ascii"))}"'


def shown_paths(paths: Sequence[str], most: int = 5) -> str:
    """Some paths in one line, and how many more there are."""
    names = ", ".join(shown_path(path) for path in paths[:most])
    return names if len(paths) <= most else f"{names} and {len(paths) - most} more"


def inside(root: Path, relative: str) -> Path:
    """The real place of a path below a folder, all links followed.

    Raises:
        CannotCheckError: it leads out of the folder, or in a circle.
    """
    try:
        base, place = root.resolve(strict=True), (root / relative).resolve()
    except (OSError, RuntimeError, ValueError) as error:
        message = f"{shown_path(relative)} cannot be followed; name a path inside the workspace"
        raise CannotCheckError(message) from error
    if not place.is_relative_to(base):
        message = f"{shown_path(relative)} leads out of the workspace; name a path inside it"
        raise CannotCheckError(message)
    return place


@lru_cache(maxsize=512)
def _compiled(glob: str) -> "regex.Pattern[str]":
    import regex  # noqa: PLC0415  heavy, and needed only where files are named

    whole = f"{glob}**" if glob.endswith("/") else glob
    parts = (_meaning(token) for token in _TOKEN.findall(whole.removeprefix("./")))
    return regex.compile("".join(parts), regex.DOTALL)


def _meaning(token: str) -> str:
    if token.startswith("**"):
        return "(?:.*/)?" if token.endswith("/") else ".*"
    if token.startswith("[") and len(token) > 1:
        inner = token[1:-1].removeprefix("!").replace("\\", "\\\\").replace("[", "\\[")
        return f"(?!/)[{'^' if token.startswith('[!') else ''}{inner}]"
    return _MEANING.get(token) or _SPECIAL.sub(r"\\\g<0>", token)
