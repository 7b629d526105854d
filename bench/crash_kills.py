"""What is left when real servers are killed again and again, at random and at every statement?

Random kills hit `workrail start` processes: most while an agent works at full speed, some while the
process still starts. Kills at a statement are made by `crash_statements.py`. Each victim's successor is measured from its spawn to its first answer.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import IO, cast

from crash_agent import Agent, Findings, inspect_store, prepared_home
from pydantic import TypeAdapter
from wire import Wire

from workrail_engine.testing.world import SeededEntropy

WRITERS = 4
_WORKRAIL = Path(sys.executable).with_name("workrail")
_STATEMENTS = Path(__file__).with_name("crash_statements.py")
_LONGEST_WORK_SECONDS = 0.06
_START_UP_SECONDS = 0.5
_EARLY_SHARE = 0.15


@dataclass
class Kills:
    """What some kills came to."""

    title: str
    kills: int = 0
    early: int = 0
    """Of them, those that hit a process before its first answer."""
    findings: Findings = field(default_factory=Findings)
    recovery: list[float] = field(default_factory=list[float])
    """Seconds from the spawn of a victim's successor to its first answer."""


@dataclass
class Boundary:
    """What a driver of `crash_statements.py` says of one boundary."""

    kill_at: int
    killed: bool
    recovery: float | None
    """Seconds the next server took to its first answer; None where nothing was left to do."""
    agent: Agent
    findings: Findings


@dataclass
class Lane:
    """One agent and the servers that are killed under it."""

    home: Path
    agent: Agent
    entropy: SeededEntropy
    enough: Callable[[], bool]
    kills: int = 0
    early: int = 0
    recovery: list[float] = field(default_factory=list[float])
    fault: str | None = None

    def run(self) -> None:
        """Kill until it is enough, then finish the session in peace."""
        try:
            while not self.enough():
                self._life(killed=True)
            self._life(killed=False)
        except Exception as error:  # noqa: BLE001 - a thread's fault belongs in the report
            self.fault = f"{self.agent.name}: {error}"

    def _draw(self) -> float:
        return int.from_bytes(self.entropy.bytes(4), "big") / (1 << 32)

    def _life(self, *, killed: bool) -> None:
        """One server, from its spawn to its end."""
        process = spawned(self.home)
        began = perf_counter()
        early = killed and self._draw() < _EARLY_SHARE
        timer = threading.Timer(self._draw() * _START_UP_SECONDS, process.kill)
        if early:
            timer.start()
        wire = Wire(process)
        try:
            wire.open()
            self.agent.step(wire)
            if not early:
                self.recovery.append(perf_counter() - began)
                timer = threading.Timer(self._draw() * _LONGEST_WORK_SECONDS, process.kill)
                if killed:
                    timer.start()
            while killed or not self.agent.finished:
                self.agent.step(wire)
        except (RuntimeError, OSError):
            if not killed or process.wait(10) != -9:
                raise
            self.kills += 1
            self.early += early
        finally:
            timer.cancel()
            ended(process)


_BOUNDARY = TypeAdapter(Boundary)


def random_kills(
    folder: Path, count: int, seconds: float, told: Callable[[int], None], *, shared: bool
) -> Kills:
    """Kill servers at random moments.

    Args:
        folder: where homes are made.
        count: how many kills.
        seconds: after which no new victim is started, however many kills there were.
        told: told the number of kills now and then.
        shared: whether four agents share one store; else two agents have one each.
    """
    lanes: list[Lane] = []
    until = perf_counter() + seconds

    def killed() -> int:
        return sum(lane.kills for lane in lanes)

    def enough() -> bool:
        told(killed())
        return killed() >= count or perf_counter() > until

    homes = [prepared_home(folder / f"home-{n}") for n in range(1 if shared else 2)]
    for number in range(WRITERS if shared else 2):
        name = f"writer {number + 1}"
        home = homes[number % len(homes)]
        lanes.append(Lane(home, Agent(name), SeededEntropy(f"{shared} {name}"), enough))
    _together([lane.run for lane in lanes])
    kills = Kills(f"at random, {WRITERS if shared else 1} on a store", killed())
    for lane in lanes:
        kills.early += lane.early
        kills.recovery += lane.recovery
        if lane.fault is not None:
            kills.findings.faults.append(lane.fault)
    for home in homes:
        kills.findings.add(inspect_store(home, [lane.agent for lane in lanes if lane.home == home]))
    return kills


def statement_kills(
    folder: Path, stride: int, told: Callable[[int], None], *, shared: bool
) -> Kills:
    """Kill a server before each statement; alone on new stores, or with three others on one.

    The boundaries are dealt out: to two drivers with a store for each boundary, or to the four writers.
    """
    kills = Kills(f"at every statement, {WRITERS if shared else 1} on a store")
    drivers = WRITERS if shared else 2
    home = prepared_home(folder / "shared", steps=3) if shared else folder
    lines: list[Boundary] = []

    def drive(number: int) -> None:
        dealt = [1 + number * stride, stride * drivers, *([] if shared else ["fresh"])]
        lines.extend(_driven([home, f"writer {number + 1}", *dealt], kills, told))

    _together([partial(drive, number) for number in range(drivers)])
    for line in lines:
        kills.findings.add(line.findings)
    if shared:
        kills.findings.add(inspect_store(home, [line.agent for line in lines]))
    kills.recovery = [line.recovery for line in lines if line.recovery is not None]
    return kills


def spawned(
    home: Path, command: Sequence[str | Path] = (_WORKRAIL, "start"), **environment: str
) -> "subprocess.Popen[bytes]":
    """`workrail start` on the store in `home`, or what stands in for it; not yet spoken to."""
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=home,
        env={**os.environ, "WORKRAIL_HOME": str(home), **environment},
    )


def ended(process: "subprocess.Popen[bytes]") -> None:
    """Close a server's input and wait for its end."""
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            cast("IO[bytes]", pipe).close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _driven(
    arguments: Sequence[object], kills: Kills, told: Callable[[int], None]
) -> list[Boundary]:
    command = [sys.executable, str(_STATEMENTS), *(str(argument) for argument in arguments)]
    lines: list[Boundary] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as driver:
        for raw in cast("IO[bytes]", driver.stdout):
            lines.append(_BOUNDARY.validate_json(raw))
            kills.kills += lines[-1].killed
            told(kills.kills)
    if driver.returncode != 0:
        kills.findings.faults.append(f"a driver of {kills.title} ended with {driver.returncode}")
    return lines


def _together(jobs: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
