"""How is a run told to a person, in a line or in some?"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, assert_never

from pydantic import ValidationError
from rich.text import Text

from workrail_daemon.commands.terminal import moment, one_line, styled
from workrail_daemon.options import RunOptions
from workrail_engine.canonical import JsonObject
from workrail_engine.projections.runs import RunState, RunView, Spent
from workrail_engine.projections.session_summary import SessionSummary

_RAISES: Final = re.compile(r"`worktrain session raise \S+ (?P<amount>--[a-z]+ [0-9.]+)`")
"""What a run that was parked for its budget says would let it go on."""
_SHORT: Final = 13
"""Characters of an id that are shown in lists: `sess_` and eight."""


def short_id(session_id: str) -> str:
    """The beginning of an id, enough to name its session in nearly every store."""
    return session_id[:_SHORT]


def run_line(
    view: RunView, summary: SessionSummary | None, now: datetime, *, attended: bool
) -> Text:
    """A run in one line."""
    about = (
        "what it is about cannot be read"
        if summary is None
        else f"{summary.workflow_id}  {one_line(summary.goal, 60)}"
    )
    mark = "" if attended else "  (nobody works on it: worktrain daemon)"
    return styled(
        (short_id(view.session_id), "bold"),
        "  ",
        (f"{standing(view, now)}", style(view)),
        f"  {cost_words(view.spent)}  ",
        about,
        (mark, "yellow"),
    )


def standing(view: RunView, now: datetime) -> str:
    """How a run stands, in some words."""
    match view.state:
        case "running":
            doing = view.doing
            what = "beginning" if doing is None else f"{doing.what} for {_since(doing.since, now)}"
            wish = {None: "", "cancel": ", is to be cancelled", "pause": ", is to pause"}[view.wish]
            return f"{what}{wish}"
        case "queued":
            return f"queued for {_since(view.ordered_at, now)}"
        case "parked":
            return f"parked: {_RESTS[view.rest or 'paused']}"
        case "ended":
            return view.outcome or "ended"
        case _:
            assert_never(view.state)


def style(view: RunView) -> str:
    """The colour of how a run stands."""
    if view.state == "ended":
        return "green" if view.outcome == "completed" else "red"
    if view.state == "parked" and view.rest in NEEDS_A_PERSON:
        return "magenta"
    colours: dict[RunState, str] = {"running": "cyan", "parked": "yellow"}
    return colours.get(view.state, "dim")


NEEDS_A_PERSON = frozenset({"operator", "approval", "budget", "paused", "tooling"})
"""Rests that end when a person does something."""

_RESTS = {
    "child": "waits for child sessions",
    "operator": "waits for an answer",
    "approval": "waits for approval",
    "budget": "its budget is spent",
    "rate_limit": "its model is busy",
    "paused": "paused",
    "drained": "the daemon was stopped",
    "tooling": "the store or a tool failed",
}


def cost_words(spent: Spent) -> str:
    """What a run has used, in a few words."""
    turns = "1 turn" if spent.turns == 1 else f"{spent.turns} turns"
    return f"{turns}, {money(spent.cost)}"


def money(cost: int) -> str:
    """Millionths of US dollars, as dollars; small sums to the tenth of a cent."""
    dollars = cost / 1_000_000
    return f"${dollars:.2f}" if dollars >= 1 or cost == 0 else f"${dollars:.3f}"


def duration(seconds: float) -> str:
    """A time span in its two largest units."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3600} h"


def what_wakes(view: RunView) -> str | None:
    """What a person can do about a run that does not go on by itself; None: nothing is needed."""
    name = short_id(view.session_id)
    match view.rest if view.state == "parked" else None:
        case "operator":
            return "worktrain inbox shows the question; worktrain answer NUMBER TEXT answers it"
        case "approval":
            return f"workrail approve {view.session_id} shows what waits, and asks"
        case "budget":
            said = _RAISES.search(view.said or "")
            amount = said["amount"] if said else "--usd 5 (or --turns, --minutes, --tokens)"
            return f"worktrain session raise {name} {amount}"
        case "paused" | "tooling":
            return f"worktrain session resume {name}"
        case _:
            return f"worktrain session retry {name}" if _failed(view) else None


def facts(view: RunView, now: datetime) -> list[tuple[str, str]]:
    """What is to be said of a run, as labels and texts."""
    told = [("stands", standing(view, now))]
    if view.said:
        told.append(("because", view.said))
    todo = what_wakes(view)
    if todo is not None:
        told.append(("to go on", todo))
    spent = view.spent
    tokens = f"{spent.input_tokens:,} tokens read, {spent.output_tokens:,} written"
    told.append(("used", f"{cost_words(spent)}, {tokens}, {duration(spent.seconds)} of work"))
    if view.parent is not None:
        told.append(("parent", view.parent))
    if view.worker is not None:
        told.append(("worker", f"{view.worker}, claim {view.epoch}"))
    if view.crashes:
        told.append(("crashes", f"{view.crashes} in a row without progress"))
    told.append(("ordered", moment(view.ordered_at)))
    if view.ended_at is not None:
        told.append(("ended", moment(view.ended_at)))
    return told


def wishes(options: JsonObject) -> str:
    """What a run was ordered with, as far as it differs from any run."""
    try:
        given = RunOptions.model_validate(options).model_dump(mode="json", exclude_defaults=True)
    except ValidationError:  # a later release wrote it
        given = dict(options)
    return ", ".join(_wished(given))


def _wished(given: Mapping[str, Any]) -> Iterator[str]:
    for name, value in given.items():
        match value:
            case {**inner}:
                yield from _wished(inner)
            case [*several]:
                yield f"{name} {' '.join(map(str, several))}"
            case _:
                yield f"{name} {value}"


def _failed(view: RunView) -> bool:
    return view.state == "ended" and view.outcome != "completed"


def _since(timestamp: str, now: datetime) -> str:
    return duration((now - datetime.fromisoformat(timestamp)).total_seconds())
