"""What is a tool, and what can a call of one come to?"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from workrail_daemon.models.protocol import ToolSpec
from workrail_daemon.stopping import Stop
from workrail_engine.agent_events import AgentEvent, Rest, RunOutcome, ToolOutcome
from workrail_engine.canonical import JsonObject
from workrail_engine.ids import NodeId, SessionId

Effect: TypeAlias = Literal["reads", "acts", "waits"]
"""What a crash in the middle of a call means. `reads`: it is made again. `acts`: it is announced in
the log first, and is not made again but shown as interrupted. `waits`: it may be made again any
number of times, and comes to the same; it may park the run."""


@dataclass(frozen=True)
class Call:
    """One call of a tool."""

    session_id: SessionId
    node: NodeId
    turn: int
    number: int
    """From 1 within the turn."""
    name: str
    input: JsonObject


@dataclass(frozen=True)
class Answered:
    """The call came to something the model is shown."""

    text: str
    """All of it, however long; what the model is shown is cut to size by whoever called."""
    outcome: ToolOutcome = "ok"
    events: tuple[AgentEvent, ...] = ()
    """Further facts for the log, kept together with the answer."""
    contents: tuple[bytes, ...] = ()
    """Bytes that `events` name."""
    settles: tuple[int, ...] = ()
    """Numbers of messages that are acknowledged once the answer is in the log, and not before."""


@dataclass(frozen=True)
class Waits:
    """The call waits for something; the run is parked, and the call is made again when it wakes."""

    rest: Rest
    said: str
    children: tuple[SessionId, ...] = ()
    events: tuple[AgentEvent, ...] = ()


@dataclass(frozen=True)
class Ends:
    """The call ends the run."""

    text: str
    outcome: RunOutcome
    said: str
    events: tuple[AgentEvent, ...] = ()


ToolAnswer: TypeAlias = Answered | Waits | Ends


class Tool(Protocol):
    """Something an agent can do."""

    @property
    def spec(self) -> ToolSpec:
        """How the model is told of it."""
        ...

    @property
    def effect(self) -> Effect:
        """What a crash in the middle of a call means."""
        ...

    def said(self, arguments: JsonObject) -> str:
        """Some arguments in short, for the log: one line, at most 500 characters."""
        ...

    def run(self, call: Call, stop: Stop, doing: Callable[[str], None]) -> ToolAnswer:
        """Make a call. Arguments that cannot be used are an answer with the outcome `error`.

        Args:
            call: what to do; `input` is whatever the model sent.
            stop: ends it at once.
            doing: told in some words how far it is.

        Raises:
            WorkRailError: the engine or its store failed: no fault of the call.
            StoppedError: `stop` was given.
        """
        ...


@dataclass(frozen=True)
class ToolPolicy:
    """What an agent may do. A step's or a child's can only be narrower than the run's."""

    allowed: frozenset[str] | None = None
    """Names of tools; None: all. Those that steer the run itself are always there."""
    writable: tuple[str, ...] = ("**",)
    """Globs of files that Write and Edit may change, relative to the workspace."""
    network: bool = True
    """Whether the hosts of the run's sandbox may be reached."""


@dataclass(frozen=True)
class Workshop:
    """Where tools work."""

    workspace: Path
    """Absolute, and real: no link on the way."""
    scratch: Path
    """A folder of this run outside the workspace, made when it is needed."""
