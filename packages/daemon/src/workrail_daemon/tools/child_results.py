"""What did an agent that was spawned come to, as the one above it is told?"""

import json
from typing import cast

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import CorruptSessionError, NotFoundError, StoreDamagedError
from workrail_engine.projections.runs import RunView
from workrail_engine.projections.session_detail import NodeLine
from workrail_engine.reader import Reader


def child_result(reader: Reader, run: RunView) -> JsonObject:
    """How a run ended, with the notes of its last completed step and every artifact it handed in.

    What a run left that was not completed is not handed on: nobody may act on it. What cannot be
    read of its session is left out. `problem` says why.
    """
    told: dict[str, JsonValue] = {
        "sessionId": run.session_id,
        "outcome": run.outcome,
        "said": run.said,
    }
    if run.outcome != "completed":
        unfinished = "It was not completed, so what it wrote is not handed on."
        return {**told, "notes": None, "artifacts": [], "problem": unfinished}
    try:
        nodes = reader.session(run.session_id).nodes
    except (CorruptSessionError, StoreDamagedError, NotFoundError) as error:
        return {**told, "notes": None, "artifacts": [], "problem": str(error)}
    steps = [
        node
        for node in nodes
        if node.on_tip_branch and node.completed_at is not None and node.kind != "end"
    ]
    handed_in = [artifact for node in steps for artifact in _artifacts(reader, node)]
    return {**told, "notes": steps[-1].notes if steps else None, "artifacts": handed_in}


def _artifacts(reader: Reader, node: NodeLine) -> list[JsonObject]:
    outputs = {
        check.output for check in node.checks
    }  # what a check printed is no artifact of its own
    return [
        {"kind": each.kind, "content": _content(reader, each.digest)}
        for each in node.artifacts
        if each.accepted and each.digest not in outputs
    ]


def _content(reader: Reader, digest: str) -> JsonValue:
    try:
        return cast("JsonValue", json.loads(reader.artifact(digest)))
    except (NotFoundError, ValueError):
        return None
