"""How does the log tell a fact of a run?

In short: what was said at length lies in the session's own log, under the same turn and call.
"""

from typing import assert_never

from workrail_daemon.event_log.kinds import Kind
from workrail_daemon.event_log.writing import EventLog
from workrail_engine.agent_events import (
    AgentEvent,
    ArtifactSaved,
    Incident,
    MessageGiven,
    Noticed,
    RunBegun,
    RunEnded,
    RunParked,
    ToolBegun,
    ToolFinished,
    TurnTaken,
)
from workrail_engine.ids import SessionId

_STEP_TOOL = "complete_step"
_INCIDENTS: dict[Incident, Kind] = {
    "model_retried": "llm_retried",
    "model_replaced": "llm_retried",
    "stuck": "agent_stuck",
    "sandbox_downgraded": "sandbox_downgraded",
    "issue_reported": "issue_reported",
    "signal_sent": "signal_emitted",
    "tooling_failure_detected": "tooling_failure_detected",
    "self_heal_started": "self_heal_started",
    "self_heal_succeeded": "self_heal_succeeded",
    "self_heal_failed": "self_heal_failed",
    "limits_raised": "limits_raised",
    "context_pruned": "context_pruned",
    "child_spawned": "child_spawned",
    "child_ended": "child_ended",
    "question_asked": "question_asked",
}


def mirror(log: EventLog, session_id: SessionId, event: AgentEvent) -> None:
    """Write a fact of a run into the log."""
    match event:
        case RunBegun():
            log.write(
                "session_started",
                session_id,
                run=event.run,
                driver=event.driver,
                model=event.model,
                sandbox=event.sandbox,
            )
        case TurnTaken():
            log.write("llm_turn_completed", session_id, **_turn(event))
        case ToolBegun():
            place = {"turn": event.turn, "call": event.call}
            log.write("tool_called", session_id, **place, tool=event.tool, said=event.said)
        case ToolFinished():
            _tool(log, session_id, event)
        case MessageGiven():
            log.write("message_given", session_id, turn=event.turn, source=event.source)
        case ArtifactSaved():
            size = event.content.size
            log.write("artifact_saved", session_id, turn=event.turn, name=event.name, bytes=size)
        case Noticed():
            log.write(_INCIDENTS[event.what], session_id, said=event.said, facts=event.facts)
        case RunParked():
            log.write(
                "session_parked", session_id, why=event.why, said=event.said, until=event.until
            )
        case RunEnded():
            kind: Kind = "session_completed" if event.outcome == "completed" else "session_failed"
            log.write(kind, session_id, outcome=event.outcome, said=event.said)
        case _:
            assert_never(event)


def _turn(event: TurnTaken) -> dict[str, object]:
    usage = event.usage
    return {
        "turn": event.turn,
        "model": event.model,
        "stop": event.stop,
        "tools": list(event.tools),
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "cacheReadTokens": usage.cache_read,
        "cacheWriteTokens": usage.cache_write,
        "costMicroUsd": event.cost,
        "ms": event.ms,
        "tries": event.tries,
    }


def _tool(log: EventLog, session_id: SessionId, event: ToolFinished) -> None:
    good = event.outcome == "ok"
    facts: dict[str, object] = {
        "turn": event.turn,
        "call": event.call,
        "tool": event.tool,
        "outcome": event.outcome,
        "said": event.said,
        "bytes": event.answer.size,
        "ms": event.ms,
    }
    log.write("tool_completed" if good else "tool_failed", session_id, **facts)
    if good and event.tool == _STEP_TOOL:
        log.write("step_advanced", session_id, turn=event.turn, node=event.node)
