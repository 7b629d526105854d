"""How do the points of a run read as a story?

A step that was blocked and tried again is several nodes but one entry; entries of one pass through a
loop make a part; a fork is a stretch that does not lie on the branch the session stands on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from workrail_console.attempts import (
    PassedOver,
    RefusedAttempt,
    passed_over,
    refused_attempts,
)
from workrail_engine.ids import NodeId
from workrail_engine.projections.session_detail import (
    ApprovalLine,
    ArtifactLine,
    CheckLine,
    NodeLine,
)

EntryState: TypeAlias = Literal[
    "done", "blocked", "waiting", "pending", "left", "checkpoint", "end"
]


@dataclass(frozen=True)
class Entry:
    """One step, checkpoint or end, with every attempt at it."""

    nodes: tuple[NodeId, ...]
    number: int | None
    """Which step of its branch this is, from 1; of a checkpoint or an end, the step before it. None
    where the branch began before the part of the session that was looked at."""
    title: str
    step_id: str | None
    loop_pass: int | None
    """From 1; None outside loops."""
    state: EntryState
    reached_at: str
    completed_at: str | None
    notes: str | None
    """Those that completed it, or that wait for approval."""
    artifacts: tuple[ArtifactLine, ...]
    refused: tuple[RefusedAttempt, ...]
    checks: tuple[CheckLine, ...]
    """Those of the attempts that were not refused."""
    approvals: tuple[ApprovalLine, ...]
    passed_over: tuple[PassedOver, ...]
    """Steps that were skipped on the way here."""
    notices: tuple[str, ...]
    """What else happened on the way here, in words."""
    on_tip_branch: bool
    parent: NodeId | None
    """The node it was reached from."""


@dataclass(frozen=True)
class Part:
    """Entries of one pass through a loop, or of none."""

    loop_pass: int | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class Stretch:
    """Entries that follow each other on the tip's branch, or on one that was left."""

    on_tip_branch: bool
    entries: tuple[Entry, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """The entries, parted where a pass through a loop begins or ends."""
        grouped = groupby(self.entries, lambda entry: entry.loop_pass)
        return tuple(Part(number, tuple(entries)) for number, entries in grouped)


def story(
    nodes: Sequence[NodeLine], before: Sequence[NodeLine] = (), steps_before: int | None = 0
) -> tuple[Stretch, ...]:
    """Entries in the order they were reached, parted where branches change.

    Args:
        nodes: those of a session, or of a part of it.
        before: the node before them, of which the first may be another attempt.
        steps_before: how many steps of the tip's branch lie before them; None: not known.
    """
    if before and nodes and nodes[0].kind in ("blocked", "waiting"):
        nodes = (*(line for line in before if line.node_id == nodes[0].parent), *nodes)
    grouped = groupby(_entries(nodes, steps_before), lambda entry: entry.on_tip_branch)
    return tuple(Stretch(on_tip, tuple(entries)) for on_tip, entries in grouped)


def entries_of(stretches: Iterable[Stretch]) -> tuple[Entry, ...]:
    """All entries, in order."""
    return tuple(entry for stretch in stretches for entry in stretch.entries)


def _entries(nodes: Iterable[NodeLine], steps_before: int | None) -> list[Entry]:
    groups = _groups(nodes)
    lines = {line.node_id: line for group in groups for line in group}
    continued = {line.parent for line in lines.values() if line.kind != "checkpoint"}
    numbers = _numbers(lines, steps_before)
    return [_entry(group, lines, continued, numbers) for group in groups]


def _groups(nodes: Iterable[NodeLine]) -> list[list[NodeLine]]:
    """Nodes put together that are attempts at one step, on one branch."""
    groups: list[list[NodeLine]] = []
    group_of: dict[NodeId, list[NodeLine]] = {}
    for line in nodes:
        group = group_of.get(line.parent) if line.parent is not None else None
        joins = (
            line.kind in ("blocked", "waiting")
            and group is not None
            and group[-1].node_id == line.parent
            and group[-1].on_tip_branch == line.on_tip_branch
        )
        if group is not None and joins:
            group.append(line)
        else:
            group = [line]
            groups.append(group)
        group_of[line.node_id] = group
    return groups


def _numbers(
    lines: Mapping[NodeId, NodeLine], steps_before: int | None
) -> dict[NodeId, int | None]:
    numbers: dict[NodeId, int | None] = {}
    for line in lines.values():
        if line.parent is None:
            reached = 0
        elif line.parent in numbers:
            reached = numbers[line.parent]
        else:
            reached = steps_before if line.on_tip_branch else None
        if reached is not None and line.kind == "step":
            reached += 1
        numbers[line.node_id] = reached
    return numbers


def _entry(
    group: list[NodeLine],
    lines: Mapping[NodeId, NodeLine],
    continued: set[NodeId | None],
    numbers: Mapping[NodeId, int | None],
) -> Entry:
    first, last = group[0], group[-1]
    beside = lines.get(first.parent) if first.parent and first.kind == "checkpoint" else None
    accepted = last.completed_at is not None or last.kind == "checkpoint"
    notices = [notice for line in group for notice in line.notices]
    return Entry(
        nodes=tuple(line.node_id for line in group),
        number=numbers[first.node_id],
        title=first.title or first.step_id or "Run complete",
        step_id=first.step_id,
        loop_pass=None if first.iteration is None else first.iteration + 1,
        state=_state(last, continued),
        reached_at=first.reached_at,
        completed_at=last.completed_at,
        notes=last.notes if accepted or last.kind == "waiting" else None,
        artifacts=_artifacts(group),
        refused=refused_attempts(group, lines, accepted=accepted),
        checks=_checks(group, lines),
        approvals=tuple(line.approval for line in group if line.approval is not None),
        passed_over=passed_over(notices),
        notices=tuple(notice for notice in notices if not passed_over([notice])),
        on_tip_branch=(beside or first).on_tip_branch,
        parent=first.parent,
    )


def _checks(group: Iterable[NodeLine], lines: Mapping[NodeId, NodeLine]) -> tuple[CheckLine, ...]:
    """The checks of a step's attempts that were not refused; of this branch, where it has some."""
    checks: list[CheckLine] = []
    for line in group:
        passed = [
            (lines.get(check.led_to) if check.led_to is not None else None, check)
            for check in line.checks
        ]
        kept = [(led, check) for led, check in passed if led is None or led.kind != "blocked"]
        here = [c for led, c in kept if led is None or led.on_tip_branch == line.on_tip_branch]
        checks.extend(here or [check for _, check in kept])
    return tuple(checks)


def _state(last: NodeLine, continued: set[NodeId | None]) -> EntryState:
    if last.kind == "checkpoint":
        return "checkpoint"
    if last.kind == "end":
        return "end"
    if last.completed_at is not None:
        return "done"
    if not last.on_tip_branch or last.node_id in continued:
        return "left"
    match last.kind:
        case "blocked" | "waiting":
            return last.kind
        case _:
            return "pending"


def _artifacts(group: Iterable[NodeLine]) -> tuple[ArtifactLine, ...]:
    """What all attempts submitted, each content once; accepted if it ever was."""
    every = [artifact for line in group for artifact in line.artifacts]
    accepted_last = sorted(every, key=lambda artifact: artifact.accepted)
    return tuple({artifact.digest: artifact for artifact in accepted_last}.values())
