"""How does an agent tell whoever ordered its run something in the midst of it?"""

import json
from typing import Final, Literal, TypeAlias

from pydantic import Field, JsonValue

from workrail_daemon.ground import Ground
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.contract import Answered, Call, Tool
from workrail_daemon.tools.making import Arguments, Doing, make
from workrail_daemon.tools.refusing import NotDoneError
from workrail_engine.agent_events import Noticed
from workrail_engine.canonical import JsonObject
from workrail_engine.ids import SessionId

SignalKind: TypeAlias = Literal["progress", "finding", "data_needed", "approval_needed", "blocked"]
_MOST: Final = 16 * 1024
_DESCRIPTION: Final = (
    "Tell whoever ordered this run (the agent above it, or the operators) something now, before a "
    "step is complete. Nobody answers, and the run goes on; to ask and wait use ask_operator."
)


class _Signal(Arguments):
    kind: SignalKind = Field(alias="signalKind", description="What the signal is about.")
    payload: dict[str, JsonValue] = Field(description="What is told: an object of your making.")


def signal_coordinator_tool(ground: Ground, parent: SessionId | None) -> Tool:
    """The tool `signal_coordinator`.

    Args:
        ground: to the engine, whose mail carries it.
        parent: the run above; None: the operators are told.
    """

    def act(signal: _Signal, call: Call, _stop: Stop, _doing: Doing) -> Answered:
        payload = json.dumps(signal.payload, ensure_ascii=False, separators=(",", ":"))
        size = len(payload.encode("utf-8", "backslashreplace"))
        if size > _MOST:
            message = (
                f"payload: {size:,} bytes, and {_MOST:,} is the most. Keep the rest with "
                "save_artifact and name it here."
            )
            raise NotDoneError(message)
        body: JsonObject = {
            "kind": "note",
            "key": f"signal:{call.session_id}:{call.turn}:{call.number}",
            "text": f"{signal.kind}: {payload}",
            "signal": signal.kind,
            "payload": signal.payload,
        }
        number = ground.call(lambda engine: engine.mail.send(parent, call.session_id, body))
        to = "the operators" if parent is None else parent
        facts: JsonObject = {
            "signal": signal.kind,
            "payload": signal.payload,
            "message": number,
            "to": parent,
        }
        said = f"{signal.kind} was told to {to}."
        noticed = Noticed(call.node, "signal_sent", said, facts)
        return Answered(f"{said} Go on; nobody answers a signal.", events=(noticed,))

    return make(
        ("signal_coordinator", _DESCRIPTION),
        "reads",
        _Signal,
        act,
        lambda signal: signal.kind,
    )
