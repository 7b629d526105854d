"""How does an agent ask a person, and wait?

The question is a message to the operators, sent once however often the call is made. The run rests
until a message for it is there: an answer to this question, or whatever else an operator tells it
meanwhile, which is taken for one.
"""

from typing import Final

from pydantic import Field

from workrail_daemon.ground import Ground
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.contract import Answered, Call, Tool, ToolAnswer, Waits
from workrail_daemon.tools.making import Arguments, Doing, make
from workrail_engine.agent_events import Noticed
from workrail_engine.canonical import JsonObject
from workrail_engine.engine import Engine
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Message

_SAID: Final = 500
_DESCRIPTION: Final = (
    "Ask the person who operates this run, and wait for the answer; the run rests until it comes, "
    "which may take hours. Only for what you cannot find out or decide yourself."
)


class _Question(Arguments):
    question: str = Field(
        min_length=1,
        max_length=4000,
        description="The question, with all a person needs to answer it who did not watch.",
    )
    options: list[str] | None = Field(
        default=None, min_length=1, max_length=10, description="Answers that would do, if any."
    )


def ask_operator_tool(ground: Ground) -> Tool:
    """The tool `ask_operator`."""

    def act(asked: _Question, call: Call, _stop: Stop, _doing: Doing) -> ToolAnswer:
        key = f"question:{call.session_id}:{call.turn}:{call.number}"
        body: JsonObject = {
            "kind": "question",
            "key": key,
            "text": asked.question,
            "options": asked.options or [],
        }

        asked_before = ground.call(lambda engine: _is_there(engine, key))
        number = ground.call(lambda engine: engine.mail.send(None, call.session_id, body))
        answer = ground.call(lambda engine: _answer(engine, call.session_id, number))
        if answer is None:
            said = f"It asks in message {number}: {asked.question}"
            facts: JsonObject = {"message": number, "options": asked.options or []}
            noticed = Noticed(call.node, "question_asked", asked.question, facts)
            return Waits("operator", said[:_SAID], events=() if asked_before else (noticed,))
        text = str(answer.body.get("text", ""))
        return Answered(f"{answer.sender} answers:\n{text}", settles=(number, answer.number))

    return make(
        ("ask_operator", _DESCRIPTION), "waits", _Question, act, lambda asked: asked.question
    )


def _is_there(engine: Engine, key: str) -> bool:
    """Whether a message with a key waits for the operators."""
    return any(message.body.get("key") == key for message in engine.mail.waiting(None))


def _answer(engine: Engine, session_id: SessionId, question: int) -> Message | None:
    """The first message that answers a question.

    One that answers another question comes late, for that one was answered before: calls come in
    turn. It is put away, or it would wake the run again and again.
    """
    found: Message | None = None
    for message in engine.mail.waiting(session_id):
        match message.body.get("kind"):
            case "answer" if message.body.get("question", question) != question:
                engine.mail.acknowledge(message.number)
            case "answer":
                found = found or message
            case "steer" if message.number > question:
                found = found or message
            case _:
                pass
    return found
