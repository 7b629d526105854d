"""Which parts of a workspace can be written to from inside?

A policy names them by globs. What holds a process knows folders and files, no globs: so a glob counts
as far as it is a folder with all in it (`src/**`) or one path. Files of any other glob can be changed
by Write and Edit only, which hold each path against it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

_WILD: Final = frozenset("*?[")
_EVERYTHING: Final = frozenset({"**", "**/*"})


def writable_parts(workspace: Path, globs: Sequence[str]) -> tuple[Path, ...]:
    """The folders and files that are writable; the workspace itself where everything is.

    A part that is a link, or lies behind one, is none: it could lead anywhere.
    """
    if _EVERYTHING & set(globs):
        return (workspace,)
    return tuple(sorted(set(_found(workspace, globs))))


def _found(workspace: Path, globs: Sequence[str]) -> Iterator[Path]:
    for glob in globs:
        path = PurePosixPath(glob.removesuffix("/**/*").removesuffix("/**"))
        if _WILD & set(str(path)) or path.is_absolute() or ".." in path.parts:
            continue
        part = workspace / path
        if part != workspace and part.resolve() == part and part.exists():
            yield part
