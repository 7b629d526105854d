"""Which paths does a glob name?

`*` and `?` stay within a name, `**` stands for any number of folders, `[…]` is a set of characters,
`{a,b}` are alternatives; a glob that ends with `/` names all that lies below. Capital letters count.
The time a match takes grows with the length of glob and path, never faster.
"""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

MOST_ALTERNATIVES: Final = 64
_BRACES: Final = re.compile(r"\{([^{}]*,[^{}]*)\}")


def matches_any(path: str, globs: Iterable[str]) -> bool:
    """Whether a relative path matches at least one glob as a whole."""
    names = tuple(path.split("/"))
    return any(_matches(names, parts) for glob in globs for parts in _alternatives(glob))


def below(glob: str) -> str | None:
    """The folder whose files, all of them, a glob names; None: it names other files."""
    for end in ("/**", "/**/*", "/"):
        folder = glob.removesuffix(end)
        if folder and folder != glob and not any(sign in folder for sign in "*?[{"):
            return folder
    return None


def covers(wide: str, narrow: str) -> bool:
    """Whether all that one glob names is certainly named by another; False also where it is unclear."""
    if wide in ("**", "**/*") or wide == narrow:
        return True
    folder = wide.removesuffix("**") if wide.endswith("/**") else wide
    plain = not any(sign in folder for sign in "*?[{")
    return (
        folder.endswith("/") and plain and narrow.startswith(folder) and len(narrow) > len(folder)
    )


def _matches(names: tuple[str, ...], parts: tuple[str, ...]) -> bool:
    """Whether the names of a path match the parts of a glob, one after the other."""
    reached = {0}  # how many names the parts so far may have used up
    for number, part in enumerate(parts):
        if part == "**":
            last = number == len(parts) - 1
            fewest = min(reached, default=len(names)) + (1 if last else 0)
            reached = set(range(fewest, len(names) + 1))
        else:
            reached = {
                used + 1 for used in reached if used < len(names) and fnmatchcase(names[used], part)
            }
    return len(names) in reached


@lru_cache(maxsize=512)
def without_braces(glob: str) -> tuple[str, ...]:
    """The alternatives of a glob, each a glob of its own; past a number, what is left stays as it is."""
    whole = (f"{glob}**" if glob.endswith("/") else glob).removeprefix("./")
    found: list[str] = []
    waiting = [whole]
    while waiting and len(found) + len(waiting) <= MOST_ALTERNATIVES:
        one = waiting.pop()
        braces = _BRACES.search(one)
        if braces is None:
            found.append(one)
        else:
            before, after = one[: braces.start()], one[braces.end() :]
            waiting += [f"{before}{choice}{after}" for choice in braces[1].split(",")]
    return (*found, *waiting)


def _alternatives(glob: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(one.split("/")) for one in without_braces(glob))
