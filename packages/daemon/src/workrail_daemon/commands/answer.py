"""`worktrain answer`: answer a question of an agent."""

import click

from workrail_daemon.commands.mailing import asker, is_question
from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.run_lines import short_id
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_engine.engine import Engine, open_engine
from workrail_engine.errors import SessionNotFoundError
from workrail_engine.ids import SessionId


@click.command(
    epilog="""\b
Examples:
  worktrain inbox
  worktrain answer 7 "Take the second way."

The run that asked goes on with the answer. Exits with 1 when nobody waits for it.
""",
)
@click.argument("number", type=int)
@click.argument("text")
@json_option
def answer(*, number: int, text: str, as_json: bool) -> None:
    """Answer the question NUMBER of the inbox with TEXT."""
    with open_engine() as engine:
        session_id = _asked_by(engine, number)
        body = {"kind": "answer", "question": number, "text": text}
        message = engine.mail.send(session_id, "operator", body)
    if as_json:
        print_json({"sessionId": session_id, "question": number, "message": message})
    else:
        say((short_id(session_id), "bold"), "  goes on with the answer")


def _asked_by(engine: Engine, number: int) -> SessionId:
    question = engine.mail.message(number)
    session_id = None if question is None else asker(question)
    if question is None or session_id is None or not is_question(question):
        message = f"There is no question {number}. `worktrain inbox` lists what is asked."
        raise click.ClickException(message)
    if question.acknowledged_at is not None:
        message = f"Question {number} was dealt with at {question.acknowledged_at}."
        raise click.ClickException(message)
    try:
        waiting = engine.mail.waiting(session_id)
    except SessionNotFoundError as error:
        message = f"The session {session_id} that asked was removed; nobody waits for an answer."
        raise click.ClickException(message) from error
    if any(one.body.get("question") == number for one in waiting):
        message = (
            f"Question {number} has an answer already, which its run has not heard yet. To add to it: "
            f"worktrain tell --session {short_id(session_id)} TEXT"
        )
        raise click.ClickException(message)
    run = engine.runs.view(session_id)
    if run is not None and run.state == "ended":
        remark("The run is over; it hears the answer only if it is retried.")
    return session_id
