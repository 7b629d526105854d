"""Which files of a workspace does a path or a glob name, and what do they hold?

Links are followed only as long as they stay in the workspace. The number of files that are looked at
and the bytes that are read are bounded; more is no pass.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from workrail_engine.checks.findings import CannotCheckError
from workrail_engine.checks.paths import has_wildcard, inside, matches_any, shown_path

MOST_LOOKED_AT: Final = 200_000
MOST_MATCHES: Final = 2_000
MOST_BYTES: Final = 8 * 1024 * 1024
_LEFT_OUT: Final = ".git"


def matching(workspace: Path, glob: str) -> list[str]:
    """Relative paths of what a glob names, sorted; a plain path may name a folder too.

    Raises:
        CannotCheckError: too much would have to be looked at, or a plain path leads out.
    """
    if not has_wildcard(glob):
        inside(workspace, glob)
        return [glob] if os.path.lexists(workspace / glob) else []
    found: list[str] = []
    for count, path in enumerate(_files(workspace, _plain_start(glob))):
        if count >= MOST_LOOKED_AT or len(found) > MOST_MATCHES:
            message = f"{shown_path(glob)} has too many files to look at; narrow the glob"
            raise CannotCheckError(message)
        if matches_any(path, (glob,)):
            found.append(path)
    return found


def read_text(workspace: Path, path: str) -> str:
    """The text of a file, wherever inside the workspace it really lies.

    Raises:
        CannotCheckError: it leads out, is no file, is too large, or is not UTF-8.
    """
    place = inside(workspace, path)
    try:
        handle = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                message = f"{shown_path(path)} is no regular file"
                raise CannotCheckError(message)
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        message = f"{shown_path(path)} could not be read ({error.strerror})"
        raise CannotCheckError(message) from error
    if len(data) > MOST_BYTES:
        message = f"{shown_path(path)} is larger than {MOST_BYTES // 1024 // 1024} MB"
        raise CannotCheckError(message)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{shown_path(path)} is no UTF-8 text"
        raise CannotCheckError(message) from error


def _plain_start(glob: str) -> str:
    """The folders a glob begins with that hold no wildcard."""
    names = glob.removeprefix("./").split("/")[:-1]
    start: list[str] = []
    for name in names:
        if has_wildcard(name):
            break
        start.append(name)
    return "/".join(start)


def _files(workspace: Path, start: str) -> Iterator[str]:
    """Every path below a folder that is no folder, in order; links to folders count as files."""
    place = inside(workspace, start) if start else workspace
    try:
        with os.scandir(place) as listed:
            entries = sorted(listed, key=lambda entry: entry.name)
    except NotADirectoryError:
        return
    except FileNotFoundError:
        return
    except OSError as error:
        message = f"the folder {shown_path(start or '.')} could not be read ({error.strerror})"
        raise CannotCheckError(message) from error
    for entry in entries:
        path = f"{start}/{entry.name}" if start else entry.name
        if not entry.is_dir(follow_symlinks=False):
            yield path
        elif entry.name != _LEFT_OUT:
            yield from _files(workspace, path)
