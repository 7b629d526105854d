"""How does an unattended run stand, in words, and what helps it?

Each state has a word, a sign, and where it does not go on by itself a sentence and a command.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from workrail_console.times import clock_time, lasted, shown
from workrail_engine.projections.run_lines import RunLine, RunMark
from workrail_engine.projections.runs import RunView, Spent

Tone: TypeAlias = Literal["works", "waits", "asks", "failed", "done", "over"]
"""What a run's state means: someone drives it; something or its turn is waited for; a person is needed;
it ended with its work undone; completed; ended because somebody wanted it."""
_RAISE: Final = re.compile(r"`(worktrain session raise sess_[a-z2-7]{26}(?: --[a-z]+ [0-9.]+)+)`")
"""The command a spent budget names itself."""
_SIGNS: Final[dict[Tone, str]] = {
    "works": "▶",
    "waits": "◷",
    "asks": "?",
    "failed": "✕",
    "done": "✓",
    "over": "∅",
}


@dataclass(frozen=True)
class RunBadge:
    """Something that happened to a run lately."""

    word: str
    sign: str
    tone: Tone
    said: str
    """The evidence."""


@dataclass(frozen=True)
class RunStanding:
    """How a run stands."""

    word: str
    """`queued`, `thinking for 12 s`, `waits for child`, `out of budget`, `stuck`, …"""
    tone: Tone
    sign: str
    sentence: str | None
    """Why it does not go on by itself, or how it ended."""
    command: str | None
    """What helps; None where it needs nobody."""
    needs_person: bool
    badges: tuple[RunBadge, ...]
    spent: str
    """Turns, tokens and cost, in a few words."""


def run_standing(line: RunLine, now: datetime) -> RunStanding:
    """How a run stands now."""
    view = line.view
    word, tone, sentence = _stands(line, now)
    command = _command(line)
    if sentence is not None and command is not None:  # which is shown beside it
        sentence = sentence.replace(f" `{command}` lets it go on.", "")
    if view.wish is not None and view.state != "ended":
        word = f"{word}, to be {'cancelled' if view.wish == 'cancel' else 'paused'}"
    return RunStanding(
        word=word,
        tone=tone,
        sign=_SIGNS[tone],
        sentence=sentence,
        command=command,
        needs_person=tone in ("asks", "failed"),
        badges=tuple(_badge(mark) for mark in line.marks if _is_news(mark, view)),
        spent=spent_words(view.spent),
    )


def spent_words(spent: Spent) -> str:
    """Turns, tokens and cost; what is nothing is left out."""
    tokens = spent.input_tokens + spent.output_tokens
    turns = f"{spent.turns:,} {'turn' if spent.turns == 1 else 'turns'}"
    parts = [turns, f"{in_short(tokens)} tokens" if tokens else "", money(spent.cost)]
    return " · ".join(part for part in parts if part)


def money(cost: int) -> str:
    """Millionths of US dollars as dollars; empty where nothing was paid."""
    dollars = cost / 1_000_000
    return "" if not cost else f"${dollars:,.2f}" if dollars >= 0.1 else f"${dollars:.4f}"


def in_short(number: int) -> str:
    """A large number to three places: `12.3k`."""
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if number >= size:
            short = number / size
            return f"{short:.0f}{letter}" if short >= 100 else f"{short:.1f}{letter}"
    return str(number)


def _stands(line: RunLine, now: datetime) -> tuple[str, Tone, str | None]:
    view = line.view
    match view.state:
        case "queued":
            since = lasted(view.ordered_at, now.isoformat())
            crashed = f" It lost its driver {_times(view.crashes)}." if view.crashes else ""
            return "queued", "waits", f"Ordered {since} ago; a daemon takes it up.{crashed}"
        case "running":
            return _works(view, now)
        case "parked":
            return _rests(line, now)
        case _:
            return _ended(view)


def _works(view: RunView, now: datetime) -> tuple[str, Tone, str | None]:
    if view.overdue:
        who = view.worker or "Its driver"
        why = f"{who} was not heard of for as long as its lease lasts; a daemon takes the run over."
        return "driver lost", "waits", why
    if view.doing is None:
        return "getting ready", "works", None
    return f"{view.doing.what} for {lasted(view.doing.since, now.isoformat())}", "works", None


_RESTS: Final[dict[str, tuple[str, Tone]]] = {
    "child": ("waits for child", "waits"),
    "operator": ("asks you", "asks"),
    "approval": ("waits for approval", "asks"),
    "budget": ("out of budget", "asks"),
    "rate_limit": ("rests (model busy)", "waits"),
    "paused": ("paused", "over"),
    "drained": ("rests until a daemon starts", "waits"),
    "tooling": ("tooling failed", "asks"),
}


def _rests(line: RunLine, now: datetime) -> tuple[str, Tone, str | None]:
    word, tone = _RESTS[line.view.rest or "paused"]
    if line.until is None or line.view.rest != "rate_limit":
        return word, tone, line.view.said
    far = datetime.fromisoformat(line.until).date() != now.date()
    until = shown(line.until) if far else clock_time(line.until)
    return f"rests until {until} (model busy)", tone, line.view.said


_ENDS: Final[dict[str, tuple[str, Tone]]] = {
    "completed": ("completed", "done"),
    "incomplete": ("incomplete", "failed"),
    "error": ("error", "failed"),
    "stuck": ("stuck", "failed"),
    "cancelled": ("cancelled", "over"),
    "interrupted_tooling_failure": ("tooling failed", "failed"),
}


def _ended(view: RunView) -> tuple[str, Tone, str | None]:
    word, tone = _ENDS[view.outcome or "error"]
    return word, tone, view.said


def _command(line: RunLine) -> str | None:
    view = line.view
    name = view.session_id
    if view.state == "ended":
        failed = view.outcome not in ("completed", None)
        return f"worktrain session retry {name}" if failed else None
    if view.state != "parked":
        return None
    match view.rest:
        case "operator":
            asked = line.question
            return "worktrain inbox" if asked is None else f'worktrain answer {asked} "…"'
        case "approval":
            return f"workrail approve {name}"
        case "budget":
            found = _RAISE.search(view.said or "")
            own = found is not None and name in found[1]
            return found[1] if found and own else f"worktrain session raise {name} --usd 5"
        case "paused" | "tooling":
            return f"worktrain session resume {name}"
        case _:
            return None


def _is_news(mark: RunMark, view: RunView) -> bool:
    """Whether the state does not say it already, or has not overtaken it."""
    if mark.what == "stuck":
        return view.outcome is None or (view.outcome not in ("stuck", "completed"))
    return True


def _badge(mark: RunMark) -> RunBadge:
    match mark.what:
        case "stuck":
            word = "nearly stuck" if mark.warned else "stuck"
            return RunBadge(word, "↻", "asks" if mark.warned else "failed", mark.said)
        case "self_heal_started":
            return RunBadge("healing", "✚", "waits", mark.said)
        case "self_heal_succeeded":
            return RunBadge("self-healed", "✚", "done", mark.said)
        case _:
            return RunBadge("not healed", "✕", "failed", mark.said)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
