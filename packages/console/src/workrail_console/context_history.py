"""Which variables did a session have, who set each to what, and when?

A change counts for the present value where it was made on the branch the session stands on; changes
on other branches are told as such.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.ids import NodeId
from workrail_engine.projections.event_page import EventLine
from workrail_engine.projections.session_window import OutlineLine

KINDS: Final = (
    "session_started",
    "step_completed",
    "attempt_blocked",
    "approval_asked",
    "checkpoint_taken",
)
"""Events that can set variables."""


@dataclass(frozen=True)
class Change:
    """One moment at which a variable was set or taken away."""

    seq: int
    at: str
    node_id: NodeId | None
    """None at the start of the session."""
    step_title: str | None
    how: str
    """`given at the start`, `completed step`, `blocked attempt`, …"""
    value: JsonValue
    removed: bool
    on_tip_branch: bool
    same: bool
    """Whether the variable had this value already."""


@dataclass(frozen=True)
class Variable:
    """A variable and its life."""

    name: str
    value: JsonValue
    """The present one."""
    present: bool
    """False: it was set once and is gone, or was set on another branch only."""
    size: int
    """Characters of its present value, as JSON."""
    changes: tuple[Change, ...]
    """Oldest first."""


_HOW: Final = {
    "session_started": "given at the start",
    "step_completed": "by the completed step",
    "attempt_blocked": "by a blocked attempt",
    "approval_asked": "by an attempt that waits",
    "checkpoint_taken": "by a checkpoint",
}


def history(
    events: Iterable[EventLine], outline: Iterable[OutlineLine], context: JsonObject
) -> tuple[Variable, ...]:
    """Every variable, the one that changed last first.

    Args:
        events: of the kinds that can set variables, in any order; others are passed over.
        outline: of the session.
        context: as it is now.
    """
    nodes = {line.node_id: line for line in outline}
    changes: dict[str, list[Change]] = {name: [] for name in context}
    for event in sorted(events, key=lambda line: line.seq):
        for name, change in _changes(event, nodes):
            known = changes.setdefault(name, [])
            before = next((one for one in reversed(known) if one.on_tip_branch), None)
            same = before is not None and not before.removed and before.value == change.value
            known.append(replace(change, same=same and not change.removed))
    variables = [_variable(name, tuple(known), context) for name, known in changes.items()]
    variables.sort(key=lambda one: (-max((c.seq for c in one.changes), default=0), one.name))
    return tuple(variables)


def _variable(name: str, changes: tuple[Change, ...], context: JsonObject) -> Variable:
    present = name in context
    value = context.get(name)
    size = len(json.dumps(value, ensure_ascii=False)) if present else 0
    return Variable(name, value, present, size, changes)


def _changes(event: EventLine, nodes: Mapping[NodeId, OutlineLine]) -> Iterable[tuple[str, Change]]:
    payload = event.payload
    if payload is None or event.kind not in _HOW:
        return
    start = event.kind == "session_started"
    given = payload.get("context" if start else "context_delta")
    if not isinstance(given, Mapping):
        return
    node = None if start or event.node is None else nodes.get(NodeId(event.node))
    for name, value in cast("JsonObject", given).items():
        yield (
            name,
            Change(
                seq=event.seq,
                at=event.at,
                node_id=None if node is None else node.node_id,
                step_title=None if node is None else node.title,
                how=_HOW[event.kind],
                value=value,
                removed=value is None and not start,
                on_tip_branch=node is None or node.on_tip_branch,
                same=False,
            ),
        )
