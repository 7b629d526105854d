"""How does a model answer that follows a file?

It serves demos and tests, and costs nothing. How far it is lies in the conversation itself: each
answer carries a mark of the scene it belongs to, which comes back with the next request. So it goes
on where it was after a restart, and two runs of one script never disturb each other.
"""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from workrail_daemon.config.model_settings import Price
from workrail_daemon.errors import ModelRefusedError, StoppedError
from workrail_daemon.models.failures import TryFailedError
from workrail_daemon.models.pricing import cost_of
from workrail_daemon.models.protocol import (
    Message,
    ModelMessage,
    ModelRequest,
    Opaque,
    Reply,
    Retried,
    Said,
    Text,
    ToolResult,
    ToolUse,
    UserMessage,
    nothing,
)
from workrail_daemon.models.script_file import Scene, Script, Turn, When, read_script
from workrail_daemon.stopping import Stop
from workrail_engine.agent_events import Usage

AT_ITS_END: Final = "The script has nothing more to say."
_MARK: Final = "script_scene"
_STEP: Final = re.compile(
    r"^# (?:Not complete yet: )?(?P<title>.+)\nStep (?P<number>\d+) of about ", re.MULTILINE
)
_CHARACTERS_A_TOKEN: Final = 4


class ScriptedClient:
    """A model that follows a script."""

    def __init__(self, name: str, path: Path, price: Price | None = None) -> None:
        """Follow the script at `path`, which is read when the model is first asked."""
        self._name = name
        self._path = path
        self._price = price
        self._script: Script | None = None
        self._failed: dict[int, int] = {}

    @property
    def model(self) -> str:
        """`provider/model`."""
        return self._name

    def ask(
        self,
        request: ModelRequest,
        stop: Stop,
        told: Callable[[Retried], None],  # noqa: ARG002 - as every client
        meanwhile: Callable[[], None] = nothing,
    ) -> Reply:
        """The next answer of the script; see `ModelClient`."""
        meanwhile()
        if self._script is None:
            self._script = read_script(self._path)
        chosen = _choose(self._script, request.messages)
        if chosen is None:
            return self._reply(request, Turn(say=AT_ITS_END), None)
        scene, turn = chosen
        self._maybe_fail(request, turn)
        if stop.wait(turn.wait) or stop.given:
            raise StoppedError(stop.reason)
        return self._reply(request, turn, scene)

    def _maybe_fail(self, request: ModelRequest, turn: Turn) -> None:
        if turn.fail is None:
            return
        place = len(request.messages)
        if self._failed.get(place, 0) >= turn.fail.times:
            return
        self._failed[place] = self._failed.get(place, 0) + 1
        message = f"{self._name} does not answer: {turn.fail.said}"
        if turn.fail.kind == "refused":
            raise ModelRefusedError(message)
        raise TryFailedError(message, retry_after=turn.fail.retry_after)

    def _reply(self, request: ModelRequest, turn: Turn, scene: int | None) -> Reply:
        number = len(request.messages)
        blocks: list[Said] = [] if scene is None else [Opaque({"type": _MARK, "scene": scene})]
        if turn.say:
            blocks.append(Text(turn.say))
        blocks += [
            ToolUse(f"call_{number}_{each}", call.tool, dict(call.input))
            for each, call in enumerate(turn.calls, start=1)
        ]
        usage = Usage(
            input=_tokens(request) if turn.usage.input is None else turn.usage.input,
            output=_length(blocks) if turn.usage.output is None else turn.usage.output,
            cache_read=turn.usage.cache_read,
            cache_write=turn.usage.cache_write,
        )
        return Reply(
            model=self._name,
            stop=turn.stop or ("tool_use" if turn.calls else "end_turn"),
            blocks=tuple(blocks),
            usage=usage,
            cost=0 if self._price is None else cost_of(usage, self._price),
        )


def _choose(script: Script, messages: tuple[Message, ...]) -> tuple[int, Turn] | None:
    """The scene, by its place in the script, and its next turn; None: nothing applies."""
    scenes = [*script.scenes, *([Scene(turns=script.turns)] if script.turns else [])]
    for number, scene in enumerate(scenes):
        turns = [turn for turn in scene.turns for _ in range(turn.times)]
        used = _used(messages, number)
        if (used < len(turns) or scene.repeat) and _applies(scene.when, messages):
            return number, turns[used % len(turns)]
    return None


def _used(messages: Iterable[Message], scene: int) -> int:
    """How many answers belong to a scene."""
    return sum(
        isinstance(block, Opaque) and block.value == {"type": _MARK, "scene": scene}
        for message in messages
        if isinstance(message, ModelMessage)
        for block in message.blocks
    )


def _applies(when: When, messages: tuple[Message, ...]) -> bool:
    last = messages[-1] if messages else None
    heard = last.blocks if isinstance(last, UserMessage) else ()
    if when.heard is not None and not re.search(when.heard, "\n".join(b.text for b in heard)):
        return False
    failed = any(isinstance(block, ToolResult) and block.is_error for block in heard)
    if when.failed is not None and when.failed != failed:
        return False
    return when.step is None or _at_step(when.step, messages)


def _at_step(wanted: str, messages: tuple[Message, ...]) -> bool:
    for message in reversed(messages):
        if isinstance(message, UserMessage):
            found = [match for block in message.blocks for match in _STEP.finditer(block.text)]
            if found:
                step = found[-1]
                return wanted == step["number"] or re.search(wanted, step["title"]) is not None
    return False


def _tokens(request: ModelRequest) -> int:
    heard = sum(_length(message.blocks) for message in request.messages)
    return heard + len(request.system) // _CHARACTERS_A_TOKEN


def _length(blocks: Iterable[Said | ToolResult]) -> int:
    total = 0
    for block in blocks:
        match block:
            case Text(text):
                total += len(text)
            case ToolResult(_, text):
                total += len(text)
            case ToolUse(_, name, arguments):
                total += len(name) + len(str(arguments))
            case Opaque():
                pass
    return -(-total // _CHARACTERS_A_TOKEN)
