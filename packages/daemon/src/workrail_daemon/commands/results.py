"""What did a run come to: its notes, its artifacts, what it cost?"""

import json
from typing import cast

from workrail_daemon.commands.looking import SeenRun
from workrail_daemon.commands.run_json import run_json
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import CorruptSessionError, NotFoundError, StoreDamagedError
from workrail_engine.projections.session_detail import NodeLine, SessionDetail
from workrail_engine.reader import Reader


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
        "notes": steps[-1].notes if steps else None,
        "steps": [
            {"step": node.step_id, "title": node.title, "notes": node.notes} for node in steps
        ],
        "artifacts": [
            _artifact(reader, node, number) for node in steps for number in _handed(node)
        ],
        "problem": None,
    }


def completed_steps(detail: SessionDetail) -> list[NodeLine]:
    """The completed steps of the branch the session stands on, in order."""
    return [
        node
        for node in detail.nodes
        if node.on_tip_branch and node.completed_at is not None and node.kind != "end"
    ]


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
