"""What did an unattended run do, turn by turn?

Made from the facts in the log alone. A turn is one answer of the model, with the tools it used; between
turns stand what the model was given beside the results of tools, what happened, and where the run was
taken up, rested or ended.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias, assert_never

from workrail_engine.agent_events import (
    ArtifactSaved,
    Content,
    Incident,
    MessageGiven,
    Noticed,
    Rest,
    RunBegun,
    RunEnded,
    RunOutcome,
    RunParked,
    Source,
    ToolBegun,
    ToolFinished,
    ToolOutcome,
    TurnTaken,
    Usage,
)
from workrail_engine.canonical import JsonObject
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.runs import Entry


@dataclass(frozen=True)
class Saved:
    """A named text or document that a tool kept."""

    name: str
    media_type: str
    content: Content


@dataclass(frozen=True)
class ToolUse:
    """A tool that was used."""

    call: int
    """From 1 within its turn."""
    tool: str
    said: str
    """Its arguments in short."""
    began_at: str | None
    """RFC 3339; None where its beginning was not recorded."""
    ended_at: str | None
    """None while it goes on, or where nobody knows how it ended."""
    outcome: ToolOutcome | None
    ms: int | None
    answer: Content | None
    """What the model was shown."""
    whole: Content | None
    """All of it, where the model was shown less."""
    saved: tuple[Saved, ...]


@dataclass(frozen=True)
class TurnTold:
    """An answer of the model."""

    seq: int
    at: str
    """When it was complete."""
    node: NodeId
    turn: int
    model: str
    stop: str
    said: str | None
    """The beginning of its words."""
    content: Content
    """All of its answer, as JSON."""
    usage: Usage
    cost: int | None
    """Millionths of a US dollar; None where the model has no price."""
    ms: int
    tries: int
    tools: tuple[ToolUse, ...]
    """In the order they were called; those it called and that were not begun come by name alone."""
    kind: Literal["turn"] = "turn"


@dataclass(frozen=True)
class WordsTold:
    """Words that reached the model beside the results of tools."""

    seq: int
    at: str
    node: NodeId
    turn: int
    source: Source
    text: str
    kind: Literal["words"] = "words"


@dataclass(frozen=True)
class IncidentTold:
    """Something a person may want to know."""

    seq: int
    at: str
    node: NodeId
    what: Incident
    said: str
    facts: JsonObject
    kind: Literal["incident"] = "incident"


@dataclass(frozen=True)
class BeginTold:
    """Where a driver took the run up."""

    seq: int
    at: str
    node: NodeId
    run: int
    driver: str
    model: str
    sandbox: str
    prompt: Content | None
    kind: Literal["begin"] = "begin"


@dataclass(frozen=True)
class RestTold:
    """Where it gave its slot back."""

    seq: int
    at: str
    node: NodeId
    why: Rest
    said: str
    until: str | None
    children: tuple[SessionId, ...]
    kind: Literal["rest"] = "rest"


@dataclass(frozen=True)
class EndTold:
    """Where it was over."""

    seq: int
    at: str
    node: NodeId
    outcome: RunOutcome
    said: str
    kind: Literal["end"] = "end"


Told: TypeAlias = TurnTold | WordsTold | IncidentTold | BeginTold | RestTold | EndTold


@dataclass(frozen=True)
class PromptPart:
    """A part of the system prompt, as the model read it."""

    name: str
    source: str
    text: str
    size: int
    """In bytes."""
    left_out: int
    """Bytes of its source that did not fit."""


@dataclass(frozen=True)
class RunStory:
    """A stretch of a run."""

    first: int
    """The first turn of the stretch; 0 where there is none yet."""
    last: int
    turns: int
    """How many turns the run has in all."""
    told: tuple[Told, ...]
    prompt: tuple[PromptPart, ...]
    """What the model was told beforehand, lately."""
    prompt_from: Content | None


@dataclass(frozen=True)
class RunOrigin:
    """How a run was taken up last, and what was changed for it."""

    driver: str
    """`host:process`."""
    model: str
    sandbox: str
    """What holds the tools: `bubblewrap`, `sandbox-exec`, `none`."""
    lesser: str | None
    """Why the tools are held by less than was wished, if so."""
    raised: dict[str, float]
    """What was given on top of its limits, by their names: `turns`, `minutes`, `tokens`, `usd`."""


@dataclass
class _Use:
    tool: str
    said: str = ""
    began_at: str | None = None
    finished: ToolFinished | None = None
    ended_at: str | None = None
    saved: list[Saved] = field(default_factory=list[Saved])

    def told(self, call: int) -> ToolUse:
        end = self.finished
        return ToolUse(
            call=call,
            tool=self.tool,
            said=self.said,
            began_at=self.began_at,
            ended_at=self.ended_at,
            outcome=None if end is None else end.outcome,
            ms=None if end is None else end.ms,
            answer=None if end is None else end.answer,
            whole=None if end is None else end.whole,
            saved=tuple(self.saved),
        )


@dataclass
class _Turn:
    entry: Entry
    event: TurnTaken
    uses: dict[int, _Use]

    def told(self) -> TurnTold:
        event = self.event
        return TurnTold(
            seq=self.entry.seq,
            at=self.entry.at,
            node=event.node,
            turn=event.turn,
            model=event.model,
            stop=event.stop,
            said=event.said,
            content=event.content,
            usage=event.usage,
            cost=event.cost,
            ms=event.ms,
            tries=event.tries,
            tools=tuple(use.told(call) for call, use in sorted(self.uses.items())),
        )


def told(entries: Iterable[Entry]) -> tuple[Told, ...]:
    """Facts as turns, each with its tools, and what stands between them.

    Args:
        entries: in the order of the log; tools of a turn that is not among them are left out.
    """
    parts: list[_Turn | Told] = []
    turns: dict[int, _Turn] = {}
    for entry in entries:
        event = entry.event
        match event:
            case TurnTaken():
                named = {call: _Use(tool) for call, tool in enumerate(event.tools, start=1)}
                turns[event.turn] = turn = _Turn(entry, event, named)
                parts.append(turn)
            case ToolBegun() | ToolFinished() | ArtifactSaved():
                if event.turn in turns:
                    _use(turns[event.turn], entry, event)
            case _:
                parts.append(_other(entry, event))
    return tuple(part.told() if isinstance(part, _Turn) else part for part in parts)


def _use(turn: _Turn, entry: Entry, event: ToolBegun | ToolFinished | ArtifactSaved) -> None:
    match event:
        case ToolBegun():
            use = turn.uses.setdefault(event.call, _Use(event.tool))
            use.said, use.began_at = event.said, entry.at
        case ToolFinished():
            use = turn.uses.setdefault(event.call, _Use(event.tool))
            use.said, use.finished, use.ended_at = event.said, event, entry.at
        case ArtifactSaved():
            use = turn.uses.setdefault(event.call, _Use("save_artifact"))
            use.saved.append(Saved(event.name, event.media_type, event.content))
        case _:
            assert_never(event)


def _other(
    entry: Entry, event: RunBegun | MessageGiven | Noticed | RunParked | RunEnded
) -> WordsTold | IncidentTold | BeginTold | RestTold | EndTold:
    seq, at, node = entry.seq, entry.at, event.node
    match event:
        case RunBegun(_, run, driver, model, sandbox, prompt):
            return BeginTold(seq, at, node, run, driver, model, sandbox, prompt)
        case MessageGiven():
            return WordsTold(seq, at, node, event.turn, event.source, event.text)
        case Noticed():
            return IncidentTold(seq, at, node, event.what, event.said, event.facts)
        case RunParked():
            return RestTold(seq, at, node, event.why, event.said, event.until, event.children)
        case RunEnded():
            return EndTold(seq, at, node, event.outcome, event.said)
        case _:
            assert_never(event)
