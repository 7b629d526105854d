"""Where do the sessions come from that are shown to someone who only wants to try the console?

A process of its own makes them, for the console itself cannot write. It goes on with some of them
until the console ends, and its folder goes with it.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, TypeAlias

from workrail_engine.errors import StoreUnavailableError

EVERY: Final = 3.0
"""Seconds between two steps of the sessions that go on."""
_MAKER: Final = "workrail_engine.demonstration"
_LEAVING: Final = 10.0
"""Seconds the maker has to end by itself."""
Told: TypeAlias = Callable[[str], None]


@contextmanager
def made_up_store(told: Told, every: float = EVERY) -> Generator[Path]:
    """A home with a store of made-up sessions, some of which go on; it is gone afterwards.

    Args:
        told: told how far it is, a line at a time.
        every: seconds between two steps of what goes on; 0: nothing goes on.

    Raises:
        StoreUnavailableError: it could not be made.
    """
    with (
        tempfile.TemporaryDirectory(prefix="worktrain-demo-", ignore_cleanup_errors=True) as folder,
        # Its own folder is the maker's place too, so that no file of the user's is taken for a module.
        subprocess.Popen(
            [sys.executable, "-m", _MAKER, folder, "--every", str(every), "--driver", _us()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            cwd=folder,
        ) as maker,
    ):
        try:
            _await(maker, told)
            yield Path(folder) / "home"
        finally:
            _end(maker)


def _us() -> str:
    """This process, as the driver of what goes on: it is there as long as the demo is."""
    import psutil  # noqa: PLC0415 (heavy, and only the demo needs it here)

    here = psutil.Process()
    return f"{here.pid}:{round(here.create_time() * 1_000_000)}"


def _await(maker: subprocess.Popen[str], told: Told) -> None:
    for line in _lines(maker.stdout):
        if line == "ready":
            return
        told(line)
    _, said = maker.communicate()
    message = f"The made-up sessions could not be made: {said.strip() or 'no reason was given'}"
    raise StoreUnavailableError(message)


def _lines(stream: IO[str] | None) -> Iterator[str]:
    if stream is not None:
        while line := stream.readline():
            yield line.rstrip("\n")


def _end(maker: subprocess.Popen[str]) -> None:
    """The maker ends when its stdin does; if it cannot, it is ended."""
    try:
        maker.communicate(timeout=_LEAVING)
    except subprocess.TimeoutExpired:
        maker.kill()
        maker.communicate()
