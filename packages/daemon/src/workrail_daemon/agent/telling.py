"""How are turns told to the model again?

Roles alternate. Every call is answered in the message after it, in order, before any other words.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from workrail_daemon.agent.turns import STEP_TOOL, Given, MadeCall, Turn
from workrail_daemon.models.protocol import (
    Heard,
    Message,
    ModelMessage,
    Text,
    ToolResult,
    UserMessage,
)

_WORTH_LEAVING_OUT: Final = 400
"""Characters of a result; a shorter one is shown whatever happens."""
_READS_AGAIN: Final = ("Read", "Grep", "Glob")
_LONGEST: Final = 160

LeavesOut: TypeAlias = Callable[[MadeCall], bool]
"""Whether the model is shown of a result only that there was one."""


def messages_of(
    opening: Sequence[Given], turns: Sequence[Turn], leaves_out: LeavesOut
) -> tuple[Message, ...]:
    """A conversation as the Messages API takes it.

    Args:
        opening: what was said before the first turn.
        turns: in order; calls of the last one without a result are not answered yet.
        leaves_out: results that are not shown.
    """
    gathered: list[Message] = []
    for message in _each(opening, turns, leaves_out):
        last = gathered[-1] if gathered else None
        match last, message:
            case UserMessage(), UserMessage():
                gathered[-1] = UserMessage((*last.blocks, *message.blocks))
            case ModelMessage(), ModelMessage():
                gathered[-1] = ModelMessage((*last.blocks, *message.blocks))
            case _:
                gathered.append(message)
    return tuple(gathered)


def characters_of(opening: Sequence[Given], turns: Sequence[Turn], leaves_out: LeavesOut) -> int:
    """How long a conversation is, about."""
    heard = sum(len(each.text) for each in opening)
    for turn in turns:
        heard += turn.size + sum(len(each.text) for each in turn.given)
        heard += sum(len(_shown(call, leaves_out)) for call in turn.calls)
    return heard


def fewer_characters(call: MadeCall) -> int:
    """How many there would be fewer if its result was left out; 0: it is not worth it."""
    if call.result is None or len(call.result.text) <= _WORTH_LEAVING_OUT:
        return 0
    size = len(call.result.text)
    return size - len(_stub(call, call.result.said, size))


def _each(
    opening: Sequence[Given], turns: Sequence[Turn], leaves_out: LeavesOut
) -> Iterator[Message]:
    """Each message, empty ones left out; two of one role may follow each other."""
    first = _texts(opening)
    if first:
        yield UserMessage(first)
    for turn in turns:
        if turn.said:
            yield ModelMessage(turn.said)
        results = (
            _result(call, leaves_out)
            for call in turn.calls
            if call.result is not None or turn is not turns[-1]
        )
        heard = (*results, *_texts(turn.given))
        if heard:
            yield UserMessage(heard)


def _result(call: MadeCall, leaves_out: LeavesOut) -> ToolResult:
    if call.result is None:
        return ToolResult(call.use.id, "[nobody recorded what came of this]", is_error=True)
    text = _shown(call, leaves_out) or "(nothing)"
    return ToolResult(call.use.id, text, is_error=call.result.outcome != "ok")


def _shown(call: MadeCall, leaves_out: LeavesOut) -> str:
    if call.result is None:
        return ""
    return (
        _stub(call, call.result.said, len(call.result.text))
        if leaves_out(call)
        else call.result.text
    )


def _stub(call: MadeCall, arguments: str, size: int) -> str:
    """What stands in place of a result that is left out."""
    if call.use.name == STEP_TOOL:
        return f"[the text of a step that is completed by now, {size:,} characters, left out]"
    said = arguments if len(arguments) <= _LONGEST else f"{arguments[: _LONGEST - 1]}…"
    what = f"{call.use.name} {said}".rstrip()
    again = "read it again if needed"
    if call.use.name not in _READS_AGAIN:
        again = f'read_artifact with name "output:{call.turn}:{call.number}" shows it'
    return f"[result of {what}, {size:,} characters, left out; {again}]"


def _texts(given: Iterable[Given]) -> tuple[Heard, ...]:
    return tuple(Text(each.text) for each in given if each.text.strip())
