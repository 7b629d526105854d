"""What do the benchmarks run on: workflows, notes, a place on disk?"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from workrail_engine.system import Locations

LINEAR = "bench-linear"
LOOP = "bench-loop"
LINEAR_STEPS = 2_100
LOOP_PASSES = 1_000
LONG_LOOP = "bench-long-loop"
LONG_LOOP_BODY = 11
SHORT = "bench-short"
SHORT_STEPS = 3
GOAL = "Measure how long a step takes"
_SENTENCE = (
    "the cart keeps a stale price after checkout because retry reads cached rows before commit "
    "and every worker sees its own copy so tests pass alone but fail together when order changes "
    "we traced it from handler to store found three suspects wrote a probe ran it twice saw value "
    "drop from expected to actual then reverted one line and watched all runs turn green again"
)
_WORDS = tuple(_SENTENCE.split())
_PROMPT = (
    "Look at part {number} of the change. Say what it does, what could go wrong and which run shows "
    "that it does not. Done means the notes name a command and what it printed."
)


def locations(folder: Path) -> Locations:
    """A fresh home in a folder, with the benchmark's workflows as the user's own."""
    where = Locations.under(folder)
    where.user_workflows.mkdir(parents=True)
    documents = (
        _linear(LINEAR, LINEAR_STEPS),
        _linear(SHORT, SHORT_STEPS),
        _loop(LOOP, 1),
        _loop(LONG_LOOP, LONG_LOOP_BODY),
    )
    for document in documents:
        path = where.user_workflows / f"{document['id']}.json"
        path.write_text(json.dumps(document))
    return where


def notes(number: int, size: int = 600) -> str:
    """About `size` bytes of text, another one for every number, as compressible as real notes."""
    text = f"Step {number}:"
    drawn = b""
    while len(text) < size:
        if not drawn:
            drawn = hashlib.sha256(f"{number} {len(text)}".encode()).digest()
        text = f"{text} {_WORDS[drawn[0] % len(_WORDS)]}"
        drawn = drawn[1:]
    return text


def _linear(workflow_id: str, count: int) -> Mapping[str, object]:
    steps = [
        {
            "id": f"part-{number}",
            "title": f"Part {number}",
            "prompt": _PROMPT.format(number=number),
        }
        for number in range(1, count + 1)
    ]
    return _workflow(workflow_id, steps)


def _loop(workflow_id: str, body_steps: int) -> Mapping[str, object]:
    body = [
        {
            "id": f"part-{number}",
            "title": f"Part {number}",
            "prompt": _PROMPT.format(number="{{currentIteration}}"),
        }
        for number in range(1, body_steps + 1)
    ]
    loop = {
        "id": "parts",
        "type": "loop",
        "title": "Parts",
        "loop": {"type": "for", "count": LOOP_PASSES, "maxIterations": LOOP_PASSES},
        "body": body,
    }
    return _workflow(workflow_id, [loop])


def _workflow(workflow_id: str, steps: Sequence[Mapping[str, object]]) -> Mapping[str, object]:
    return {
        "id": workflow_id,
        "name": workflow_id,
        "description": "Steps for the benchmarks.",
        "version": "1.0.0",
        "steps": steps,
    }
