"""How much may a run still use?

Asked before anything is spent. What all runs of a tree used counts, so a child cannot spend what its
parent no longer has. Nothing here reads a clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from workrail_daemon.options import Limits
from workrail_engine.agent_events import Noticed
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Entry, Spent

Measure: TypeAlias = Literal["turns", "minutes", "tokens", "usd"]

_MILLIONTHS: Final = 1_000_000
_RAISED_BY: Final[dict[Measure, str]] = {
    "turns": "50",
    "minutes": "30",
    "tokens": "500000",
    "usd": "5",
}


@dataclass(frozen=True)
class Least:
    """What a next turn costs at least: its input is known before it is asked."""

    tokens: int = 0
    cost: int = 0
    """Millionths of a US dollar; 0 where the model has no price."""


@dataclass(frozen=True)
class Exceeded:
    """A limit that is reached, or would be passed by the next turn."""

    measure: Measure
    used: float
    limit: float
    ahead: float = 0.0
    """What the next turn would use at least; 0 where the limit is reached without it."""

    def said(self, session_id: SessionId) -> str:
        """For people, with the command that lets the run go on."""
        used, limit = _amount(self.measure, self.used), _amount(self.measure, self.limit)
        now = f"{used} of {limit} used"
        if self.ahead:
            now = f"{now}, and the next turn needs {_amount(self.measure, self.ahead)} or more"
        more = f"worktrain session raise {session_id} --{self.measure} {_RAISED_BY[self.measure]}"
        return f"The budget is used up: {now}. `{more}` lets it go on."


@dataclass(frozen=True)
class Budget:
    """Limits, and what was spent of them."""

    limits: Limits
    spent: Spent
    """Of the whole tree the limits stand for."""

    def before_turn(self, least: Least | None = None) -> Exceeded | None:
        """The limit that forbids another turn; None: there may be one.

        Args:
            least: what that turn uses at least.
        """
        ahead = least or Least()
        limits, spent = self.limits, self.spent
        return (
            _over("turns", spent.turns, limits.turns)
            or _over("minutes", spent.seconds / 60, limits.minutes)
            or _over("tokens", _tokens(spent), limits.tokens, ahead.tokens)
            or _over("usd", spent.cost / _MILLIONTHS, limits.usd, ahead.cost / _MILLIONTHS)
        )

    def left(self) -> Limits | None:
        """What may still be used, a child's limits for instance; None: nothing of something."""
        limits, spent = self.limits, self.spent
        turns = limits.turns - spent.turns
        minutes = limits.minutes - spent.seconds / 60
        tokens = None if limits.tokens is None else limits.tokens - _tokens(spent)
        usd = None if limits.usd is None else limits.usd - spent.cost / _MILLIONTHS
        if any(each is not None and each <= 0 for each in (turns, minutes, tokens, usd)):
            return None
        return Limits(minutes=minutes, turns=turns, tokens=tokens, usd=usd)


def raised(limits: Limits, facts: JsonObject) -> Limits:
    """Limits with what was added to them; what has no limit has none afterwards either.

    Args:
        limits: those before.
        facts: how much more of each: `turns`, `minutes`, `tokens`, `usd`; others mean nothing.
    """
    return Limits(
        minutes=limits.minutes + _more(facts.get("minutes")),
        turns=limits.turns + int(_more(facts.get("turns"))),
        tokens=None if limits.tokens is None else limits.tokens + int(_more(facts.get("tokens"))),
        usd=None if limits.usd is None else limits.usd + _more(facts.get("usd")),
    )


def raised_in(limits: Limits, entries: Iterable[Entry]) -> Limits:
    """Limits with all that operators added to them, as the log tells it."""
    for entry in entries:
        if isinstance(entry.event, Noticed) and entry.event.what == "limits_raised":
            limits = raised(limits, entry.event.facts)
    return limits


def _over(
    measure: Measure, used: float, limit: float | None, ahead: float = 0.0
) -> Exceeded | None:
    if limit is None:
        return None
    if used >= limit:
        return Exceeded(measure, used, limit)
    return Exceeded(measure, used, limit, ahead) if used + ahead > limit else None


def _tokens(spent: Spent) -> int:
    return spent.input_tokens + spent.output_tokens


def _more(value: JsonValue) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        return value
    return 0.0


def _amount(measure: Measure, value: float) -> str:
    match measure:
        case "usd":
            return f"${value:,.2f}"
        case "minutes":
            return f"{value:,.1f} minutes".replace(".0 ", " ")
        case "turns" | "tokens":
            return f"{int(value):,} {measure}"
