"""What is a turn of the model, with what came of it?"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from workrail_daemon.agent.blocks import encoded
from workrail_daemon.models.protocol import Opaque, Said, Text, ToolUse
from workrail_engine.agent_events import (
    Content,
    Source,
    ToolFinished,
    ToolOutcome,
    TurnTaken,
    Usage,
)
from workrail_engine.canonical import digest_bytes
from workrail_engine.ids import Digest

STEP_TOOL: Final = "complete_step"
"""Its answer is `ok` when the step was completed, and then holds the next step."""
_USABLE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")
_THOUGHTS: Final = ("thinking", "redacted_thinking")

ReadContent: TypeAlias = Callable[[Content], bytes]
"""The bytes an event names."""


@dataclass(frozen=True, order=True)
class CallPlace:
    """Where a call stands among all of them."""

    turn: int
    call: int


@dataclass(frozen=True)
class Result:
    """What a call came to."""

    said: str
    """Its arguments in short."""
    outcome: ToolOutcome
    text: str
    """What the model was shown."""
    digest: Digest
    """Of all the tool answered."""
    ms: int


@dataclass(frozen=True)
class MadeCall:
    """A call of the model."""

    at: CallPlace
    use: ToolUse
    asked: str
    """Equal for the same tool with the same arguments."""
    begun: bool = False
    """Whether it was announced in the log."""
    result: Result | None = None

    @property
    def turn(self) -> int:
        """From 1 within the session."""
        return self.at.turn

    @property
    def number(self) -> int:
        """From 1 within the turn."""
        return self.at.call

    @property
    def ends_step(self) -> bool:
        """Whether a step was completed by it."""
        return (
            self.use.name == STEP_TOOL and self.result is not None and self.result.outcome == "ok"
        )


@dataclass(frozen=True)
class Given:
    """Words that reached the model beside results."""

    message: int
    source: Source
    text: str


@dataclass(frozen=True)
class Turn:
    """An answer of the model, with what came of it."""

    number: int
    stop: str
    said: tuple[Said, ...]
    """What the API takes back of it."""
    usage: Usage
    size: int
    """Characters of what it said."""
    asked: int
    """Characters of all messages it answered."""
    calls: tuple[MadeCall, ...] = ()
    given: tuple[Given, ...] = ()

    @property
    def ends_step(self) -> bool:
        """Whether a step was completed in it."""
        return any(call.ends_step for call in self.calls)

    def with_call(self, number: int, change: Callable[[MadeCall], MadeCall]) -> "Turn":
        """The turn with one of its calls changed."""
        calls = (change(call) if call.number == number else call for call in self.calls)
        return replace(self, calls=tuple(calls))


def turn_of(event: TurnTaken, blocks: Sequence[Said], used: Collection[str], asked: int) -> Turn:
    """A turn as the log has it.

    Args:
        event: the fact.
        blocks: what the model said.
        used: ids of calls that were made before.
        asked: characters of all messages it answered.
    """
    said = _sayable(_with_usable_ids(event.turn, blocks, used))
    uses = (block for block in said if isinstance(block, ToolUse))
    calls = (
        MadeCall(CallPlace(event.turn, number), use, _asked(use))
        for number, use in enumerate(uses, start=1)
    )
    size = sum(_length(block) for block in said)
    return Turn(event.turn, event.stop, said, event.usage, size, asked, tuple(calls))


def result_of(event: ToolFinished, content: ReadContent) -> Result:
    """What a call came to, as the log has it."""
    text = content(event.answer).decode("utf-8", "replace")
    whole = event.whole or event.answer
    return Result(event.said, event.outcome, text, whole.digest, event.ms)


def _with_usable_ids(turn: int, blocks: Sequence[Said], used: Collection[str]) -> list[Said]:
    """The blocks; calls whose id the API would refuse, or that was used before, get another."""
    taken = set(used)
    shown: list[Said] = []
    number = 0
    for block in blocks:
        if not isinstance(block, ToolUse):
            shown.append(block)
            continue
        number += 1
        is_usable = _USABLE_ID.fullmatch(block.id) is not None and block.id not in taken
        name = block.id if is_usable else f"turn_{turn}_call_{number}"
        taken.add(name)
        shown.append(replace(block, id=name))
    return shown


def _sayable(blocks: Sequence[Said]) -> tuple[Said, ...]:
    """The blocks the API takes back: no blank words, and no thought as the last of them."""
    kept = [block for block in blocks if not isinstance(block, Text) or block.text.strip()]
    while kept and isinstance(kept[-1], Opaque) and kept[-1].value.get("type") in _THOUGHTS:
        kept.pop()
    return tuple(kept)


def _asked(use: ToolUse) -> str:
    return digest_bytes(encoded((ToolUse("", use.name, use.input),)))


def _length(block: Said) -> int:
    match block:
        case Text():
            return len(block.text)
        case ToolUse():
            return len(block.name) + len(str(block.input))
        case Opaque():
            return len(str(block.value))
