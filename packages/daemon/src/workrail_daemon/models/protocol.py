"""What is a model asked, and what does it answer?

The blocks are those of the Messages API of Anthropic, as plain values: every client speaks them, and
they are what the session's log keeps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from workrail_daemon.stopping import Stop
from workrail_engine.agent_events import Usage
from workrail_engine.canonical import JsonObject


@dataclass(frozen=True)
class Text:
    """Words."""

    text: str


@dataclass(frozen=True)
class ToolUse:
    """The model calls a tool."""

    id: str
    name: str
    input: JsonObject


@dataclass(frozen=True)
class ToolResult:
    """What a call came to, as the model is shown it."""

    tool_use_id: str
    text: str
    is_error: bool = False


@dataclass(frozen=True)
class Opaque:
    """A block that is only handed back as it came, such as thinking with its signature."""

    value: JsonObject


Said: TypeAlias = Text | ToolUse | Opaque
Heard: TypeAlias = Text | ToolResult


@dataclass(frozen=True)
class UserMessage:
    """What the model hears."""

    blocks: tuple[Heard, ...]


@dataclass(frozen=True)
class ModelMessage:
    """What the model said."""

    blocks: tuple[Said, ...]


Message: TypeAlias = UserMessage | ModelMessage


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model is told of it."""

    name: str
    description: str
    input_schema: JsonObject


@dataclass(frozen=True)
class ModelRequest:
    """One request. System, tools and the last message are marked for the provider's cache."""

    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...]
    max_tokens: int


StopReason: TypeAlias = Literal[
    "end_turn", "tool_use", "max_tokens", "stop_sequence", "pause_turn", "refusal"
]


@dataclass(frozen=True)
class Reply:
    """One answer."""

    model: str
    """The model that gave it, as its provider calls it."""
    stop: StopReason
    blocks: tuple[Said, ...]
    usage: Usage
    cost: int | None
    """Millionths of a US dollar; None where the price is not known."""
    tries: int = 1
    """Requests it took, the last included."""


@dataclass(frozen=True)
class Retried:
    """A request failed and is made again, or is made of another model."""

    why: str
    wait: float
    """Seconds until then."""
    model: str
    """That is asked next."""
    replaced: bool
    """Whether that is another model than before."""


def nothing() -> None:
    """What is done meanwhile where there is nothing to do."""


class ModelClient(Protocol):
    """A model that can be asked."""

    @property
    def model(self) -> str:
        """`provider/model`, as the settings call it."""
        ...

    def ask(
        self,
        request: ModelRequest,
        stop: Stop,
        told: Callable[[Retried], None],
        meanwhile: Callable[[], None] = nothing,
    ) -> Reply:
        """The answer, once it is whole.

        Args:
            request: what is asked.
            stop: ends the request at once.
            told: told of every further try before it is made.
            meanwhile: called once a request is on its way, before its answer is; with each try.

        Raises:
            ModelRefusedError: no further try would help.
            ModelBusyError: all tries were used up.
            StoppedError: `stop` was given.
        """
        ...
