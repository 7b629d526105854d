"""What does an unattended run leave in its session's log?

A driver without a person appends these facts beside the steps: what the model answered, what the
tools did, why the run rests or ended. They never move the session; only steps do. What was said at
length lies in the blob store. A fact with a key (`key_of`) is kept once: the first writer wins, and
who comes second continues from what is kept.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from workrail_engine.canonical import JsonObject, digest_bytes
from workrail_engine.ids import Digest, NodeId, SessionId

RunOutcome: TypeAlias = Literal[
    "completed", "incomplete", "error", "stuck", "cancelled", "interrupted_tooling_failure"
]
"""How a run ended; `completed` only where the session's log holds `run_completed`."""
Rest: TypeAlias = Literal[
    "child", "operator", "approval", "budget", "rate_limit", "paused", "drained", "tooling"
]
"""What a parked run waits for."""
ToolOutcome: TypeAlias = Literal["ok", "error", "refused", "interrupted"]
"""`refused`: policy or a guard said no; `interrupted`: begun, and nobody knows how it ended."""
Source: TypeAlias = Literal["engine", "operator", "child", "nudge"]
"""Whose words reach the model beside the results of tools."""
Incident: TypeAlias = Literal[
    "model_retried",
    "model_replaced",
    "stuck",
    "sandbox_downgraded",
    "issue_reported",
    "signal_sent",
    "tooling_failure_detected",
    "self_heal_started",
    "self_heal_succeeded",
    "self_heal_failed",
    "limits_raised",
    "context_pruned",
    "child_spawned",
    "child_ended",
    "question_asked",
]


@dataclass(frozen=True)
class Content:
    """Bytes in the blob store."""

    digest: Digest
    size: int


def content_of(data: bytes) -> Content:
    """What an event calls some bytes."""
    return Content(Digest(digest_bytes(data)), len(data))


@dataclass(frozen=True)
class Usage:
    """Tokens of one answer."""

    input: int = 0
    """Read and paid in full; what came from or went into a cache is not among them."""
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0


@dataclass(frozen=True)
class RunBegun:
    """A driver took the session up, for the first time or again."""

    node: NodeId
    run: int
    """How many times it was taken up, this time included."""
    driver: str
    """`host:process`."""
    model: str
    sandbox: str
    """What holds the tools: `bubblewrap`, `sandbox-exec`, `none`."""
    prompt: Content | None
    """The system prompt, as JSON: a list of parts with their name, source and text."""


@dataclass(frozen=True)
class TurnTaken:
    """The model answered."""

    node: NodeId
    turn: int
    """From 1 within the session."""
    model: str
    stop: str
    """Why it stopped: `end_turn`, `tool_use`, `max_tokens`, `refusal`, …"""
    said: str | None
    """The beginning of its words, at most 500 characters."""
    tools: tuple[str, ...]
    """Names of the tools it called, in order."""
    content: Content
    """Its blocks, as JSON."""
    usage: Usage
    cost: int | None
    """Millionths of a US dollar; None where the model has no price."""
    ms: int
    tries: int
    """Requests it took, the last included."""


@dataclass(frozen=True)
class ToolBegun:
    """A tool with effects outside the log is about to be used: written before it is."""

    node: NodeId
    turn: int
    call: int
    """From 1 within the turn."""
    tool: str
    said: str
    """Its arguments in short, at most 500 characters, without secrets."""


@dataclass(frozen=True)
class ToolFinished:
    """A tool answered."""

    node: NodeId
    turn: int
    call: int
    tool: str
    outcome: ToolOutcome
    said: str
    """Its arguments in short, at most 500 characters, without secrets."""
    answer: Content
    """What the model is shown, as text."""
    whole: Content | None
    """All of it, where the model is shown less."""
    ms: int


@dataclass(frozen=True)
class MessageGiven:
    """Words that reached the model beside the results of tools, after a turn."""

    node: NodeId
    turn: int
    """The turn they follow; 0 before the first."""
    message: int
    """From 1 after that turn."""
    source: Source
    text: str


@dataclass(frozen=True)
class ArtifactSaved:
    """A tool of the run kept a named text or document; a name saved again is a new version."""

    node: NodeId
    turn: int
    call: int
    name: str
    media_type: str
    content: Content


@dataclass(frozen=True)
class Noticed:
    """Something happened that a person may want to know."""

    node: NodeId
    what: Incident
    said: str
    """In a sentence."""
    facts: JsonObject


@dataclass(frozen=True)
class RunParked:
    """The run rests and gave its slot back."""

    node: NodeId
    why: Rest
    said: str
    """What it waits for, and what wakes it, in a sentence."""
    until: str | None
    """RFC 3339, where time alone wakes it."""
    children: tuple[SessionId, ...]
    """The sessions it waits for."""


@dataclass(frozen=True)
class RunEnded:
    """The run is over; only a person takes it up again."""

    node: NodeId
    outcome: RunOutcome
    said: str
    """Why, in a sentence."""


AgentEvent: TypeAlias = (
    RunBegun
    | TurnTaken
    | ToolBegun
    | ToolFinished
    | MessageGiven
    | ArtifactSaved
    | Noticed
    | RunParked
    | RunEnded
)
AGENT_EVENTS = (
    RunBegun,
    TurnTaken,
    ToolBegun,
    ToolFinished,
    MessageGiven,
    ArtifactSaved,
    Noticed,
    RunParked,
    RunEnded,
)


def key_of(event: AgentEvent) -> str | None:
    """What an event is kept once under, within its session; None: it may be said again."""
    match event:
        case RunBegun():
            return f"run:{event.run}"
        case TurnTaken():
            return f"llm:{event.turn}"
        case ToolBegun():
            return f"call:{event.turn}:{event.call}"
        case ToolFinished():
            return f"tool:{event.turn}:{event.call}"
        case MessageGiven():
            return f"said:{event.turn}:{event.message}"
        case ArtifactSaved():
            return f"saved:{event.turn}:{event.call}"
        case Noticed() | RunParked() | RunEnded():
            return None
        case _:
            assert_never(event)


def contents_of(event: AgentEvent) -> tuple[Content, ...]:
    """The bytes an event names."""
    match event:
        case RunBegun():
            return () if event.prompt is None else (event.prompt,)
        case TurnTaken() | ArtifactSaved():
            return (event.content,)
        case ToolFinished():
            return (event.answer,) if event.whole is None else (event.answer, event.whole)
        case ToolBegun() | MessageGiven() | Noticed() | RunParked() | RunEnded():
            return ()
        case _:
            assert_never(event)
