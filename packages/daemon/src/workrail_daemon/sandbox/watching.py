"""How many processes are there below one, and how much memory do they use together?

The kernel limits one process at a time, and does not count the processes of root at all. So whoever
attends to a command looks at all of it, a few times a second.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Final

_PROCESSES: Final = Path("/proc")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_EVERY: Final = 0.2
_OFTEN: Final = 0.05
_MOST_LISTED: Final = 20_000


class Watch:
    """Tells when a tree of processes is too large."""

    def __init__(self, root: int | None, memory_mb: int, processes: int) -> None:
        """Watch what descends from `root`, which is not counted; None: nothing."""
        self._root = root
        self._memory_mb = memory_mb
        self._processes = processes
        self._next = 0.0

    def too_much(self) -> str | None:
        """A sentence once there is too much of something; asked often, it looks now and then."""
        now = monotonic()
        if self._root is None or now < self._next:
            return None
        found = list(_below(self._root, self._processes + 2))
        self._next = now + (_OFTEN if len(found) * 2 > self._processes else _EVERY)
        if len(found) > self._processes:
            return f"ended by worktrain: it had more than {self._processes} processes"
        if sum(_resident_mb(pid) for pid in found) <= self._memory_mb:
            return None
        if sum(_share_mb(pid) for pid in found) <= self._memory_mb:
            return None
        return f"ended by worktrain: its processes used more than {self._memory_mb} MB of memory"


def _below(root: int, most: int) -> Iterator[int]:
    waiting, told = [root], 0
    while waiting and told < most:
        pid = waiting.pop()
        for child in _children(pid):
            told += 1
            yield child
            waiting.append(child)


def _children(pid: int) -> list[int]:
    try:
        text = (_PROCESSES / str(pid) / "task" / str(pid) / "children").read_text()
        threads = _threads(pid)
    except OSError:
        return []
    for thread in threads:
        if thread != pid:
            text += " " + _read(_PROCESSES / str(pid) / "task" / str(thread) / "children")
    return [int(word) for word in text.split()[:_MOST_LISTED]]


def _threads(pid: int) -> list[int]:
    return [int(each.name) for each in (_PROCESSES / str(pid) / "task").iterdir()]


def _resident_mb(pid: int) -> float:
    """With all it shares: more than it is, never less."""
    fields = _read(_PROCESSES / str(pid) / "statm").split()
    return int(fields[1]) * _PAGE / 2**20 if len(fields) > 1 else 0.0


def _share_mb(pid: int) -> float:
    """What is shared, divided among those who share it."""
    for line in _read(_PROCESSES / str(pid) / "smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
