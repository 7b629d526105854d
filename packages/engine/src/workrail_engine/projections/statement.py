"""What does a proof say? An in-toto statement made from one event of a session's log.

Four kinds of events are proved: a check that was run, an approval that was answered, an assessment
that was accepted or sent back, a run that came to its end. Every statement names its place: which
event, the hash of the log before and after the change it came with, and the proof before it. A
completion names all proofs of the session, so that none can be dropped, moved or put in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.ids import SessionId, WorkflowHash, WorkflowId
from workrail_engine.outcomes import BlockerCode
from workrail_engine.session.events import (
    ApprovalAnswered,
    AssessmentRecorded,
    AttemptBlocked,
    CheckRecorded,
    RunCompleted,
)
from workrail_engine.session.provable import Files, Provable, kind_of, outcome_of

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "urn:workrail:proof:v1"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"

_GIT: Final = "git:"
_FILES: Final = "files:"
_PATHS_NAMED: Final = 500


@dataclass(frozen=True)
class Seal:
    """How far a log reached, and the hash of its last event."""

    events: int
    head: str


@dataclass(frozen=True)
class Circumstances:
    """What all proofs of one change share."""

    session_id: SessionId
    workflow_id: WorkflowId
    workflow_hash: WorkflowHash
    base: str | None
    """The commit the session started from."""
    at: str
    """RFC 3339, UTC."""
    before: Seal
    after: Seal
    unproved: int
    """So many events of the log are older than proofs, or were copied from another session."""


@dataclass(frozen=True)
class Fact:
    """One event to be proved, and where it stands."""

    event: Provable
    seq: int
    """Its place in the log, from 1."""
    step_id: str | None
    files: Files
    earlier: tuple[str, ...]
    """The digests of all proofs of the session so far, in order."""


def statement(about: Circumstances, fact: Fact) -> JsonObject:
    """The statement of one event."""
    paths = fact.files.paths
    return {
        "_type": STATEMENT_TYPE,
        "subject": _subjects(about, fact.files),
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "kind": kind_of(fact.event),
            "outcome": outcome_of(fact.event),
            "session": about.session_id,
            "workflow": {"id": about.workflow_id, "hash": about.workflow_hash},
            "node": fact.event.node,
            "step": fact.step_id,
            "at": about.at,
            "files": {
                "tree": fact.files.tree,
                "base": about.base,
                "changed": None if paths is None else list(paths[:_PATHS_NAMED]),
                "changedInAll": None if paths is None else len(paths),
            },
            "log": {
                "event": fact.seq,
                "before": {"events": about.before.events, "head": about.before.head},
                "after": {"events": about.after.events, "head": about.after.head},
                "unproved": about.unproved,
            },
            "order": len(fact.earlier) + 1,
            "previous": fact.earlier[-1] if fact.earlier else None,
            "detail": _detail(fact.event, about.after, fact.earlier),
        },
    }


def modules_of(files: Files, workspace: str | None) -> tuple[str, ...]:
    """The paths a proof is found by: those that changed, and the workspace."""
    whole = () if workspace is None else (workspace,)
    return (*whole, *(files.paths or ())[:_PATHS_NAMED])


def _subjects(about: Circumstances, files: Files) -> Sequence[JsonValue]:
    subjects: list[JsonValue] = []
    tree = files.tree or ""
    if tree.startswith(_GIT):
        subjects.append({"name": "workspace", "digest": {"gitTree": tree.removeprefix(_GIT)}})
    elif tree.startswith(_FILES):
        digest = {"sha256": tree.removeprefix(_FILES)}
        subjects.append({"name": "workspace", "digest": digest})
    workflow = {"sha256": about.workflow_hash.removeprefix("sha256:")}
    subjects.append({"name": f"workflow/{about.workflow_id}", "digest": workflow})
    return subjects


def _detail(event: Provable, after: Seal, earlier: Sequence[str]) -> JsonObject:
    match event:
        case CheckRecorded():
            return _check(event)
        case ApprovalAnswered():
            return {
                "verdict": event.verdict,
                "shown": event.shown,
                "by": event.by,
                "channel": event.channel,
                "note": event.note,
            }
        case AssessmentRecorded():
            levels = [
                {"dimension": one.dimension_id, "level": one.level} for one in event.dimensions
            ]
            return {"assessment": event.assessment_id, "levels": levels}
        case AttemptBlocked():
            reasons = [
                {"assessment": one.subject, "reason": one.message}
                for one in event.blockers
                if one.code is BlockerCode.ASSESSMENT_FOLLOWUP
            ]
            return {"sentBack": reasons}
        case RunCompleted():
            return {
                "events": after.events,
                "head": after.head,
                "stepsCompleted": event.position.completed,
                "neverRun": list(event.skipped),
                "proofs": list(earlier),
            }


def _check(event: CheckRecorded) -> JsonObject:
    counts = event.counts
    return {
        "check": event.check_id,
        "kind": event.kind,
        "outcome": event.outcome,
        "summary": event.summary,
        "argv": list(event.argv),
        "exitCode": event.exit_code,
        "counts": None if counts is None else cast("Mapping[str, JsonValue]", vars(counts)),
        "reused": event.reused,
        "output": None if event.output is None else event.output.digest,
    }
