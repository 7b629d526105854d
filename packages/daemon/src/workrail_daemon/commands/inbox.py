"""`worktrain inbox`: what do agents ask and report?"""

from contextlib import suppress
from threading import Event

import click

from workrail_daemon.commands.mailing import for_operators, is_question, message_lines
from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.run_json import message_json
from workrail_daemon.commands.terminal import print_json, print_json_line, remark, say
from workrail_engine.engine import open_engine
from workrail_engine.projections.runs import Message
from workrail_engine.reader import Reader, open_reader

_PAUSE = 2.0


@click.command(
    epilog="""\b
Examples:
  worktrain inbox
  worktrain answer 7 "Take the second way."
  worktrain inbox --done 8

Messages stay until they are dealt with: a question when it is answered, anything else with --done.
--watch shows what comes in; with --json, a message a line.
""",
)
@click.option("--done", type=int, multiple=True, metavar="NUMBER", help="Put a message away.")
@click.option("--watch", is_flag=True, help="Go on showing what comes in.")
@json_option
def inbox(*, done: tuple[int, ...], watch: bool, as_json: bool) -> None:
    """Show what agents ask and report."""
    if done:
        _put_away(done, as_json=as_json)
        return
    with open_reader() as reader:
        if watch:
            with suppress(KeyboardInterrupt):
                _watch(reader, as_json=as_json)
        else:
            _show(for_operators(reader), as_json=as_json)


def _put_away(numbers: tuple[int, ...], *, as_json: bool) -> None:
    with open_engine() as engine:
        found = [engine.mail.message(number) for number in numbers]
        for number, message in zip(numbers, found, strict=True):
            if message is None or message.session_id is not None:
                text = (
                    f"There is no message {number} to the operators. `worktrain inbox` lists them."
                )
                raise click.ClickException(text)
        for number in numbers:
            engine.mail.acknowledge(number)
    if as_json:
        print_json({"done": list(numbers)})
    else:
        remark(f"Put away: {', '.join(map(str, numbers))}.")


def _show(messages: tuple[Message, ...], *, as_json: bool) -> None:
    if as_json:
        print_json({"messages": [message_json(message) for message in messages]})
        return
    for message in messages:
        for line in message_lines(message):
            say(line)
    if not messages:
        remark("Nothing is there.")
    elif any(map(is_question, messages)):
        remark("To answer a question: worktrain answer NUMBER TEXT")


def _watch(reader: Reader, *, as_json: bool) -> None:
    pause, shown = Event(), 0
    while True:
        for message in for_operators(reader):
            if message.number > shown:
                shown = message.number
                if as_json:
                    print_json_line(message_json(message))
                else:
                    _show((message,), as_json=False)
        pause.wait(_PAUSE)
