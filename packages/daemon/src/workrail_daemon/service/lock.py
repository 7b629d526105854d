"""Does a daemon work on this store already, and which?

The daemon of a home holds a lock on a file in it for as long as it lives; the system lets go of it
however the process ends, so a lock that is held means a process that runs. The file says who holds
it. Its time is renewed with every beat: an old one means a daemon that hangs.
"""

import fcntl
import json
import os
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Final

from pydantic import TypeAdapter, ValidationError

from workrail_daemon.errors import DaemonRunningError
from workrail_engine.errors import StoreUnavailableError

FILE: Final = "daemon.lock"
_LONGEST: Final = 4096
_TRIES: Final = 20
_PAUSE: Final = 0.05
"""Who asks whether it is held holds it for a moment: a daemon that starts just then tries again."""


@dataclass(frozen=True)
class Holder:
    """A daemon that runs."""

    pid: int
    host: str
    store: str
    """What it works on, in words; no password."""
    slots: int
    """How many runs it works on at a time."""
    started_at: str
    """RFC 3339, UTC."""

    @property
    def worker(self) -> str:
        """What it is called where it drives a session."""
        return f"{self.host}:{self.pid}"

    @property
    def here(self) -> bool:
        """Whether it runs on this machine."""
        return self.host == socket.gethostname()


@dataclass(frozen=True)
class Held:
    """What the lock of a home says of its daemon."""

    holder: Holder
    beat_at: float
    """When it was last alive, in seconds since 1970."""


class Lock:
    """The lock, while it is held."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def beat(self) -> None:
        """Say that its holder is alive."""
        os.utime(self._handle)


@contextmanager
def locked(home: Path, holder: Holder) -> Generator[Lock]:
    """Hold the lock of a home while the block runs.

    Args:
        home: the folder; made when it is missing.
        holder: who asks for it.

    Raises:
        DaemonRunningError: another process holds it.
        StoreUnavailableError: the file cannot be written.
    """
    handle = _opened(home)
    try:
        if not _taken(handle):
            raise _running(home)
        _write(handle, holder)
        yield Lock(handle)
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def held(home: Path) -> Held | None:
    """Who holds the lock of a home; None: no daemon runs there."""
    try:
        handle = os.open(home / FILE, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return _read(handle)
    finally:
        os.close(handle)


def _opened(home: Path) -> int:
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(home / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        message = (
            f"{home / FILE} cannot be written: {error.strerror or error}. The daemon keeps its lock "
            "there; make the folder writable, or name another one with WORKRAIL_HOME."
        )
        raise StoreUnavailableError(message) from error


def _taken(handle: int) -> bool:
    pause = Event()
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pause.wait(_PAUSE)
        else:
            return True
    return False


def _read(handle: int) -> Held | None:
    """What the file says, as long as another process holds it."""
    pause = Event()
    for _ in range(_TRIES):
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = os.pread(handle, _LONGEST, 0)
        else:
            return None
        try:
            holder = TypeAdapter(Holder).validate_json(text)
        except ValidationError:  # it was taken at this moment and is not written yet
            pause.wait(_PAUSE)
            continue
        return Held(holder, os.fstat(handle).st_mtime)
    return None


def _write(handle: int, holder: Holder) -> None:
    os.ftruncate(handle, 0)
    os.pwrite(handle, json.dumps(asdict(holder)).encode(), 0)


def _running(home: Path) -> DaemonRunningError:
    there = held(home)
    if there is None:
        who = "Another process"
        stop = "Try again; it may have ended by now."
    else:
        who = f"The daemon with process {there.holder.pid} on {there.holder.host}"
        stop = "`worktrain daemon stop` ends it; `worktrain daemon status` shows what it does."
    return DaemonRunningError(f"{who} works on {home} since before. {stop}")
