"""What is a message to the operators, for whoever reads it?"""

from workrail_daemon.commands.run_lines import short_id
from workrail_daemon.commands.terminal import moment, one_line, styled
from workrail_engine.ids import SessionId, is_session_id
from workrail_engine.projections.runs import Message
from workrail_engine.reader import Reader


def is_question(message: Message) -> bool:
    """Whether an agent waits for the answer."""
    return message.body.get("kind") == "question"


def for_operators(reader: Reader) -> tuple[Message, ...]:
    """What waits for a person, oldest first; nobody waits for the answer to a run that is over."""
    return tuple(
        message
        for message in reader.mail.waiting(None)
        if not is_question(message) or not _is_over(reader, asker(message))
    )


def _is_over(reader: Reader, session_id: SessionId | None) -> bool:
    view = None if session_id is None else reader.runs.view(session_id)
    return view is not None and view.state == "ended"


def asker(message: Message) -> SessionId | None:
    """The session that sent it; None: it was not one."""
    return SessionId(message.sender) if is_session_id(message.sender) else None


def message_lines(message: Message) -> list[str]:
    """A message, for a person: who says what, and what there is to choose from."""
    kind = str(message.body.get("kind", "note"))
    who = short_id(message.sender)
    text = str(message.body.get("text", "")) or one_line(str(message.body), 300)
    lines = [
        f"{message.number:>4}  {kind:<9} from {who}  {moment(message.sent_at)}",
        f"      {text}",
    ]
    options = message.body.get("options")
    if isinstance(options, list | tuple) and options:
        lines.append(f"      one of: {', '.join(map(str, options))}")
    return [styled(line).plain for line in lines]
