"""How does a session look as a trace, so that tools which show traces can open it?

OTLP as JSON: one trace a session, one span for the run, one for each step below it, and an event for
each attempt that was refused, each check and each answer. Names follow OpenTelemetry's conventions for
generative AI where those speak of the same thing. Ids are made from the session's, so the same session
always gives the same trace, and a child names its parent's.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from workrail_console.story import Entry
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.session_detail import SessionDetail
from workrail_engine.projections.session_summary import SessionSummary

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_INTERNAL: Final = 1
_OK: Final = 1
_ERROR: Final = 2
_SCOPE: Final = {"name": "workrail.console"}


def trace(
    detail: SessionDetail, entries: Iterable[Entry], run: Iterable[JsonObject] = ()
) -> JsonObject:
    """A session as `resourceSpans`.

    Args:
        detail: any part of the session.
        entries: all of its story.
        run: the spans of its run.
    """
    summary = detail.summary
    spans = [_root(detail), *(_step(summary, entry) for entry in entries if entry.reached_at), *run]
    resource = {"service.name": "workrail", "service.namespace": summary.origin}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": attributes(resource)},
                "scopeSpans": [{"scope": _SCOPE, "spans": spans}],
            }
        ]
    }


def trace_id(session_id: SessionId) -> str:
    """The id of a session's trace: 32 hexadecimal digits."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:32]


def span_id(session_id: SessionId, node: NodeId | str | None = None) -> str:
    """The id of the span of a step or of something else, or of the whole session's: 16 hexadecimal digits."""
    name = session_id if node is None else f"{session_id}.{node}"
    return hashlib.sha256(f"span {name}".encode()).hexdigest()[:16]


def _root(detail: SessionDetail) -> JsonObject:
    summary = detail.summary
    said: dict[str, JsonValue] = {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.conversation.id": summary.session_id,
        "gen_ai.workflow.name": summary.workflow_id,
        "workrail.workflow.hash": detail.workflow_hash,
        "workrail.goal": summary.goal,
        "workrail.status": summary.status,
        "workrail.steps_completed": summary.steps_completed,
        "workrail.repository": summary.repository,
        "workrail.branch": summary.branch,
        "workrail.unfinished": summary.status != "completed",
    }
    parent = summary.parent_session_id
    links = [] if parent is None else [{"traceId": trace_id(parent), "spanId": span_id(parent)}]
    return {
        "traceId": trace_id(summary.session_id),
        "spanId": span_id(summary.session_id),
        "name": f"invoke_workflow {summary.workflow_id}",
        "kind": _INTERNAL,
        "startTimeUnixNano": nanoseconds(summary.created_at),
        "endTimeUnixNano": nanoseconds(summary.updated_at),
        "attributes": attributes(said),
        "links": links,
        "status": {"code": _OK} if summary.status == "completed" else {},
    }


def _step(summary: SessionSummary, entry: Entry) -> JsonObject:
    said: dict[str, JsonValue] = {
        "gen_ai.conversation.id": summary.session_id,
        "workrail.node": entry.nodes[0],
        "workrail.step.id": entry.step_id,
        "workrail.step.number": entry.number,
        "workrail.step.state": entry.state,
        "workrail.step.pass": entry.loop_pass,
        "workrail.step.refused_attempts": len(entry.refused),
        "workrail.on_present_branch": entry.on_tip_branch,
        "workrail.notes.characters": len(entry.notes or ""),
        "workrail.artifacts": [line.kind for line in entry.artifacts],
    }
    end = entry.completed_at or (entry.reached_at if _is_moment(entry) else summary.updated_at)
    return {
        "traceId": trace_id(summary.session_id),
        "spanId": span_id(summary.session_id, entry.nodes[0]),
        "parentSpanId": span_id(summary.session_id),
        "name": entry.title,
        "kind": _INTERNAL,
        "startTimeUnixNano": nanoseconds(entry.reached_at),
        "endTimeUnixNano": nanoseconds(max(end, entry.reached_at)),
        "attributes": attributes(said),
        "events": [event for _, event in sorted(_events(entry), key=lambda timed: timed[0])],
        "status": _status(entry),
    }


def _is_moment(entry: Entry) -> bool:
    """Whether it takes no time, or none that is known."""
    return entry.state in ("checkpoint", "end", "left")


def _status(entry: Entry) -> JsonObject:
    if entry.state == "blocked" and entry.refused:
        reasons = [blocker.message for blocker in entry.refused[-1].blockers]
        return {"code": _ERROR, "message": " ".join(reasons)}
    return {"code": _OK} if entry.state in ("done", "end") else {}


def _events(entry: Entry) -> Iterator[tuple[str, JsonObject]]:
    """Each with its moment."""
    for number, attempt in enumerate(entry.refused, start=1):
        codes = [blocker.code.value for blocker in attempt.blockers]
        refused = {"workrail.attempt": number, "workrail.blockers": codes}
        if attempt.at:
            yield _event("attempt_refused", attempt.at, refused)
        for check in attempt.checks:
            yield _event("check", check.at, _check(check.check_id, check.outcome, check.summary))
    for check in entry.checks:
        yield _event("check", check.at, _check(check.check_id, check.outcome, check.summary))
    for approval in entry.approvals:
        if approval.answer is not None:
            answer = {
                "workrail.verdict": approval.answer.verdict,
                "workrail.by": approval.answer.by,
            }
            yield _event("approval_answered", approval.answer.at, answer)


def _check(check_id: str, outcome: str, summary: str) -> JsonObject:
    return {
        "workrail.check.id": check_id,
        "workrail.check.outcome": outcome,
        "workrail.check.summary": summary,
    }


def _event(name: str, at: str, said: Mapping[str, JsonValue]) -> tuple[str, JsonObject]:
    when = nanoseconds(at)
    return when, {"name": name, "timeUnixNano": when, "attributes": attributes(said)}


def attributes(values: Mapping[str, JsonValue]) -> list[JsonValue]:
    """Attributes, as far as they are known; OTLP writes integers as texts."""
    return [
        {"key": name, "value": _value(value)} for name, value in values.items() if value is not None
    ]


def _value(value: JsonValue) -> JsonObject:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case list():
            return {"arrayValue": {"values": [_value(one) for one in value]}}
        case _:
            return {"stringValue": str(value)}


def nanoseconds(at: str) -> str:
    """A time as OTLP writes it; `0` where it is not known."""
    if not at:
        return "0"
    return str((datetime.fromisoformat(at) - _EPOCH) // _MICROSECOND * 1_000)
