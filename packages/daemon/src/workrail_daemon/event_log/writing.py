"""How does a line get into the log, whoever else writes at the same time?

Every line is one write at the end of the file of its day, under a lock that all processes share. Nothing
of it can fail a run: what cannot be written is counted, and said once.
"""

import errno
import fcntl
import os
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Lock
from typing import Final

from workrail_daemon.event_log.kinds import Kind
from workrail_daemon.event_log.lines import VERSION, Masking, line_of

FOLDER: Final = Path("events") / "daemon"
"""Below the home of the store."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""Of one file; then the day goes on in the next one."""
_LOCK: Final = ".lock"
_MOST_PARTS: Final = 1_000
_TRIES: Final = 1_000
_PAUSE: Final = 0.002


class EventLog:
    """Writes the log of a home. Safe to use from several threads and processes."""

    def __init__(
        self,
        home: Path,
        now: Callable[[], datetime],
        *,
        days: int | None = None,
        secrets: Iterable[str] = (),
        most_bytes: int = MOST_BYTES,
        trouble: Callable[[str], None] | None = None,
    ) -> None:
        """Write below a home.

        Args:
            home: of the store.
            now: the time, UTC.
            days: for how many days lines are kept; None: nothing is taken away.
            secrets: that never appear in a line.
            most_bytes: of one file.
            trouble: told once, in a sentence, when something cannot be written.
        """
        self._folder = home / FOLDER
        self._now = now
        self._days = days
        self._masking = Masking(secrets)
        self._most_bytes = most_bytes
        self._trouble = trouble
        self._lock = Lock()
        self._cleared: str | None = None
        self._names = {"host": socket.gethostname(), "process": os.getpid()}
        self.missed = 0
        """How many lines could not be written."""

    def write(self, kind: Kind, session_id: str | None = None, **facts: object) -> None:
        """Write a line; never raises."""
        now = self._now()
        at = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        named = {} if session_id is None else {"sessionId": session_id}
        given = {name: value for name, value in facts.items() if value is not None}
        fields = {"v": VERSION, "at": at, "kind": kind, **named, **given, **self._names}
        try:
            self._append(f"{now:%Y-%m-%d}", line_of(fields, self._masking))
        except OSError as error:
            self.missed += 1
            if self.missed == 1 and self._trouble is not None:
                reason = error.strerror or str(error)
                self._trouble(
                    f"The daemon's log in {self._folder} cannot be written ({reason}); runs go on, "
                    "and lines are missing from now on."
                )

    def _append(self, day: str, line: bytes) -> None:
        with self._lock:
            for folder in (self._folder.parent, self._folder):
                folder.mkdir(mode=0o700, exist_ok=True)  # a home that went away is not made anew
            holder = os.open(self._folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                _take(holder)
                self._write(day, line)
                if self._days is not None and self._cleared != day:
                    self._clear(day, self._days)
                    self._cleared = day
            finally:
                os.close(holder)

    def _write(self, day: str, line: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        for part in range(self._part(day), _MOST_PARTS):
            file = os.open(self._folder / file_name(day, part), flags, 0o600)
            try:
                size = os.fstat(file).st_size
                if size and size + len(line) > self._most_bytes:
                    continue
                written = os.write(file, line)
                if written < len(line):  # a full disk: no half line stays
                    os.ftruncate(file, size)
                    raise OSError(errno.ENOSPC, "the disk is full")
                return
            finally:
                os.close(file)

    def _part(self, day: str) -> int:
        """The last file of a day: those before it are full, or nearly."""
        part = 0
        while (self._folder / file_name(day, part + 1)).exists():
            part += 1
        return part

    def _clear(self, day: str, days: int) -> None:
        """Take away what is older than lines are kept."""
        first = datetime.fromisoformat(day) - timedelta(days=days)
        for file in self._folder.glob("????-??-??*.jsonl"):
            if file.name[:10] < f"{first:%Y-%m-%d}":
                with suppress(OSError):
                    file.unlink()


def _take(holder: int) -> None:
    """Wait for the lock, but not for ever: who holds it may have been halted."""
    pause = Event()
    for _ in range(_TRIES):
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pause.wait(_PAUSE)
        else:
            return


def file_name(day: str, part: int) -> str:
    """What the file of a day is called: `2026-01-31.jsonl`, then `2026-01-31.1.jsonl`, …."""
    return f"{day}.jsonl" if part == 0 else f"{day}.{part}.jsonl"
