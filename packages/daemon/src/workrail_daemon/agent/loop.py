"""How does a run go on? Read this first.

The session's log is the only journal. Each turn of the loop looks at what is recorded, finds the one
thing to do next, does it, and records what came of it; a crash in between repeats that one thing at
most. The loop ends when the run rests, is over, or belongs to someone else.
"""

from collections.abc import Callable
from time import monotonic
from typing import Final

from workrail_daemon.agent.calls import Calls
from workrail_daemon.agent.kit import Kit
from workrail_daemon.agent.position import Position
from workrail_daemon.agent.story import Story
from workrail_daemon.dispatch.contract import Ended, Lost, Parked
from workrail_daemon.errors import ModelBusyError, ModelRefusedError, StoppedError
from workrail_daemon.models.protocol import ModelRequest, Reply, Retried
from workrail_daemon.stopping import CANCELLED, DRAINED, LOST, PAUSED, Stop
from workrail_engine.agent_events import (
    Incident,
    MessageGiven,
    Noticed,
    Rest,
    RunEnded,
    RunOutcome,
    RunParked,
    Source,
)
from workrail_engine.canonical import JsonObject

_NUDGES: Final = 2
"""How often a model that ends its turn too early is told to go on, within one step."""
_BUSY_RESTS: Final = 20
"""How often in a row a run rests because its model is busy."""
_FIRST_REST: Final = 30.0
_LONGEST_REST: Final = 1800.0
Settled = Parked | Ended | Lost


