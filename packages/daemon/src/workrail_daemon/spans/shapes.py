"""What is a fact of a run as a span?

OTLP as JSON, in the words of OpenTelemetry's conventions for generative AI. Ids are made from the session's
id, so every daemon that works on a session adds to one trace, and the trace the console exports is the
same one.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from workrail_engine.agent_events import RunEnded, ToolFinished, TurnTaken
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.ids import SessionId

_INTERNAL: Final = 1
_CLIENT: Final = 3
_OK: Final = 1
_ERROR: Final = 2
_MILLISECOND: Final = 1_000_000


@dataclass(frozen=True)
class Moment:
    """When a fact was recorded, and whose it is."""

    session_id: SessionId
    at: int
    """Nanoseconds since 1970."""


def trace_id(session_id: SessionId) -> str:
    """The id of a session's trace: 32 hexadecimal digits."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:32]


def span_id(session_id: SessionId, what: str = "") -> str:
    """The id of a span of a session, or of the whole run's: 16 hexadecimal digits."""
    name = f"{session_id}.{what}" if what else session_id
    return hashlib.sha256(f"span {name}".encode()).hexdigest()[:16]


def turn_span(moment: Moment, event: TurnTaken, *, content: bool) -> JsonObject:
    """A turn of the model.

    Args:
        moment: when it was recorded.
        event: the turn.
        content: whether the beginning of its words is told.
    """
    provider, _, model = event.model.partition("/")
    usage = event.usage
    facts: dict[str, JsonValue] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model or provider,
        "gen_ai.response.finish_reasons": [event.stop],
        "gen_ai.usage.input_tokens": usage.input + usage.cache_read + usage.cache_write,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write,
        "workrail.turn": event.turn,
        "workrail.tries": event.tries,
    }
    if event.cost is not None:
        facts["workrail.cost_micro_usd"] = event.cost
    if content and event.said:
        parts: JsonObject = {"type": "text", "content": event.said}
        said: JsonObject = {"role": "assistant", "parts": [parts]}
        facts["gen_ai.output.messages"] = json.dumps([said])
    name = f"chat {model or provider}"
    return _span(moment, name, f"turn.{event.turn}", event.ms, facts, kind=_CLIENT)


def tool_span(moment: Moment, event: ToolFinished, *, content: bool) -> JsonObject:
    """A tool that was used.

    Args:
        moment: when its answer was recorded.
        event: the answer.
        content: whether its arguments are told, in short.
    """
    facts: dict[str, JsonValue] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": event.tool,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.call.id": f"{event.turn}.{event.call}",
        "workrail.outcome": event.outcome,
        "workrail.answer_bytes": event.answer.size,
    }
    if event.outcome != "ok":
        facts["error.type"] = event.outcome
    if content:
        facts["gen_ai.tool.call.arguments"] = event.said
    what = f"tool.{event.turn}.{event.call}"
    error = "" if event.outcome == "ok" else event.outcome
    return _span(moment, f"execute_tool {event.tool}", what, event.ms, facts, error=error)


def run_span(
    moment: Moment, event: RunEnded, began_at: int, parent: SessionId | None
) -> JsonObject:
    """The whole run, once it is over.

    Args:
        moment: when its end was recorded.
        event: how it ended.
        began_at: when it began, in nanoseconds since 1970.
        parent: the session that spawned it.
    """
    facts: dict[str, JsonValue] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "worktrain",
        "workrail.outcome": event.outcome,
    }
    error = "" if event.outcome == "completed" else event.outcome
    if error:
        facts["error.type"] = event.outcome
    links: list[JsonValue] = []
    if parent is not None:
        links.append({"traceId": trace_id(parent), "spanId": span_id(parent)})
        facts["workrail.parent.id"] = parent
    ms = max(0, (moment.at - began_at) // _MILLISECOND)
    span = _span(moment, "invoke_agent worktrain", "", ms, facts, error=error)
    return {**span, "links": links}


def request_of(spans: list[JsonObject], resource: Mapping[str, JsonValue]) -> JsonObject:
    """What is sent to a collector: `ExportTraceServiceRequest`."""
    scope: JsonObject = {"scope": {"name": "workrail.daemon"}, "spans": [*spans]}
    told: JsonObject = {"attributes": _attributes(resource)}
    return {"resourceSpans": [{"resource": told, "scopeSpans": [scope]}]}


def _span(  # noqa: PLR0913 -- as many as a span has
    moment: Moment,
    name: str,
    what: str,
    ms: int,
    facts: Mapping[str, JsonValue],
    *,
    kind: Literal[1, 3] = _INTERNAL,
    error: str = "",
) -> JsonObject:
    session_id = moment.session_id
    status: JsonObject = {"code": _ERROR, "message": error} if error else {"code": _OK}
    span: dict[str, JsonValue] = {
        "traceId": trace_id(session_id),
        "spanId": span_id(session_id, what),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(moment.at - ms * _MILLISECOND),
        "endTimeUnixNano": str(moment.at),
        "attributes": _attributes({"gen_ai.conversation.id": session_id, **facts}),
        "status": status,
    }
    if what:
        span["parentSpanId"] = span_id(session_id)
    return span


def _attributes(facts: Mapping[str, JsonValue]) -> list[JsonValue]:
    return [{"key": name, "value": _value(value)} for name, value in facts.items()]


def _value(value: JsonValue) -> JsonObject:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list() | tuple():
            return {"arrayValue": {"values": [_value(each) for each in value]}}
        case _:
            return {"stringValue": json.dumps(value, default=str)}
