"""Does a run get anywhere?

Judged after each turn, from the log alone. A call is held against a run only when it came to the same
as before, so watching something that changes is no reason to stop. The first verdict within a step is
a warning that the model is told; evidence after it ends the run, where the operator's policy says so.
Each verdict, a completed step and the words of an operator begin the count anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from workrail_daemon.agent.stuck_rules import (
    RULES,
    Act,
    Evidence,
    StuckSettings,
    TurnLine,
    Window,
)
from workrail_daemon.agent.transcript import Transcript
from workrail_daemon.agent.turns import MadeCall
from workrail_engine.agent_events import MessageGiven, Noticed, RunEnded, TurnTaken
from workrail_engine.ids import NodeId
from workrail_engine.projections.runs import Entry


@dataclass(frozen=True)
class Stuck:
    """A verdict. It is to be put into the log with `noticed`, else it is found again."""

    level: Literal["warn", "abort"]
    evidence: Evidence

    @property
    def said(self) -> str:
        """Why, in a sentence."""
        return self.evidence.said

    @property
    def nudge(self) -> str:
        """What the model is told with a warning."""
        return (
            f"You seem to be stuck. {self.evidence.said} Do not go on in this way. Read again what "
            "the results say, and try another way; if there is none, tell with report_issue what "
            "stands in the way; if the step is done, call complete_step. If this goes on, the run "
            "is ended."
        )

    def noticed(self, node: NodeId) -> Noticed:
        """The fact for the log."""
        facts = {**self.evidence.facts, "reason": self.evidence.reason, "level": self.level}
        return Noticed(node, "stuck", self.evidence.said, facts)


@dataclass(frozen=True)
class _Marks:
    """Turns after which something was put into the log that begins a count anew."""

    begun: int = 0
    """A person took the run up again after it had ended."""
    judged: int | None = None
    """The last verdict."""
    warned: int | None = None
    told: int = 0
    """An operator had a word."""
    fatal: str | None = None
    """What was reported as fatal since then."""


def judged(
    transcript: Transcript, entries: Iterable[Entry], settings: StuckSettings, most_turns: int
) -> Stuck | None:
    """The verdict on a run after its last turn; None: it gets somewhere.

    Args:
        transcript: the conversation; nothing in it is pending.
        entries: the facts it was made from, and all others of the session.
        settings: from where on something is evidence.
        most_turns: how many turns there may be.
    """
    marks = _marks(entries)
    window = _window(transcript, marks, most_turns)
    for rule in RULES:
        evidence = rule(window, settings)
        if evidence is not None:
            warned = _is_warned(transcript, marks, settings)
            is_over = warned or evidence.reason == "fatal_issue"
            return Stuck("abort" if is_over else "warn", evidence)
    return None


def _marks(entries: Iterable[Entry]) -> _Marks:
    turn = 0
    marks = _Marks()
    for entry in entries:
        match entry.event:
            case TurnTaken(turn=number):
                turn = number
            case RunEnded():
                marks = _Marks(begun=turn)
            case MessageGiven(source="operator"):
                marks = replace(marks, told=turn)
            case Noticed(what="stuck", facts={"level": "warn"}):
                marks = replace(marks, judged=turn, warned=turn, fatal=None)
            case Noticed(what="stuck"):
                marks = replace(marks, judged=turn, fatal=None)
            case Noticed(what="issue_reported", said=said, facts={"severity": "fatal"}):
                marks = replace(marks, fatal=said)
            case _:
                pass
    return marks


def _window(transcript: Transcript, marks: _Marks, most_turns: int) -> Window:
    step_end = transcript.step_end
    since = max(marks.begun, marks.judged or 0, marks.told)
    in_step = max(marks.begun, 0 if step_end is None else step_end.turn)
    calls = [
        call
        for call in transcript.calls
        if call.turn > since and (step_end is None or call.at > step_end)
    ]
    lines = tuple(
        TurnLine(turn.number, len(turn.calls), turn.usage.output)
        for turn in transcript.turns
        if turn.number > max(since, in_step)
    )
    return Window(
        acts=_acts(calls),
        turns=lines,
        turn=transcript.turn,
        most_turns=most_turns,
        steps=transcript.steps_completed,
        turns_in_step=transcript.turn - in_step,
        turns_since=None if marks.judged is None else transcript.turn - marks.judged,
        fatal=marks.fatal,
    )


def _acts(calls: Sequence[MadeCall]) -> tuple[Act, ...]:
    """Calls that ended; one that was interrupted says nothing of the agent."""
    return tuple(
        Act(
            turn=call.turn,
            tool=call.use.name,
            said=call.result.said,
            sameness=f"{call.asked} {call.result.digest}",
            outcome=call.result.outcome,
            seconds=call.result.ms / 1000,
        )
        for call in calls
        if call.result is not None and call.result.outcome != "interrupted"
    )


def _is_warned(transcript: Transcript, marks: _Marks, settings: StuckSettings) -> bool:
    if marks.warned is None or transcript.turn - marks.warned > settings.warning_turns:
        return False
    return transcript.step_end is None or transcript.step_end.turn <= marks.warned
