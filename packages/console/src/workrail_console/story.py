"""How do the points of a run read as a story?

A step that was blocked and tried again is several nodes but one entry; a fork is a stretch of
entries that does not lie on the branch the session stands on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from workrail_engine.ids import NodeId
from workrail_engine.outcomes import Blocker
from workrail_engine.projections.session_detail import (
    ApprovalLine,
    ArtifactLine,
    CheckLine,
    NodeLine,
    SessionDetail,
)

EntryState: TypeAlias = Literal[
    "done", "blocked", "waiting", "pending", "left", "checkpoint", "end"
]


@dataclass(frozen=True)
class RefusedAttempt:
    """An attempt that was recorded but not accepted."""

    at: str
    blockers: tuple[Blocker, ...]
    notes: str | None
    """What it carried; None when nothing was kept, or when these notes were accepted later."""
    checks: tuple[CheckLine, ...]


@dataclass(frozen=True)
class Entry:
    """One step, checkpoint or end, with every attempt at it."""

    nodes: tuple[NodeId, ...]
    number: int
    """Which step of its branch this is, from 1; of a checkpoint or an end, the step before it."""
    title: str
    step_id: str | None
    loop_pass: int | None
    """From 1; None outside loops."""
    state: EntryState
    reached_at: str
    completed_at: str | None
    notes: str | None
    artifacts: tuple[ArtifactLine, ...]
    refused: tuple[RefusedAttempt, ...]
    checks: tuple[CheckLine, ...]
    """Those of the attempts that were not refused."""
    approvals: tuple[ApprovalLine, ...]
    notices: tuple[str, ...]
    on_tip_branch: bool


@dataclass(frozen=True)
class Stretch:
    """Entries that follow each other on the tip's branch, or on one that was left."""

    on_tip_branch: bool
    entries: tuple[Entry, ...]


def story(detail: SessionDetail) -> tuple[Stretch, ...]:
    """A session's entries in the order they were reached, parted where branches change."""
    stretches: list[Stretch] = []
    for entry in _entries(detail.nodes):
        if stretches and stretches[-1].on_tip_branch == entry.on_tip_branch:
            last = stretches[-1]
            stretches[-1] = replace(last, entries=(*last.entries, entry))
        else:
            stretches.append(Stretch(entry.on_tip_branch, (entry,)))
    return tuple(stretches)


def blockers_now(detail: SessionDetail) -> tuple[Blocker, ...]:
    """Why the session is blocked; empty when it is not."""
    if detail.summary.status != "blocked":
        return ()
    standing = [node for node in detail.nodes if node.on_tip_branch and node.kind == "blocked"]
    return standing[-1].blockers if standing else ()


def _entries(nodes: Iterable[NodeLine]) -> list[Entry]:
    groups = _groups(nodes)
    lines = {line.node_id: line for group in groups for line in group}
    continued = {line.parent for line in lines.values() if line.kind != "checkpoint"}
    numbers = _numbers(lines)
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


def _numbers(lines: Mapping[NodeId, NodeLine]) -> dict[NodeId, int]:
    numbers: dict[NodeId, int] = {}
    for line in lines.values():
        before = numbers.get(line.parent, 0) if line.parent is not None else 0
        numbers[line.node_id] = before + 1 if line.kind == "step" else before
    return numbers


def _entry(
    group: list[NodeLine],
    lines: Mapping[NodeId, NodeLine],
    continued: set[NodeId | None],
    numbers: Mapping[NodeId, int],
) -> Entry:
    first, last = group[0], group[-1]
    beside = lines.get(first.parent) if first.parent and first.kind == "checkpoint" else None
    accepted = last.completed_at is not None or last.kind == "checkpoint"
    refused = tuple(
        RefusedAttempt(
            at=line.reached_at,
            blockers=line.blockers,
            notes=None if line is last and accepted else line.notes,
            checks=_checks_before(line, lines),
        )
        for line in group
        if line.kind == "blocked"
    )
    return Entry(
        nodes=tuple(line.node_id for line in group),
        number=numbers[first.node_id],
        title=first.title or first.step_id or "Run complete",
        step_id=first.step_id,
        loop_pass=None if first.iteration is None else first.iteration + 1,
        state=_state(last, continued),
        reached_at=first.reached_at,
        completed_at=last.completed_at,
        notes=last.notes if accepted else None,
        artifacts=_artifacts(group),
        refused=refused,
        checks=_checks(group, lines),
        approvals=tuple(line.approval for line in group if line.approval is not None),
        notices=tuple(notice for line in group for notice in line.notices),
        on_tip_branch=(beside or first).on_tip_branch,
    )


def _checks_before(line: NodeLine, lines: Mapping[NodeId, NodeLine]) -> tuple[CheckLine, ...]:
    """The checks of the attempt that came to a node; they were run at the node before it."""
    before = lines.get(line.parent) if line.parent is not None else None
    if before is None:
        return ()
    return tuple(check for check in before.checks if check.led_to == line.node_id)


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
