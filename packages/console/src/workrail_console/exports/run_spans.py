"""How do the turns of a run and its tools look as spans of a trace?

Names follow OpenTelemetry's conventions for generative AI: `chat` for a turn of the model, `execute_tool`
for a tool. What was said is not in them: a trace goes to other systems.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from workrail_console.exports.trace import attributes, nanoseconds, span_id, trace_id
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.run_story import Told, ToolUse, TurnTold

_INTERNAL: Final = 1
_CLIENT: Final = 3
_ERROR: Final = 2


def run_spans(
    session_id: SessionId, told: Iterable[Told], steps: Mapping[NodeId, NodeId]
) -> Iterator[JsonObject]:
    """A span for each turn below its step, and one for each tool below its turn.

    Args:
        session_id: whose run.
        told: its turns.
        steps: the node whose span stands for each node; others lie below the session's own span.
    """
    for turn in told:
        if isinstance(turn, TurnTold):
            yield _turn(session_id, turn, steps.get(turn.node))
            yield from (
                _tool(session_id, turn, use) for use in turn.tools if use.began_at or use.ended_at
            )


def _turn(session_id: SessionId, turn: TurnTold, step: NodeId | None) -> JsonObject:
    usage = turn.usage
    said: dict[str, JsonValue] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.conversation.id": session_id,
        "gen_ai.request.model": turn.model,
        "gen_ai.response.finish_reasons": [turn.stop],
        "gen_ai.usage.input_tokens": usage.input + usage.cache_read + usage.cache_write,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read or None,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write or None,
        "workrail.turn": turn.turn,
        "workrail.node": turn.node,
        "workrail.cost.micro_usd": turn.cost,
        "workrail.tries": turn.tries,
    }
    return {
        "traceId": trace_id(session_id),
        "spanId": span_id(session_id, f"turn.{turn.turn}"),
        "parentSpanId": span_id(session_id, step),
        "name": f"chat {turn.model}",
        "kind": _CLIENT,
        "startTimeUnixNano": _before(turn.at, turn.ms),
        "endTimeUnixNano": nanoseconds(turn.at),
        "attributes": attributes(said),
        "status": {},
    }


def _tool(session_id: SessionId, turn: TurnTold, use: ToolUse) -> JsonObject:
    end = use.ended_at or use.began_at or turn.at
    failed = use.outcome not in ("ok", None)
    said: dict[str, JsonValue] = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.conversation.id": session_id,
        "gen_ai.tool.name": use.tool,
        "gen_ai.tool.call.id": f"{turn.turn}.{use.call}",
        "gen_ai.tool.type": "function",
        "workrail.tool.outcome": use.outcome,
        "workrail.tool.answer_bytes": None if use.answer is None else use.answer.size,
        "error.type": use.outcome if failed else None,
    }
    return {
        "traceId": trace_id(session_id),
        "spanId": span_id(session_id, f"tool.{turn.turn}.{use.call}"),
        "parentSpanId": span_id(session_id, f"turn.{turn.turn}"),
        "name": f"execute_tool {use.tool}",
        "kind": _INTERNAL,
        "startTimeUnixNano": _before(end, use.ms or 0),
        "endTimeUnixNano": nanoseconds(end),
        "attributes": attributes(said),
        "status": {"code": _ERROR} if failed else {},
    }


def _before(at: str, ms: int) -> str:
    return nanoseconds((datetime.fromisoformat(at) - timedelta(milliseconds=ms)).isoformat())
