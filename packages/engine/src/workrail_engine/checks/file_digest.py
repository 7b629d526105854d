"""What do the files of a folder amount to, where there is no git?

A digest over path, kind, size and content of every file. Folders of version control are left out.
Links are taken as links and never followed. A folder that is too large to be read each time has no
digest: a result could not be bound to it.
"""

import os
import stat
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

MOST_FILES: Final = 20_000
MOST_BYTES: Final = 512 * 1024 * 1024
_LEFT_OUT: Final = frozenset({b".git", b".hg", b".svn"})
_PIECE: Final = 1024 * 1024


class TooMuchError(Exception):
    """The folder cannot be read as a whole; the message says why."""


def digest_of_files(
    folder: Path, most_files: int = MOST_FILES, most_bytes: int = MOST_BYTES
) -> str:
    """The digest, 64 hexadecimal digits: equal digests mean equal files.

    Raises:
        TooMuchError: there are more files or bytes than the limits, or a file cannot be read.
    """
    whole = sha256()
    left = most_bytes
    try:
        for count, path in enumerate(_files(os.fsencode(folder))):
            if count >= most_files:
                message = f"there are more than {most_files:,} files"
                raise TooMuchError(message)
            size, line = _described(path, os.path.relpath(path, os.fsencode(folder)), left)
            left -= size
            whole.update(line)
    except OSError as error:
        message = f"a file could not be read ({error.strerror})"
        raise TooMuchError(message) from error
    return whole.hexdigest()


def _files(folder: bytes) -> Iterator[bytes]:
    """Every path below a folder that is no folder, sorted."""
    with os.scandir(folder) as listed:
        found = sorted(listed, key=lambda entry: entry.name)
    for entry in found:
        if not entry.is_dir(follow_symlinks=False):
            yield entry.path
        elif entry.name not in _LEFT_OUT:
            yield from _files(entry.path)


def _described(path: bytes, name: bytes, left: int) -> tuple[int, bytes]:
    """How many bytes were read, and one entry: lengths first, so that no two read the same."""
    status = os.lstat(path)
    mode = stat.S_IFMT(status.st_mode) | (status.st_mode & stat.S_IXUSR)
    if stat.S_ISLNK(status.st_mode):
        size, content = 0, sha256(os.readlink(path)).digest()  # noqa: PTH115 (paths are bytes)
    elif stat.S_ISREG(status.st_mode):
        size, content = _content(path, left)
    else:
        size, content = 0, b""
    return size, b"%d %o %d %d\n" % (len(name), mode, size, len(content)) + name + content


def _content(path: bytes, left: int) -> tuple[int, bytes]:
    seen, size = sha256(), 0
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (paths are bytes)
        while piece := file.read(_PIECE):
            size += len(piece)
            if size > left:
                message = f"there are more than {MOST_BYTES:,} bytes"
                raise TooMuchError(message)
            seen.update(piece)
    return size, seen.digest()
