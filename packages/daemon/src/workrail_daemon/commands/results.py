"""What did a run come to: its notes, its artifacts, what it cost?"""

import json
from dataclasses import dataclass
from typing import Final, cast

from workrail_daemon.commands.looking import SeenRun
from workrail_daemon.commands.run_json import run_json
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import CorruptSessionError, NotFoundError, StoreDamagedError
from workrail_engine.projections.session_detail import NodeLine, SessionDetail
from workrail_engine.reader import Reader

_AGAIN: Final = ("blocked", "waiting")
"""Kinds of points that belong to the step before them."""


def result_json(reader: Reader, run: SeenRun) -> JsonObject:
    """A run with the notes of its steps and the artifacts it handed in.

    `notes` are those of the last completed step; `steps` holds all of them. What cannot be read is
    left out, and `problem` says why.
    """
    told = {**run_json(run.view, run.summary), "attended": run.attended}
    try:
        detail = reader.session(run.view.session_id)
    except (CorruptSessionError, StoreDamagedError, NotFoundError) as error:
        return {**told, "notes": None, "steps": [], "artifacts": [], "problem": str(error)}
    steps = completed_steps(detail)
    return {
        **told,
        "notes": steps[-1].node.notes if steps else None,
        "steps": [
            {
                "step": step.node.step_id,
                "title": step.node.title,
                "notes": step.node.notes,
                "refused": step.refused,
            }
            for step in steps
        ],
        "artifacts": [
            _artifact(reader, step.node, number) for step in steps for number in _handed(step.node)
        ],
        "problem": None,
    }


@dataclass(frozen=True)
class CompletedStep:
    """A step of the branch the session stands on, with the attempt that completed it."""

    node: NodeLine
    refused: int
    """Attempts before that were sent back."""


def completed_steps(detail: SessionDetail) -> list[CompletedStep]:
    """The completed steps of the branch the session stands on, in order."""
    steps: list[CompletedStep] = []
    for node in detail.nodes:
        if not node.on_tip_branch or node.completed_at is None or node.kind == "end":
            continue
        before = steps[-1] if steps else None
        if before is not None and node.parent == before.node.node_id and node.kind in _AGAIN:
            refused = before.refused + (node.kind == "blocked")
            steps[-1] = CompletedStep(node, refused)
        else:
            steps.append(CompletedStep(node, 0))
    return steps


def _handed(node: NodeLine) -> list[int]:
    """Which artifacts of a node the agent handed in; the output of checks is none of them."""
    outputs = {check.output for check in node.checks}
    return [
        number
        for number, artifact in enumerate(node.artifacts)
        if artifact.accepted and artifact.digest not in outputs
    ]


def _artifact(reader: Reader, node: NodeLine, number: int) -> JsonObject:
    line = node.artifacts[number]
    try:
        content = cast("JsonValue", json.loads(reader.artifact(line.digest)))
    except (NotFoundError, ValueError):
        content = None
    return {
        "step": node.step_id,
        "kind": line.kind,
        "digest": line.digest,
        "size": line.size,
        "content": content,
    }
