"""What did this release leave behind? Run once for each released schema, with `make golden-store`.

It writes `stores/schema-N.db`, a small store made by the engine as an agent would use it, and beside
each pinned document of it in `pinned` what the compiler made of it. A file that is there is never
written again: later releases have to open it as it is.
"""

import json
import sys
import tempfile
from pathlib import Path

from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.outcomes import AdvanceOutcome, Completed, StartOutcome
from workrail_engine.store import schema
from workrail_engine.system import Locations
from workrail_engine.testing.told import told
from workrail_engine.workflow.compile import compile_pinned

HERE = Path(__file__).parent
TRIP = {
    "id": "golden-trip",
    "name": "A golden trip",
    "description": "A bit of everything that a session can do.",
    "version": "1.0.0",
    "preconditions": ["There is something to look at."],
    "metaGuidance": ["Say what you saw."],
    "steps": [
        {"id": "look", "title": "Look at {{goal}}", "prompt": "Look closely."},
        {
            "id": "maybe",
            "title": "Maybe",
            "prompt": "Only when asked.",
            "runCondition": {"var": "asked", "equals": True},
        },
        {
            "id": "rounds",
            "type": "loop",
            "title": "Rounds",
            "loop": {"type": "forEach", "items": "places", "maxIterations": 5},
            "body": [
                {"id": "visit", "title": "Visit {{currentItem}}", "prompt": "Go there."},
                {"id": "tell", "title": "Tell", "prompt": "Tell of {{currentItem}}."},
            ],
        },
        {
            "id": "close",
            "title": "Close",
            "prompt": "Sum up.",
            "requireConfirmation": True,
            "validationCriteria": [
                {"type": "contains", "value": "summary", "message": "Write a summary."}
            ],
        },
    ],
}


def _token(outcome: StartOutcome | AdvanceOutcome) -> str:
    if isinstance(outcome, Completed):
        message = "The trip ended too early."
        raise TypeError(message)
    return outcome.token


def _begin(engine: Engine, goal: str) -> str:
    context = {"places": ["harbour", "market"]}
    return _token(engine.start(StartRequest("golden-trip", goal, None, context=context)))


def _on(engine: Engine, token: str, notes: str | None, *artifacts: str) -> str:
    sent = tuple({"kind": "golden.photo", "of": artifact} for artifact in artifacts)
    return _token(engine.advance(token, Submission(notes=notes, artifacts=sent)))


def _sessions(engine: Engine) -> None:
    done = _begin(engine, "A completed heron trip")
    for number in range(5):
        done = _on(engine, done, f"Heron notes {number}", f"heron {number}")
    engine.advance(done, Submission(notes="The summary of it."))

    blocked = _on(engine, _begin(engine, "A blocked ibis trip"), "Ibis seen", "ibis")
    _on(engine, blocked, None, "an unsent ibis")

    mid = _on(engine, _begin(engine, "A lynx trip in its second round"), "Lynx seen")
    for number in range(2):
        mid = _on(engine, mid, f"Round one, part {number}")
    _on(engine, mid, "Round two, the lynx again", "lynx")

    first = _begin(engine, "A branching otter trip")
    later = _on(engine, first, "Otter seen", "otter")
    _on(engine, later, "The first way")
    engine.checkpoint(later, Submission(notes="Half an otter"))
    back = engine.rehydrate(later)
    _on(engine, _token(back), "The second way", "another otter")


def main() -> int:
    """Make the store and what belongs to it; nothing when it is there."""
    kept = HERE / "stores" / f"schema-{schema.SCHEMA_VERSION}.db"
    if kept.exists():
        print(f"{kept.name} is there and stays as it is.", file=sys.stderr)  # noqa: T201 (a script)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        where = Locations.under(Path(folder))
        where.user_workflows.mkdir(parents=True)
        (where.user_workflows / "golden-trip.json").write_text(json.dumps(TRIP))
        with open_engine(where) as engine:
            _sessions(engine)
            for workflow_id in ["golden-trip", *_bundled(engine)]:
                _keep_pinned(engine, workflow_id, kept.stem)
        kept.write_bytes(where.database.read_bytes())
    return 0


def _bundled(engine: Engine) -> list[str]:
    return [entry.id for entry in engine.catalog(None).entries if entry.source == "bundled"]


def _keep_pinned(engine: Engine, workflow_id: str, name: str) -> None:
    prepared = engine._registry.prepare(workflow_id, None)  # pyright: ignore[reportPrivateUsage] (no door hands out pinned documents)
    kept = {path.read_bytes() for path in (HERE / "pinned").glob("*.json")}
    if prepared.document in kept:  # an earlier release pinned just this
        return
    path = HERE / "pinned" / f"{name}-{workflow_id}.json"
    path.write_bytes(prepared.document)
    compiled = json.dumps(told(compile_pinned(prepared.document)), indent=1, ensure_ascii=False)
    path.with_suffix(".compiled").write_text(f"{compiled}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
