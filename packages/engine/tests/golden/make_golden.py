"""What did this release leave behind? Run once for each released schema, with `make golden-store`.

It writes `stores/schema-N.db`, a small store made by the engine as an agent would use it, the public
key its proofs are signed with, and beside
each pinned document of it in `pinned` what the compiler made of it. A file that is there is never
written again: later releases have to open it as it is.
"""

import json
import sys
import tempfile
from pathlib import Path

from workrail_engine.agent_events import RunEnded
from workrail_engine.engine import Answered, Engine, StartRequest, Submission, open_engine
from workrail_engine.ids import Digest, SessionId
from workrail_engine.outcomes import AdvanceOutcome, Completed, StartOutcome, Waiting
from workrail_engine.projections.runs import RunOrder
from workrail_engine.session.events import Verdict
from workrail_engine.store import schema
from workrail_engine.system import Locations
from workrail_engine.testing.driven import TTL, WORKER, Driven
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

GATES = {
    "id": "golden-gates",
    "name": "A golden way through gates",
    "description": "What is checked, and what a person approves.",
    "version": "1.0.0",
    "steps": [
        {
            "id": "draft",
            "title": "Draft {{goal}}",
            "prompt": "Draft it.",
            "checks": [
                {
                    "id": "form",
                    "kind": "artifact",
                    "artifactKind": "golden.photo",
                    "schema": {"type": "object", "properties": {"of": {"const": "a nest"}}},
                },
                {"id": "review", "kind": "approval"},
            ],
        },
        {"id": "finish", "title": "Finish", "prompt": "Finish it."},
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
    _gates(engine)
    _driven(engine)


def _driven(engine: Engine) -> None:
    """One session is driven without a person, stands in its second step, and has mail."""
    session = _session(engine, "A driven finch trip")
    engine.runs.order(RunOrder(session, priority=3, lane="birds", options={"model": "scripted"}))
    claim = engine.runs.claim_this(session, WORKER, TTL)
    if claim is None:
        message = "The driven session cannot be claimed."
        raise TypeError(message)
    run = Driven(engine, session, claim.lease)
    run.work()
    run.step("Finch seen by a machine.")
    run.work()
    engine.mail.send(session, "operator", {"kind": "steer", "key": "once", "text": "Look up."})
    engine.mail.send(None, session, {"kind": "question", "text": "Which finch?"})
    run.append(RunEnded(run.node, "incomplete", "It stopped here."))
    engine.runs.end(run.lease, "incomplete", "It stopped here.")


def _session(engine: Engine, goal: str) -> SessionId:
    context = {"places": ["harbour", "market"]}
    request = StartRequest("golden-trip", goal, None, origin="daemon", context=context)
    return SessionId(engine.start(request).session_id)


def _gates(engine: Engine) -> None:
    """One session waits for a person; of another, all that can happen at a gate is past."""
    waiting = _token(engine.start(StartRequest("golden-gates", "A waiting crane trip", None)))
    _on(engine, waiting, "Crane drafted", "a nest")

    passed = _token(engine.start(StartRequest("golden-gates", "A gated wren trip", None)))
    refused = _on(engine, passed, "Wren drafted", "no nest")
    rejected = engine.advance(refused, _photo("Wren drafted again", "a nest"))
    again = _decided(engine, rejected, "rejected", "Look closer.")
    asked = engine.advance(_token(again), _photo("Wren seen closely", "a nest"))
    done = _decided(engine, asked, "approved", None)
    engine.advance(_token(done), Submission(notes="Finished."))


def _photo(notes: str, of: str) -> Submission:
    return Submission(notes=notes, artifacts=({"kind": "golden.photo", "of": of},))


def _decided(
    engine: Engine, asked: AdvanceOutcome, verdict: Verdict, note: str | None
) -> AdvanceOutcome:
    if not isinstance(asked, Waiting):
        message = "Nothing waits for approval."
        raise TypeError(message)
    given = Answered(verdict, Digest(asked.digest), "ada", "terminal", note)
    return engine.approvals.answer(asked.approval_id, given)


def main() -> int:
    """Make the store and what belongs to it; nothing when it is there."""
    kept = HERE / "stores" / f"schema-{schema.SCHEMA_VERSION}.db"
    if kept.exists():
        print(f"{kept.name} is there and stays as it is.", file=sys.stderr)  # noqa: T201 (a script)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        where = Locations.under(Path(folder))
        where.user_workflows.mkdir(parents=True)
        for document in (TRIP, GATES):
            file = where.user_workflows / f"{document['id']}.json"
            file.write_text(json.dumps(document))
        with open_engine(where) as engine:
            _sessions(engine)
            for workflow_id in ["golden-trip", "golden-gates", *_bundled(engine)]:
                _keep_pinned(engine, workflow_id, kept.stem)
        kept.write_bytes(where.database.read_bytes())
        for public in where.keys.glob("*.pub"):
            kept.with_suffix(".pub").write_bytes(public.read_bytes())
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
