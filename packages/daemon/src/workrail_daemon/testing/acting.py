"""What do runs do that show how a dispatcher hands them out?

Each does what its order says under `act`, and leaves a line in a file for everything worth knowing. The
lines of all processes are in the order in which they were written.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Final, Literal, TypeAlias

from workrail_daemon.dispatch.contract import Ended, Lost, Parked, Work
from workrail_daemon.stopping import CANCELLED, DRAINED, LOST, PAUSED, Stop
from workrail_engine.agent_events import MessageGiven
from workrail_engine.engine import Engine
from workrail_engine.errors import LeaseLostError
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.runs import Claim, RunOrder

Act: TypeAlias = Literal["finish", "brief", "hold", "late", "crash", "fail", "slow", "spawn", "ask"]
Settled: TypeAlias = Parked | Ended | Lost
_DONE: Final = Ended("completed", "Done.")
_LOOK: Final = 0.01
_LONGEST: Final = 60.0


@dataclass(frozen=True)
class Line:
    """Something a run did."""

    what: str
    session_id: SessionId
    epoch: int
    process: int


class Notes:
    """The file of lines; any number of processes write to it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def gate(self) -> Path:
        """A file: once it is there, runs that wait for it go on."""
        return self.path.with_suffix(".gate")

    def add(self, what: str, claim: Claim) -> None:
        """Leave a line."""
        lease = claim.lease
        line = f"{what} {lease.session_id} {lease.epoch} {os.getpid()}\n"
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)

    def read(self, what: str | None = None) -> list[Line]:
        """The lines so far, of one kind or all."""
        if not self.path.exists():
            return []
        words = (line.split() for line in self.path.read_text(encoding="utf-8").splitlines())
        lines = [Line(each[0], SessionId(each[1]), int(each[2]), int(each[3])) for each in words]
        return [line for line in lines if what in (None, line.what)]


@dataclass(frozen=True)
class _Scene:
    engine: Engine
    notes: Notes
    claim: Claim
    stop: Stop
    doing: Callable[[str], None]


def acting(engine: Engine, notes: Notes) -> Work:
    """Work that does what orders say."""

    def work(claim: Claim, stop: Stop, doing: Callable[[str], None]) -> Settled:
        scene = _Scene(engine, notes, claim, stop, doing)
        notes.add("begun", claim)
        act = _ACTS[str(claim.order.options.get("act", "finish"))]
        settled = act(scene)
        notes.add("left", claim)
        return settled

    return work


def _brief(scene: _Scene) -> Settled:
    scene.stop.wait(0.02)
    return _DONE


def _hold(scene: _Scene) -> Settled:
    scene.doing("holding")
    scene.stop.wait(_LONGEST)
    scene.notes.add(f"stopped-{scene.stop.reason}", scene.claim)
    match scene.stop.reason:
        case reason if reason == CANCELLED:
            return Ended("cancelled", "It was cancelled.")
        case reason if reason == PAUSED:
            return Parked("paused", "It was paused.")
        case reason if reason == DRAINED:
            return Parked("drained", "The daemon was stopped.")
        case reason if reason == LOST:
            return Lost()
        case _:
            return Ended("error", "Nobody told it to stop.")


def _late(scene: _Scene) -> Settled:
    """Write when the gate is open, without asking whether that is still allowed."""
    for _ in range(int(_LONGEST / _LOOK)):
        if scene.notes.gate.exists():
            break
        Event().wait(_LOOK)
    said = MessageGiven(NodeId(1), 0, scene.claim.lease.epoch, "nudge", "Go on.")
    try:
        scene.engine.journal.append(scene.claim.lease, [said])
    except LeaseLostError:
        scene.notes.add("refused", scene.claim)
        raise
    scene.notes.add("written", scene.claim)
    return _DONE


def _crash(scene: _Scene) -> Settled:
    """Take the process down, once others run beside it."""
    scene.stop.wait(0.3)
    scene.notes.add("crashing", scene.claim)
    os._exit(9)


def _fail(scene: _Scene) -> Settled:
    message = f"This run fails, for the {scene.claim.crashes + 1}. time."
    raise ValueError(message)


def _slow(scene: _Scene) -> Settled:
    """Take longer than a run that crashes leaves it beside itself."""
    scene.stop.wait(0.6)
    return _DONE


def _spawn(scene: _Scene) -> Settled:
    """Order the runs below, and rest until they are over."""
    lease, order = scene.claim.lease, scene.claim.order
    named = order.options.get("children")
    children = [SessionId(str(one)) for one in named] if isinstance(named, list) else []
    views = [scene.engine.runs.view(child) for child in children]
    if all(view is not None and view.state == "ended" for view in views):
        return _DONE
    act = order.options.get("child_act", "finish")
    for child in children:
        below = RunOrder(child, parent=lease.session_id, depth=1, options={"act": act})
        scene.engine.runs.order(below)
    return Parked("child", f"It waits for {len(children)} runs.")


def _ask(scene: _Scene) -> Settled:
    """Rest until there is an answer."""
    for message in scene.engine.mail.waiting(scene.claim.lease.session_id):
        if message.body.get("kind") == "answer":
            return _DONE
    return Parked("operator", "It waits for an answer.")


_ACTS: Final[dict[str, Callable[[_Scene], Settled]]] = {
    "finish": lambda _: _DONE,
    "brief": _brief,
    "hold": _hold,
    "late": _late,
    "crash": _crash,
    "fail": _fail,
    "slow": _slow,
    "spawn": _spawn,
    "ask": _ask,
}
