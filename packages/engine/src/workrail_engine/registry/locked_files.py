"""How is a small file changed so that readers see the old one or the new one, and nothing between?

A lock belongs to an open file and dies with its process, so nothing has to be cleaned up after a
crash. Readers need no lock.
"""

import fcntl
import os
import tempfile
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from workrail_engine.errors import SourceUnavailableError

_LOOK_AGAIN = 0.02


@contextmanager
def locked(path: Path, seconds: float) -> Generator[None]:
    """Be the only process, and the only thread, that holds this lock.

    Args:
        path: the lock's file; made when missing, never removed.
        seconds: how long to wait for others.

    Raises:
        SourceUnavailableError: others held it all the time.
        OSError: the file cannot be made.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, path, seconds)
        yield
    finally:
        os.close(descriptor)


def replace_file(path: Path, data: bytes) -> None:
    """Write a whole file, durably, in the place of what is there.

    Raises:
        OSError: it cannot be written; what was there is unchanged.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the name itself must outlive a power cut
    finally:
        os.close(folder)


def _take(descriptor: int, path: Path, seconds: float) -> None:
    pause = threading.Event()
    for _ in range(max(1, int(seconds / _LOOK_AGAIN))):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pause.wait(_LOOK_AGAIN)
        else:
            return
    message = (
        f"Another process has been changing the sources for {seconds:g} seconds ({path}). Nothing "
        "was changed; try again when it is done."
    )
    raise SourceUnavailableError(message)
