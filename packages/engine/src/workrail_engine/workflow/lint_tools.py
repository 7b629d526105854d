"""Which names of tools in a workflow come to nothing?

A name that nobody knows may be that of another client's tool, so only what is all but a name of
the daemon's tools is told.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.placed_steps import placed_steps
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.structure_tools import tools_said

KNOWN_TOOLS: Final = (
    "Bash",
    "Read",
    "Write",
    "Edit",
    "Glob",
    "Grep",
    "save_artifact",
    "read_artifact",
    "spawn_agent",
    "ask_operator",
    "signal_coordinator",
    "report_issue",
    "complete_step",
)
"""The tools of the daemon."""
_ALIKE: Final = 0.75
"""Stricter than for fields: `TodoWrite` and `MultiEdit` are tools of other clients."""


@dataclass(frozen=True)
class IdleName:
    """The name of a tool that lets nobody use one."""

    pointer: str
    name: str
    meant: str | None
    """What it is all but the name of; None: it is a tool the workflow leaves out."""


def idle_names(definition: WorkflowDefinition) -> Iterator[IdleName]:
    """The names in `allowed` that come to nothing, in document order."""
    outer = definition.tools.allowed if definition.tools is not None else None
    for tools, pointer in tools_said(definition, placed_steps(definition.steps)):
        for index, name in enumerate(tools.allowed or ()):
            place = child(f"{pointer}/allowed", index)
            meant = _meant(name)
            if meant is not None:
                yield IdleName(place, name, meant)
            elif outer is not None and name not in outer:
                yield IdleName(place, name, None)


def _meant(name: str) -> str | None:
    if name in KNOWN_TOOLS:
        return None
    plain = {_plain(known): known for known in KNOWN_TOOLS}
    near = difflib.get_close_matches(_plain(name), plain, n=1, cutoff=_ALIKE)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
