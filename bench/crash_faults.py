"""What does an agent see when the disk fails under a server, and what is left when it is whole again?

Bad disks are made with a small library that `LD_PRELOAD` puts before libc (`crash_shim.c`, compiled
here with the machine's C compiler). Full and read-only disks are real where a small tmpfs can be
mounted, which needs root. No server is restarted: the process that met the fault must go on.
"""

import mmap
import os
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from crash_agent import Agent, Findings, inspect_store, prepared_home
from crash_kills import ended, spawned
from wire import Wire

KINDS = {
    "EIO at a write": 1,
    "ENOSPC at a write": 2,
    "a write of half the bytes": 3,
    "half the bytes, then EIO": 4,
    "EIO at a sync": 5,
}
LIMIT_BYTES = 600
_SHIM = Path(__file__).with_name("crash_shim.c")
_CALLS = 24
"""Somewhat more writes than one call of an agent makes."""
_CALL = re.compile(r"^\w+: ")
_PATH = re.compile(r"/[^\s,]+")


@dataclass
class Faults:
    """What injected faults of one kind came to."""

    title: str
    how: str
    injected: int = 0
    refused: int = 0
    """Calls answered with an error that explains itself."""
    absorbed: int = 0
    """Calls that succeeded all the same."""
    unclear: int = 0
    """Calls answered with an internal error, a text over the limit, or not at all."""
    recovered: int = 0
    """Refused calls that the same process answered well once the disk was whole."""
    texts: set[str] = field(default_factory=set[str])
    findings: Findings = field(default_factory=Findings)


class Control:
    """The numbers a shim reads at every write."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(16))
        self.path = path
        with path.open("r+b") as file:
            self._numbers = mmap.mmap(file.fileno(), 16)

    def arm(self, kind: int, after: int, *, once: bool) -> None:
        """Let writes fail after some more have succeeded."""
        self._numbers[:] = struct.pack("4i", kind, after, once, 0)

    def fired(self) -> bool:
        """Whether a write has failed since it was armed."""
        return struct.unpack("4i", self._numbers[:])[3] > 0

    def disarm(self) -> None:
        """Let the disk be whole."""
        self._numbers[:] = bytes(16)


def bad_disks(folder: Path, stride: int, told: Callable[[int], None]) -> list[Faults]:
    """Every kind of fault at every write of a call, once and lasting; none where no compiler is."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return []
    folder.mkdir()
    library = folder / "shim.so"
    build = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(_SHIM), "-ldl"]
    subprocess.run(build, check=True)
    results: list[Faults] = []
    injected = 0
    for number, (title, kind) in enumerate(KINDS.items()):
        home = prepared_home(folder / f"home-{number}")
        control = Control(folder / f"control-{number}")
        faults = Faults(title, "LD_PRELOAD")
        agent = Agent(f"disk {number}")
        shim = {"LD_PRELOAD": str(library), "CRASH_CONTROL": str(control.path)}
        with _server(home, shim) as wire:
            for once in (True, False):
                for after in range(0, _CALLS, stride):
                    control.arm(kind, after, once=once)
                    _call(agent, wire, faults, control.disarm, control.fired)
                    injected += 1
                    told(injected)
        faults.findings = inspect_store(home, [agent])
        results.append(faults)
    results.append(_while_made(folder, library, stride))
    return results


def real_disks(folder: Path, rounds: int) -> list[Faults]:
    """A tmpfs that fills up and one that becomes read-only; none where none can be mounted."""
    folder.mkdir()
    with _small_disk(folder / "full") as disk:
        if disk is None:
            return []
        full = _full(disk, rounds)
    with _small_disk(folder / "read-only") as disk:
        return [full] if disk is None else [full, _read_only(disk, max(1, rounds // 4))]


def _while_made(folder: Path, library: Path, stride: int) -> Faults:
    """The store cannot be made at first; a new home each time."""
    faults = Faults("EIO while the store is made", "LD_PRELOAD")
    for after in range(0, _CALLS, max(4, stride)):
        home = prepared_home(folder / f"new-{after}")
        control = Control(folder / f"control-new-{after}")
        agent = Agent(f"new home {after}")
        with _server(home, {"LD_PRELOAD": str(library), "CRASH_CONTROL": str(control.path)}) as w:
            control.arm(KINDS["EIO at a write"], after, once=False)
            _call(agent, w, faults, control.disarm, control.fired)
        faults.findings.add(inspect_store(home, [agent]))
    return faults


def _full(disk: Path, rounds: int) -> Faults:
    faults = Faults("a full disk", "tmpfs")
    home, agent = prepared_home(disk / "home"), Agent("full disk")
    with _server(home, {}) as wire:
        agent.step(wire)
        for _ in range(rounds):
            filler = disk / "filler"
            _fill(filler)
            while not _call(agent, wire, faults, filler.unlink, lambda: False):
                pass  # there was room left inside the store's files
    faults.findings = inspect_store(home, [agent])
    return faults


def _read_only(disk: Path, rounds: int) -> Faults:
    faults = Faults("a read-only disk", "tmpfs")
    home, agent = prepared_home(disk / "home"), Agent("read-only disk")
    with _server(home, {}) as wire:
        agent.step(wire)
    for _ in range(rounds):
        _mount("-o", "remount,ro", str(disk))
        with _server(home, {}) as wire:
            _call(agent, wire, faults, _writable(disk), lambda: True)
    faults.findings = inspect_store(home, [agent])
    return faults


def _writable(disk: Path) -> Callable[[], object]:
    return lambda: _mount("-o", "remount,rw", str(disk))


def _call(
    agent: Agent, wire: Wire, faults: Faults, mend: Callable[[], object], met: Callable[[], bool]
) -> bool:
    """One call that may meet a fault, and if it was refused, the same again on a whole disk.

    Returns:
        Whether it was refused.
    """
    try:
        agent.step(wire)
    except RuntimeError as error:
        text = str(error).partition(": ")[2]
        clear = "internal error" not in text and len(text.encode()) <= LIMIT_BYTES
        faults.injected += 1
        faults.refused += clear
        faults.unclear += not clear
        faults.texts.add(_PATH.sub("…", _CALL.sub("", text)))
        mend()
        agent.step(wire)
        faults.recovered += 1
        return True
    if met():
        faults.injected += 1
        faults.absorbed += 1
        mend()
    return False


@contextmanager
def _server(home: Path, environment: dict[str, str]) -> Generator[Wire]:
    process = spawned(home, **environment)
    try:
        wire = Wire(process)
        wire.open()
        yield wire
    finally:
        ended(process)


@contextmanager
def _small_disk(place: Path) -> Generator[Path | None]:
    place.mkdir()
    if os.geteuid() != 0 or not _mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)):
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def _mount(*arguments: str) -> bool:
    done = subprocess.run(["mount", *arguments], check=False, capture_output=True)
    return done.returncode == 0


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            return
