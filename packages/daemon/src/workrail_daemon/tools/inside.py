"""How are files of a workspace reached, and no others?

A path is followed to its real place first; one that leads out is refused. Then that place is opened
folder by folder, each relative to the one before and never through a link, so a link that a running
command puts in the way in between leads nowhere. What is no regular file is refused.
"""

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

from workrail_daemon.sandbox.secret_files import may_hold_secrets
from workrail_daemon.tools.refusing import NotDoneError, refused
from workrail_engine.canonical import digest_bytes

MOST_BYTES: Final = 32 * 1024 * 1024
"""Of a file that is read."""
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""How a folder is opened: a link to one is none."""
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_numbers = count(1)


@dataclass(frozen=True)
class File:
    """A file as it was read."""

    path: str
    """Relative to the workspace, its real place."""
    data: bytes
    mode: int

    @property
    def version(self) -> str:
        """Of what it holds."""
        return version_of(self.data)


def version_of(data: bytes) -> str:
    """What tells the content of a file from any other: 12 hex digits."""
    return digest_bytes(data).removeprefix("sha256:")[:12]


class Inside:
    """The files of a workspace."""

    def __init__(self, workspace: Path) -> None:
        """Reach files below `workspace`, a real path: no link on the way."""
        self.workspace = workspace

    def place(self, path: str) -> str:
        """The real place of a path, relative to the workspace; `.` is the workspace itself.

        Raises:
            NotDoneError: it leads out, or is no path.
        """
        if not path or not path.isprintable():
            message = f"{path!r} is no path: name a file or folder of the workspace."
            raise NotDoneError(message)
        if path.startswith("~"):
            message = f"{path}: ~ means nothing here. Name a path relative to {self.workspace}."
            raise refused(message)
        with _told(path):  # a name may become a link, or none, while it is followed
            real = Path(os.path.realpath(self.workspace / path))
        if not real.is_relative_to(self.workspace):
            message = (
                f"{path} leads out of the workspace {self.workspace}. Only what lies in it can be "
                "reached; name a path inside it."
            )
            raise refused(message)
        return str(real.relative_to(self.workspace))

    def read(self, path: str) -> File:
        """A file.

        Raises:
            NotDoneError: it leads out, is not there, is no regular file, or is too large.
        """
        found = self.look(path)
        if found is None:
            message = f"There is no file {path}. Look for it with Glob."
            raise NotDoneError(message)
        return found

    def look(self, path: str) -> File | None:
        """A file, or None where there is nothing.

        Raises:
            NotDoneError: as for `read`.
        """
        place = Path(self.place(path))
        with _told(path):
            try:
                with self.folder(str(place.parent)) as folder:
                    return _read(folder, place)
            except FileNotFoundError:
                return None

    def replace(self, path: str, data: bytes, mode: int | None) -> str:
        """Put a file in place as a whole, or leave everything as it was; its real place.

        Args:
            path: the file; folders on the way are made.
            data: what it is to hold.
            mode: its permissions; None: those of a new file.

        Raises:
            NotDoneError: it leads out, or cannot be written.
        """
        place = Path(self.place(path))
        with _told(path), self.folder(str(place.parent), make=True) as folder:
            name = f".worktrain-{os.getpid()}-{next(_numbers)}.tmp"
            handle = os.open(name, _NEW, 0o666, dir_fd=folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    if mode is not None:
                        os.fchmod(handle, stat.S_IMODE(mode))
                    file.write(data)
                    file.flush()
                    os.fsync(handle)
                os.replace(name, place.name, src_dir_fd=folder, dst_dir_fd=folder)
            except BaseException:
                with suppress(OSError):
                    os.unlink(name, dir_fd=folder)
                raise
            os.fsync(folder)
        return str(place)

    @contextmanager
    def folder(self, place: str, *, make: bool = False) -> Generator[int]:
        """A descriptor of a folder, closed again at the end.

        Args:
            place: as `place` gave it.
            make: whether folders that are missing are made.

        Raises:
            OSError: it cannot be opened; a link in the way counts as no folder.
        """
        handle = os.open(self.workspace, FOLDER)
        try:
            for name in Path(place).parts:
                if make:
                    with suppress(FileExistsError):
                        os.mkdir(name, dir_fd=handle)
                below = os.open(name, FOLDER, dir_fd=handle)
                os.close(handle)
                handle = below
            yield handle
        finally:
            os.close(handle)


def _read(folder: int, place: Path) -> File:
    name = place.name or "."
    if may_hold_secrets(name):
        message = (
            f"{place} may hold secrets, so it is not shown to agents. Do without what is in it."
        )
        raise refused(message)
    _check_kind(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode, place)
    with os.fdopen(os.open(name, _FILE, dir_fd=folder), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        _check_kind(mode, place)
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        message = (
            f"{place} is larger than {MOST_BYTES // 1024 // 1024} MB. Look at a part of it with Grep "
            "or Bash."
        )
        raise NotDoneError(message)
    return File(str(place), data, mode)


def _check_kind(mode: int, place: Path) -> None:
    if stat.S_ISDIR(mode):
        message = f"{place} is a folder. List what is in it with Glob."
        raise NotDoneError(message)
    if not stat.S_ISREG(mode):
        message = f"{place} is no regular file (a link, device, pipe or socket), and stays closed."
        raise refused(message)


@contextmanager
def _told(path: str) -> Generator[None]:
    """Whatever the system refuses becomes an answer."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.ELOOP:
            message = f"{path} became a link while it was opened, and is not followed. Look again."
            raise refused(message) from error
        message = f"{path} could not be opened: {error.strerror}."
        raise NotDoneError(message) from error
