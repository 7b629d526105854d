"""How is a run told to a program?"""

from workrail_engine.canonical import JsonObject
from workrail_engine.projections.runs import Message, RunView, Spent
from workrail_engine.projections.session_summary import SessionSummary

_MICROS = 1_000_000


def usd(cost: int) -> float:
    """US dollars of millionths of them."""
    return round(cost / _MICROS, 6)


def spent_json(spent: Spent) -> JsonObject:
    """What was used."""
    return {
        "turns": spent.turns,
        "inputTokens": spent.input_tokens,
        "outputTokens": spent.output_tokens,
        "usd": usd(spent.cost),
        "seconds": round(spent.seconds, 3),
    }


def run_json(view: RunView, summary: SessionSummary | None) -> JsonObject:
    """A run, with what its session is about; that is null where it cannot be read."""
    doing: JsonObject | None = (
        None if view.doing is None else {"what": view.doing.what, "since": view.doing.since}
    )
    return {
        "sessionId": view.session_id,
        "workflowId": None if summary is None else summary.workflow_id,
        "goal": None if summary is None else summary.goal,
        "step": None if summary is None else summary.step_title,
        "stepsCompleted": None if summary is None else summary.steps_completed,
        "state": view.state,
        "doing": doing,
        "rest": view.rest,
        "outcome": view.outcome,
        "said": view.said,
        "wish": view.wish,
        "worker": view.worker,
        "crashes": view.crashes,
        "priority": view.priority,
        "lane": view.lane,
        "parent": view.parent,
        "depth": view.depth,
        "spent": spent_json(view.spent),
        "options": view.options,
        "orderedAt": view.ordered_at,
        "beganAt": view.began_at,
        "endedAt": view.ended_at,
    }


def message_json(message: Message) -> JsonObject:
    """A message."""
    return {
        "number": message.number,
        "sessionId": message.session_id,
        "sender": message.sender,
        "body": message.body,
        "sentAt": message.sent_at,
        "acknowledgedAt": message.acknowledged_at,
    }
