"""How does a test write down what a run did, without a store, a model or tools?

Facts are written in the order they are told and lie beside their contents, as the engine's journal
gives them back.
"""

from dataclasses import dataclass, field

from workrail_daemon.agent.blocks import encoded
from workrail_daemon.agent.transcript import Transcript
from workrail_daemon.models.protocol import Said, Text, ToolUse
from workrail_engine.agent_events import (
    AgentEvent,
    Content,
    MessageGiven,
    Source,
    ToolBegun,
    ToolFinished,
    ToolOutcome,
    TurnTaken,
    Usage,
)
from workrail_engine.canonical import JsonObject, digest_bytes
from workrail_engine.ids import Digest, NodeId
from workrail_engine.projections.runs import Entry

_WHEN = "2026-01-01T00:00:00Z"


@dataclass
class WrittenLog:
    """The facts of a run, and what they name."""

    entries: list[Entry] = field(default_factory=list[Entry])
    contents: dict[Digest, bytes] = field(default_factory=dict[Digest, bytes])
    node: NodeId = NodeId(1)

    @property
    def transcript(self) -> Transcript:
        """The conversation, from the log alone."""
        return Transcript.of(self.entries, self.read)

    def read(self, content: Content) -> bytes:
        """The bytes an event names."""
        return self.contents[content.digest]

    def write(self, event: AgentEvent) -> None:
        """A fact, as it is."""
        self.entries.append(Entry(len(self.entries) + 1, _WHEN, event))

    def keep(self, content: bytes) -> Content:
        """Bytes that an event is going to name."""
        named = Digest(digest_bytes(content))
        self.contents[named] = content
        return Content(named, len(content))

    def told(self, text: str, turn: int = 0, message: int = 1, source: Source = "engine") -> None:
        """Words that reached the model after a turn."""
        self.write(MessageGiven(self.node, turn, message, source, text))

    def answered(self, turn: int, *blocks: Said, usage: Usage | None = None) -> None:
        """A turn of the model."""
        uses = [block for block in blocks if isinstance(block, ToolUse)]
        words = [block.text for block in blocks if isinstance(block, Text)]
        self.write(
            TurnTaken(
                node=self.node,
                turn=turn,
                model="scripted",
                stop="tool_use" if uses else "end_turn",
                said=words[0][:500] if words else None,
                tools=tuple(use.name for use in uses),
                content=self.keep(encoded(blocks)),
                usage=usage or Usage(),
                cost=None,
                ms=1,
                tries=1,
            )
        )

    def began(self, turn: int, call: int, tool: str) -> None:
        """A tool is about to be used."""
        self.write(ToolBegun(self.node, turn, call, tool, ""))

    def finished(  # noqa: PLR0913 -- as many as the fact has
        self,
        turn: int,
        call: int,
        tool: str,
        text: str,
        outcome: ToolOutcome = "ok",
        *,
        said: str = "",
        ms: int = 1,
        whole: str | None = None,
    ) -> None:
        """A tool answered."""
        self.write(
            ToolFinished(
                node=self.node,
                turn=turn,
                call=call,
                tool=tool,
                outcome=outcome,
                said=said,
                answer=self.keep(text.encode()),
                whole=None if whole is None else self.keep(whole.encode()),
                ms=ms,
            )
        )

    def used(
        self,
        tool: str,
        arguments: JsonObject,
        text: str,
        outcome: ToolOutcome = "ok",
        *,
        ms: int = 1,
    ) -> None:
        """A turn with one call, and what it came to."""
        turn = self.transcript.turn + 1
        self.answered(turn, ToolUse(f"call_{turn}", tool, arguments))
        said = ", ".join(str(value) for value in arguments.values())
        self.finished(turn, 1, tool, text, outcome, said=said, ms=ms)

    def completed_step(self, following: str = "The next step.") -> None:
        """A turn that completes a step and is answered with the one after it."""
        self.used("complete_step", {"notes": "Done."}, following)
        self.node = NodeId(self.node + 1)
