"""What counts as evidence that a run gets nowhere?

Each rule looks at a stretch of the run and answers with evidence or None. The order of `RULES` is the
order of weight: the first evidence is the one that is told.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from workrail_engine.agent_events import ToolOutcome
from workrail_engine.canonical import JsonObject, JsonValue

Reason: TypeAlias = Literal[
    "fatal_issue", "repeats", "cycle", "failures", "wordy", "idle", "no_progress"
]


@dataclass(frozen=True)
class StuckSettings:
    """From where on something is evidence."""

    repeats: int = 3
    """Equal calls with equal results, one after the other."""
    longest_cycle: int = 4
    """Calls of the longest round that is looked for."""
    cycle_rounds: int = 2
    """Equal rounds, one after the other."""
    waiting_seconds: float = 20
    """A call that takes this long is waiting for something outside."""
    waiting_rounds: int = 10
    """In place of `repeats` and `cycle_rounds` where the calls wait."""
    failures_among: int = 10
    """Calls that are looked at."""
    failure_share: float = 0.5
    """Of them; more is evidence."""
    may_fail: tuple[str, ...] = ("Bash",)
    """Tools whose failing is a part of work, a failing test for instance."""
    wordy_turns: int = 3
    """Turns in a row without a call, each of more tokens than `wordy_tokens`."""
    wordy_tokens: int = 4000
    idle_turns: int = 5
    """Turns in a row without a call."""
    turns_a_step: int = 60
    """Turns without a step completed."""
    first_step_by: float = 0.8
    """Of all turns there are; by then some step has to be completed."""
    patience: int = 10
    """Turns after a verdict before lack of progress is evidence again."""
    warning_turns: int = 25
    """How long a warning stands."""


@dataclass(frozen=True)
class Act:
    """A call that came to an end."""

    turn: int
    tool: str
    said: str
    """Its arguments in short."""
    sameness: str
    """Equal for the same tool with the same arguments and the same result."""
    outcome: ToolOutcome
    seconds: float


@dataclass(frozen=True)
class TurnLine:
    """A turn of the model."""

    number: int
    calls: int
    output: int
    """Tokens."""


@dataclass(frozen=True)
class Window:
    """The stretch that is looked at: since the last completed step, and since the last verdict."""

    acts: tuple[Act, ...] = ()
    turns: tuple[TurnLine, ...] = ()
    turn: int = 0
    """All turns there were."""
    most_turns: int = 200
    """All turns there may be."""
    steps: int = 0
    """All steps that were completed."""
    turns_in_step: int = 0
    """Since the last completed step."""
    turns_since: int | None = None
    """Since the last verdict; None: there was none."""
    fatal: str | None = None
    """An issue the agent itself called fatal."""


@dataclass(frozen=True)
class Evidence:
    """Why a run seems to get nowhere."""

    reason: Reason
    said: str
    """In a sentence, for people and for the model."""
    facts: JsonObject = field(default_factory=dict[str, JsonValue])


Rule: TypeAlias = Callable[[Window, StuckSettings], Evidence | None]


def fatal_issue(window: Window, _settings: StuckSettings) -> Evidence | None:
    """The agent said itself that it cannot go on."""
    if window.fatal is None:
        return None
    return Evidence("fatal_issue", f"The agent reported a fatal issue: {window.fatal}")


def repeats(window: Window, settings: StuckSettings) -> Evidence | None:
    """One call over and over, always with the same result."""
    rounds = _rounds(window.acts, 1)
    if rounds == 0 or rounds < _enough(window.acts[-rounds:], settings.repeats, settings):
        return None
    call = _named(window.acts[-1])
    said = f"The same call was made {rounds} times in a row, with the same result: {call}."
    return Evidence("repeats", said, {"times": rounds, "calls": [call]})


def cycle(window: Window, settings: StuckSettings) -> Evidence | None:
    """A few calls in turn, over and over, always with the same results."""
    for period in range(2, settings.longest_cycle + 1):
        rounds = _rounds(window.acts, period)
        round_of = window.acts[-period * rounds :] if rounds else ()
        if rounds >= max(2, _enough(round_of, settings.cycle_rounds, settings)):
            calls = [_named(act) for act in window.acts[-period:]]
            said = (
                f"The same {period} calls were made {rounds} times in turn, with the same results: "
                f"{', '.join(calls)}."
            )
            return Evidence("cycle", said, {"times": rounds, "calls": calls})
    return None


def failures(window: Window, settings: StuckSettings) -> Evidence | None:
    """Most calls fail."""
    recent = window.acts[-settings.failures_among :]
    failed = [act for act in recent if _failed(act, settings)]
    if len(recent) < settings.failures_among:
        return None
    if len(failed) <= settings.failure_share * len(recent):
        return None
    tools = sorted({act.tool for act in failed})
    said = f"{len(failed)} of the last {len(recent)} calls failed ({', '.join(tools)})."
    return Evidence(
        "failures", said, {"failed": len(failed), "of": len(recent), "tools": list(tools)}
    )


def wordy(window: Window, settings: StuckSettings) -> Evidence | None:
    """Many words, and nothing is done."""
    recent = window.turns[-settings.wordy_turns :]
    if len(recent) < settings.wordy_turns:
        return None
    if any(turn.calls or turn.output <= settings.wordy_tokens for turn in recent):
        return None
    tokens = sum(turn.output for turn in recent)
    said = f"{len(recent)} turns in a row were {tokens:,} tokens of words and no call of a tool."
    return Evidence("wordy", said, {"turns": len(recent), "tokens": tokens})


def idle(window: Window, settings: StuckSettings) -> Evidence | None:
    """Only words."""
    recent = window.turns[-settings.idle_turns :]
    if len(recent) < settings.idle_turns or any(turn.calls for turn in recent):
        return None
    said = f"{len(recent)} turns in a row called no tool."
    return Evidence("idle", said, {"turns": len(recent)})


def no_progress(window: Window, settings: StuckSettings) -> Evidence | None:
    """Turn after turn, and no step is completed."""
    if window.turns_since is not None and window.turns_since < settings.patience:
        return None
    if window.steps == 0 and window.turn >= settings.first_step_by * window.most_turns:
        said = f"{window.turn} of {window.most_turns} turns are used, and no step is completed yet."
        return Evidence("no_progress", said, {"turns": window.turn, "of": window.most_turns})
    if window.turns_in_step >= settings.turns_a_step:
        said = f"{window.turns_in_step} turns went into one step, and it is not completed."
        return Evidence("no_progress", said, {"turns": window.turns_in_step})
    return None


RULES: Final[tuple[Rule, ...]] = (
    fatal_issue,
    repeats,
    cycle,
    failures,
    wordy,
    idle,
    no_progress,
)


def _rounds(acts: tuple[Act, ...], period: int) -> int:
    """How many equal rounds of so many calls the acts end with; 0: there are fewer calls."""
    if len(acts) < period:
        return 0
    equal = period
    while equal < len(acts) and acts[-equal - 1].sameness == acts[-equal - 1 + period].sameness:
        equal += 1
    return equal // period


def _enough(acts: tuple[Act, ...], rounds: int, settings: StuckSettings) -> int:
    """How many rounds are evidence: more where the calls wait for something outside."""
    if not acts or sum(act.seconds for act in acts) / len(acts) < settings.waiting_seconds:
        return rounds
    return max(rounds, settings.waiting_rounds)


def _failed(act: Act, settings: StuckSettings) -> bool:
    return act.outcome == "refused" or (
        act.outcome == "error" and act.tool not in settings.may_fail
    )


def _named(act: Act) -> str:
    said = act.said if len(act.said) <= 100 else f"{act.said[:99]}…"
    return f"{act.tool} {said}".rstrip(" .")