class Loop:
    """One run, from where its log ends until it settles."""

    def __init__(
        self, kit: Kit, story: Story, position: Position, stop: Stop, doing: Callable[[str], None]
    ) -> None:
        self._kit = kit
        self._story = story
        self._position = position
        self._stop = stop
        self._doing = doing
        self._calls = Calls(kit, story, position, stop, doing)

    def run(self) -> Settled:
        """Go on until the run settles.

        Raises:
            LeaseLostError: another worker has the run; nothing more was written.
            WorkRailError: the engine or its store failed.
        """
        while True:
            settled = self._advance()
            if settled is not None:
                return settled

    def _advance(self) -> Settled | None:
        """Do the one thing that is next."""
        if self._stop.given:
            return self._stopped()
        if self._story.pending:
            return self._call()
        if self._position.completed:
            return self._end("completed", "The workflow is complete.")
        if self._position.waits:
            return self._park("approval", "The session waits for approval.")
        return self._hear() or self._spare() or self._watch() or self._nudge() or self._ask()

    def _call(self) -> Settled | None:
        """Use the next tool the model called."""
        try:
            return self._calls.make(self._story.pending[0])
        except StoppedError:
            return self._stopped()

    def _hear(self) -> None:
        """Take in what operators sent."""
        for message in self._kit.mail.waiting():
            match message.kind:
                case "steer":
                    self._say("operator", message.text)
                case "note":
                    self._say("child", message.text)
                case "raise":
                    self._notice("limits_raised", message.text, message.facts)
                case _:
                    continue
            self._kit.mail.done(message)

    def _spare(self) -> Settled | None:
        """Rest before more is spent than was allowed."""
        exceeded = self._story.exceeded()
        return (
            None if exceeded is None else self._park("budget", exceeded.said(self._kit.session_id))
        )

    def _watch(self) -> Settled | None:
        """Notice that the run goes in circles: say so once, then end it."""
        stuck = self._story.stuck()
        if stuck is None:
            return None
        node = self._position.node
        ends = stuck.level == "abort" and self._kit.stuck_policy == "abort"
        if ends:
            over = RunEnded(node, "stuck", stuck.said)
            self._story.record(stuck.noticed(node), over)
            return Ended("stuck", stuck.said)
        warning = self._words("nudge", stuck.nudge)
        self._story.record(stuck.noticed(node), *([warning] if stuck.level == "warn" else []))
        return None

    def _nudge(self) -> Settled | None:
        """Tell a model that ended its turn that the step is not complete; a few times only."""
        early = self._story.ended_early
        if early is None:
            return None
        if self._story.nudges >= _NUDGES:
            said = (
                f"The model ended its turn {_NUDGES + 1} times without completing the step "
                f"({early}). Nothing of it was delivered."
            )
            return self._end("incomplete", said)
        self._say("nudge", _ADVICE.get(early, _ADVICE["end_turn"]))
        return None

    def _ask(self) -> Settled | None:
        """Ask the model."""
        client = self._kit.client(self._position.tier)
        pruned = self._story.pruned()
        if pruned is not None:
            self._story.record(pruned.noticed(self._position.node))
        request = ModelRequest(
            self._kit.system,
            self._story.messages(),
            self._kit.toolbox.specs,
            self._kit.max_output_tokens,
        )
        self._doing("thinking")
        begun = monotonic()
        try:
            reply = client.ask(request, self._stop, self._retried, self._story.settle)
        except StoppedError:
            return self._stopped()
        except ModelRefusedError as error:
            return self._end("error", str(error))
        except ModelBusyError as error:
            return self._rest(error)
        return self._answered(reply, begun)

    def _answered(self, reply: Reply, begun: float) -> Settled | None:
        self._story.answered(self._position.node, reply, round((monotonic() - begun) * 1000))
        if reply.stop == "refusal":
            said = f"The model {reply.model} refused to go on. Give the work to another model."
            return self._end("error", said)
        return None

    def _rest(self, error: ModelBusyError) -> Settled:
        """Give the slot back while a model is busy."""
        rests = self._story.rests("rate_limit")
        if rests >= _BUSY_RESTS:
            return self._end("error", f"The model was busy {rests} times in a row: {error}")
        wait = error.retry_after or min(_FIRST_REST * 2.0**rests, _LONGEST_REST)
        return self._park("rate_limit", str(error), wait)

    def _retried(self, again: Retried) -> None:
        what: Incident = "model_replaced" if again.replaced else "model_retried"
        facts = {"why": again.why, "wait": round(again.wait, 3), "model": again.model}
        said = f"{again.why}; asking {again.model} in {again.wait:.1f} s."
        self._notice(what, said, facts)

    def _stopped(self) -> Settled:
        match self._stop.reason:
            case reason if reason == CANCELLED:
                return self._end("cancelled", "It was cancelled.")
            case reason if reason == PAUSED:
                return self._park("paused", "It was paused. `worktrain session resume` goes on.")
            case reason if reason == DRAINED:
                return self._park("drained", "The daemon was stopped; its next start goes on.")
            case reason if reason == LOST:
                return Lost()
            case _:
                return self._end("interrupted_tooling_failure", self._stop.reason)

    def _say(self, source: Source, text: str) -> None:
        self._story.record(self._words(source, text))

    def _words(self, source: Source, text: str) -> MessageGiven:
        turn, message = self._story.turn, self._story.messages_after_turn + 1
        return MessageGiven(self._position.node, turn, message, source, text)

    def _notice(self, what: Incident, said: str, facts: JsonObject) -> None:
        self._story.record(Noticed(self._position.node, what, said, facts))

    def _park(self, why: Rest, said: str, wait: float | None = None) -> Parked:
        until = None if wait is None else self._kit.later(wait)
        self._story.record(RunParked(self._position.node, why, said, until, ()))
        return Parked(why, said, wait)

    def _end(self, outcome: RunOutcome, said: str) -> Ended:
        self._story.record(RunEnded(self._position.node, outcome, said))
        return Ended(outcome, said)


_ADVICE: Final = {
    "end_turn": (
        "The step is not complete. Go on working on it. When all of it is done, call complete_step; "
        "if it cannot be done, call report_issue and say why."
    ),
    "max_tokens": "Your answer was cut at its limit. Go on where it ended, in smaller pieces.",
}
