"""Which files are there in a workspace?

Folders are opened one below the other and never through a link. Folders that hold what tools made
and nobody wrote are left out, unless they are asked for by name.
"""

import os
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from workrail_daemon.errors import StoppedError
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.inside import FOLDER, Inside

MOST_LOOKED_AT: Final = 200_000
"""Files of one walk."""
_DEEPEST: Final = 100
"""Folders within each other."""
LEFT_OUT: Final = (
    ".git",
    "node_modules",
    "__pycache__",
    ".venv",
    "venv",
    ".tox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "dist",
    "build",
)
"""Names of folders."""


@dataclass(frozen=True)
class Listed:
    """A file as a walk finds it."""

    path: str
    """Relative to the workspace."""
    changed: int
    """Nanoseconds since 1970."""
    folder: int
    """A descriptor of the folder it is in, open until the next one is asked for."""
    name: str


def walk(inside: Inside, place: str, stop: Stop, wanted: str = "") -> Generator[Listed]:
    """Every file below a folder that is no folder itself; links as they are.

    Folders that cannot be opened are passed over, the first one too.

    Args:
        inside: the workspace.
        place: the folder, as `Inside.place` gave it.
        stop: ends the walk.
        wanted: a glob; folders it names are not left out.

    Raises:
        StoppedError: `stop` was given.
    """
    left_out = frozenset(LEFT_OUT) - frozenset(wanted.split("/"))
    with suppress(OSError), inside.folder(place) as start:
        yield from _below(start, () if place == "." else (place,), left_out, stop)


def _below(
    folder: int, way: tuple[str, ...], left_out: frozenset[str], stop: Stop
) -> Generator[Listed]:
    if stop.given:
        raise StoppedError(stop.reason)
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda entry: entry.name)
    deeper: list[str] = []
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            deeper += [] if entry.name in left_out else [entry.name]
            continue
        with suppress(FileNotFoundError):  # removed meanwhile
            changed = entry.stat(follow_symlinks=False).st_mtime_ns
            yield Listed("/".join((*way, entry.name)), changed, folder, entry.name)
    for name in deeper if len(way) < _DEEPEST else []:
        with suppress(OSError):
            handle = os.open(name, FOLDER, dir_fd=folder)
            try:
                yield from _below(handle, (*way, name), left_out, stop)
            finally:
                os.close(handle)
