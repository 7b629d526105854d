"""What was recorded of this run, and what does that come to?

Everything the loop decides by is folded from the log. What is recorded here is folded from what the
log then holds, which is what another worker wrote when it was faster.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Final

from workrail_daemon.agent.blocks import encoded
from workrail_daemon.agent.budget import Budget, Exceeded, Least, raised_in
from workrail_daemon.agent.pruning import Pruned, estimated_tokens, pruned
from workrail_daemon.agent.stuck import Stuck, judged
from workrail_daemon.agent.stuck_rules import StuckSettings
from workrail_daemon.agent.transcript import Transcript
from workrail_daemon.ground import Ground
from workrail_daemon.models.protocol import Message, Reply, Text, ToolUse
from workrail_daemon.options import Limits
from workrail_daemon.tools.bounded import bounded
from workrail_daemon.tools.contract import Answered
from workrail_engine.agent_events import (
    AgentEvent,
    Content,
    MessageGiven,
    Rest,
    RunParked,
    ToolBegun,
    ToolFinished,
    TurnTaken,
    content_of,
)
from workrail_engine.canonical import JsonObject, digest_bytes
from workrail_engine.ids import Digest, NodeId
from workrail_engine.projections.runs import Entry, Lease, Spent

_SAID: Final = 500
_OVERFLOW: Final = 1.4
"""Of the budget for a request: beyond it the step at hand leaves out results too."""


@dataclass(frozen=True)
class PendingCall:
    """A call of the model that has no answer yet."""

    turn: int
    number: int
    name: str
    input: JsonObject
    begun_at: NodeId | None
    """Where the session stood when the call was announced; None: it was not."""


@dataclass(frozen=True)
class Terms:
    """What a run is held to."""

    limits: Limits
    """Before anybody raised them."""
    spent: Spent
    """By the run and all below it, when the worker took it."""
    context_tokens: int
    stuck: StuckSettings = field(default_factory=StuckSettings)
    beside: int = 0
    """Characters of the system prompt and the tools."""
    token_price: float = 0.0
    """Millionths of a dollar that a token costs at least to be read."""


class Story:
    """The log of one run, as far as its loop needs it."""

    def __init__(
        self,
        ground: Ground,
        lease: Lease,
        entries: Sequence[Entry],
        terms: Terms,
        told: Callable[[AgentEvent], None],
    ) -> None:
        self._ground = ground
        self._lease = lease
        self._terms = terms
        self._told = told
        self._began = monotonic()
        self._spent = terms.spent
        self._fresh: dict[Digest, bytes] = {}
        self._owed: list[tuple[ToolFinished, tuple[bytes, ...]]] = []
        self._untold: list[AgentEvent] = []
        self._entries: list[Entry] = []
        self._transcript = Transcript()
        self._begun: dict[tuple[int, int], NodeId] = {}
        for entry in entries:
            self._fold(entry)

    @property
    def turn(self) -> int:
        """How many turns the model took."""
        return self._transcript.turn

    @property
    def pending(self) -> tuple[PendingCall, ...]:
        """Calls of the last turn without an answer, in order."""
        return tuple(
            PendingCall(
                call.turn,
                call.number,
                call.use.name,
                call.use.input,
                self._begun.get((call.turn, call.number)),
            )
            for call in self._transcript.pending
        )

    @property
    def silent(self) -> bool:
        """Whether nothing was said to the model yet."""
        return not self._transcript.opening and not self._transcript.turns

    @property
    def messages_after_turn(self) -> int:
        """The highest number of the messages given after the last turn."""
        numbers = (
            entry.event.message
            for entry in self._entries
            if isinstance(entry.event, MessageGiven) and entry.event.turn == self.turn
        )
        return max(numbers, default=0)

    @property
    def ended_early(self) -> str | None:
        """Why the model stopped without calling a tool, when nothing was said to it since."""
        if not self._transcript.turns:
            return None
        last = self._transcript.turns[-1]
        silent = not last.calls and not last.given and last.stop != "pause_turn"
        return last.stop if silent else None

    @property
    def nudges(self) -> int:
        """How many of the last turns in a row called no tool, the last left out."""
        count = 0
        for turn in reversed(self._transcript.turns[:-1]):
            if turn.calls:
                break
            count += 1
        return count

    def rests(self, why: Rest) -> int:
        """How often in a row the run was parked for a reason since the model last answered."""
        count = 0
        for entry in reversed(self._entries):
            match entry.event:
                case RunParked():
                    count += entry.event.why == why
                case TurnTaken():
                    break
                case _:
                    pass
        return count

    def messages(self) -> tuple[Message, ...]:
        """What the model is asked next."""
        return self._transcript.messages()

    def pruned(self) -> Pruned | None:
        """What should be left out of the next request; recorded, it is."""
        budget = self._terms.context_tokens
        most = round(budget * _OVERFLOW)
        return pruned(self._transcript, budget, self._terms.beside, most)

    def exceeded(self) -> Exceeded | None:
        """The limit that forbids another turn."""
        tokens = estimated_tokens(self._transcript, self._terms.beside)
        cost = round(tokens * self._terms.token_price)
        return self._budget().before_turn(Least(tokens, cost))

    def left(self) -> Limits | None:
        """What may still be used, by children for instance."""
        return self._budget().left()

    def stuck(self) -> Stuck | None:
        """Whether the run goes in circles."""
        turns = raised_in(self._terms.limits, self._entries).turns
        return judged(self._transcript, self._entries, self._terms.stuck, turns)

    def record(self, *events: AgentEvent, contents: Sequence[bytes] = ()) -> None:
        """Write facts into the log, after those that are owed to it, and go on from what it holds then.

        Raises:
            LeaseLostError: another worker has the run; nothing was written.
        """
        self._write(events, contents)
        self._tell()

    def settle(self) -> None:
        """Write what is owed to the log, and tell of what was written."""
        if self._owed:
            self._write((), ())
        self._tell()

    def answered(self, node: NodeId, reply: Reply, ms: int) -> None:
        """Record a turn of the model."""
        content = encoded(reply.blocks)
        words = " ".join(block.text for block in reply.blocks if isinstance(block, Text))
        turn = TurnTaken(
            node=node,
            turn=self.turn + 1,
            model=reply.model,
            stop=reply.stop,
            said=words.strip()[:_SAID] or None,
            tools=tuple(block.name for block in reply.blocks if isinstance(block, ToolUse)),
            content=content_of(content),
            usage=reply.usage,
            cost=reply.cost,
            ms=ms,
            tries=reply.tries,
        )
        # The model's calls wait: the turn is told of with what comes next.
        self._write((turn,), (content,))

    def used(
        self,
        node: NodeId,
        pending: PendingCall,
        said: str,
        answer: Answered,
        ms: int,
        *more: AgentEvent,
    ) -> None:
        """Record what a tool answered, cut to what the model is shown."""
        finished, contents = _finished(node, pending, said, answer, ms)
        contents = (*answer.contents, *contents)
        self.record(*answer.events, finished, *more, contents=contents)

    def read(
        self, node: NodeId, pending: PendingCall, said: str, answer: Answered, ms: int
    ) -> None:
        """Go on from what a tool read, and owe it to the log until `settle` or the next fact.

        A crash before that loses nothing: what was only read is read again.
        """
        finished, contents = _finished(node, pending, said, answer, ms)
        self._fold_fresh(finished, contents)
        self._owed.append((finished, contents))

    def _budget(self) -> Budget:
        worked = self._spent.seconds + monotonic() - self._began
        limits = raised_in(self._terms.limits, self._entries)
        return Budget(limits, replace(self._spent, seconds=worked))

    def _write(self, events: Sequence[AgentEvent], contents: Sequence[bytes]) -> None:
        """Write facts into the log, after those that are owed to it, and fold what it holds then."""
        owed = [event for event, _contents in self._owed]
        every = [content for _event, each in self._owed for content in each]
        every += contents
        kept = self._ground.call(
            lambda engine: engine.journal.append(self._lease, [*owed, *events], every)
        )
        self._owed = []
        new = kept[len(owed) :]
        self._untold += [*owed, *new]
        for event in new:
            self._fold_fresh(event, contents)

    def _tell(self) -> None:
        told, self._untold = self._untold, []
        for event in told:
            self._told(event)

    def _fold_fresh(self, event: AgentEvent, contents: Sequence[bytes]) -> None:
        self._fresh = {Digest(digest_bytes(content)): content for content in contents}
        self._fold(Entry(0, "", event))
        self._fresh = {}

    def _fold(self, entry: Entry) -> None:
        event = entry.event
        self._entries.append(entry)
        self._transcript = self._transcript.after(event, self._content)
        match event:
            case ToolBegun():
                self._begun[event.turn, event.call] = event.node
            case TurnTaken() if entry.seq == 0:  # those read at first are counted already
                usage = event.usage
                read = usage.input + usage.cache_read + usage.cache_write
                self._spent = replace(
                    self._spent,
                    turns=self._spent.turns + 1,
                    input_tokens=self._spent.input_tokens + read,
                    output_tokens=self._spent.output_tokens + usage.output,
                    cost=self._spent.cost + (event.cost or 0),
                )
            case _:
                pass

    def _content(self, content: Content) -> bytes:
        fresh = self._fresh.get(content.digest)
        if fresh is not None:
            return fresh
        return self._ground.call(lambda engine: engine.journal.content(content))


def _finished(
    node: NodeId, pending: PendingCall, said: str, answer: Answered, ms: int
) -> tuple[ToolFinished, tuple[bytes, ...]]:
    """What is recorded of a call, and the bytes that names."""
    cut = bounded(answer.text, pending.turn, pending.number)
    shown = cut.text.encode("utf-8", "replace")
    finished = ToolFinished(
        node=node,
        turn=pending.turn,
        call=pending.number,
        tool=pending.name,
        outcome=answer.outcome,
        said=said.encode(errors="replace").decode(),
        answer=content_of(shown),
        whole=None if cut.whole is None else content_of(cut.whole),
        ms=ms,
    )
    return finished, (shown,) if cut.whole is None else (shown, cut.whole)
