"""Which processes did a command leave behind, and how are they ended?

They are known by a text only their environment has, as the path of a folder that was made for them. Where
the system does not show environments (all but Linux) none is found.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROCESSES: Final = Path("/proc")
_ROUNDS: Final = 50
"""Looks: one that is killed may have started another."""


def kill_strays(mark: str) -> bool:
    """Kill every process that was started with a text in its environment; whether there was any."""
    needle, found = os.fsencode(mark), False
    for _ in range(_ROUNDS):
        strays = [pid for pid in _others() if needle in _environment_of(pid)]
        if not strays:
            return found
        found = True
        for pid in strays:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
    return found


def _others() -> list[int]:
    try:
        names = os.listdir(_PROCESSES)  # noqa: PTH208 (names, many of them, again and again)
    except OSError:
        return []
    return [int(name) for name in names if name.isdecimal() and int(name) != os.getpid()]


def _environment_of(pid: int) -> bytes:
    """Empty for a process that has ended or is someone else's."""
    try:
        return (_PROCESSES / str(pid) / "environ").read_bytes()
    except OSError:
        return b""
