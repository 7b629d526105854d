"""What was said so far?

The conversation is a fold over the session's log and nothing else, so a daemon that takes a run over
asks exactly what the one before it would have asked. Between two prunings every request begins with
the whole of the one before, which is what the provider's cache needs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from workrail_daemon.agent.blocks import decoded
from workrail_daemon.agent.telling import characters_of, fewer_characters, messages_of
from workrail_daemon.agent.turns import (
    STEP_TOOL,
    CallPlace,
    Given,
    MadeCall,
    ReadContent,
    Turn,
    result_of,
    turn_of,
)
from workrail_daemon.models.protocol import Message
from workrail_engine.agent_events import (
    AgentEvent,
    MessageGiven,
    Noticed,
    ToolBegun,
    ToolFinished,
    TurnTaken,
)
from workrail_engine.canonical import JsonObject
from workrail_engine.projections.runs import Entry


@dataclass(frozen=True)
class Transcript:
    """A conversation up to some point of the log."""

    opening: tuple[Given, ...] = ()
    """What the model was told before its first turn."""
    turns: tuple[Turn, ...] = ()
    cut: CallPlace | None = None
    """Long results before it are left out, but for the text of the step at hand."""
    step_end: CallPlace | None = None
    """The last call that completed a step."""

    @staticmethod
    def of(entries: Iterable[Entry], content: ReadContent) -> "Transcript":
        """The conversation some facts tell.

        Args:
            entries: those of the session, in order.
            content: reads what they name.

        Raises:
            CorruptSessionError: an answer of the model cannot be read.
        """
        transcript = Transcript()
        for entry in entries:
            transcript = transcript.after(entry.event, content)
        return transcript

    def after(self, event: AgentEvent, content: ReadContent) -> "Transcript":
        """The conversation with one fact more; facts that are no part of it change nothing."""
        match event:
            case TurnTaken():
                used = {call.use.id for call in self.calls}
                turn = turn_of(event, decoded(content(event.content)), used, self.characters)
                return replace(self, turns=(*self.turns, turn))
            case ToolBegun():
                return self._with_turn(
                    event.turn,
                    lambda turn: turn.with_call(event.call, lambda call: replace(call, begun=True)),
                )
            case ToolFinished():
                return self._finished(event, content)
            case MessageGiven():
                return self._told(event)
            case Noticed(what="context_pruned"):
                return replace(self, cut=_place_in(event.facts) or self.cut)
            case _:
                return self

    @property
    def turn(self) -> int:
        """How many turns the model took."""
        return self.turns[-1].number if self.turns else 0

    @property
    def calls(self) -> tuple[MadeCall, ...]:
        """Every call, in order."""
        return tuple(call for turn in self.turns for call in turn.calls)

    @property
    def pending(self) -> tuple[MadeCall, ...]:
        """Calls of the last turn that have no result yet, in order."""
        last = self.turns[-1].calls if self.turns else ()
        return tuple(call for call in last if call.result is None)

    @property
    def steps_completed(self) -> int:
        """How many steps were completed."""
        return sum(call.ends_step for call in self.calls)

    @property
    def begins_step(self) -> bool:
        """Whether the model was handed a step it has not answered to yet."""
        return not self.turns or (not self.pending and self.turns[-1].ends_step)

    @property
    def characters(self) -> int:
        """Of all messages, about."""
        return characters_of(self.opening, self.turns, self.leaves_out)

    def leaves_out(self, call: MadeCall) -> bool:
        """Whether the model is shown of a call's result only that there was one."""
        if self.cut is None or call.at >= self.cut or call.at == self.step_end:
            return False
        return fewer_characters(call) > 0

    def messages(self) -> tuple[Message, ...]:
        """The conversation as the Messages API takes it.

        Roles alternate; the first message is the user's once something was said to the model. The
        last one is the model's as long as none of its calls has a result and nothing else was said.
        """
        return messages_of(self.opening, self.turns, self.leaves_out)

    def _finished(self, event: ToolFinished, content: ReadContent) -> "Transcript":
        result = result_of(event, content)
        told = self._with_turn(
            event.turn,
            lambda turn: turn.with_call(event.call, lambda call: replace(call, result=result)),
        )
        if event.tool != STEP_TOOL or event.outcome != "ok":
            return told
        end = CallPlace(event.turn, event.call)
        return replace(told, step_end=end if self.step_end is None else max(end, self.step_end))

    def _told(self, event: MessageGiven) -> "Transcript":
        given = Given(event.message, event.source, event.text)
        if event.turn == 0:
            return replace(self, opening=_in_order(self.opening, given))
        return self._with_turn(
            event.turn, lambda turn: replace(turn, given=_in_order(turn.given, given))
        )

    def _with_turn(self, number: int, change: Callable[[Turn], Turn]) -> "Transcript":
        turns = (change(turn) if turn.number == number else turn for turn in self.turns)
        return replace(self, turns=tuple(turns))


def _in_order(given: tuple[Given, ...], one: Given) -> tuple[Given, ...]:
    return tuple(sorted((*given, one), key=lambda each: each.message))


def _place_in(facts: JsonObject) -> CallPlace | None:
    match facts.get("before"):
        case {"turn": int(turn), "call": int(call)}:
            return CallPlace(turn, call)
        case _:
            return None
