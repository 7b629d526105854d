"""What does the page of a session say of its run, and what did the run do turn by turn?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from workrail_console.run_words import RunStanding, in_short, money, run_standing, spent_words
from workrail_engine.canonical import JsonValue
from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import SessionId
from workrail_engine.ports import Clock
from workrail_engine.projections.run_lines import RunLine
from workrail_engine.projections.run_story import RunOrigin, RunStory
from workrail_engine.projections.runs import Spent
from workrail_engine.reader import Reader

TURNS_A_PAGE: Final = 25
_MEASURES: Final = ("turns", "minutes", "tokens", "usd")


@dataclass(frozen=True)
class Limit:
    """One of a run's limits, and what was used of it."""

    measure: str
    used: str
    of: str
    parts: int
    """Used hundredths of it, at most 100."""


@dataclass(frozen=True)
class RunPanel:
    """The run of a session."""

    line: RunLine
    standing: RunStanding
    origin: RunOrigin | None
    """None until a driver took it up."""
    tree: Spent
    """What it and all runs below it have used."""
    tree_words: str | None
    """The same in words, where there are runs below it."""
    limits: tuple[Limit, ...]
    """Those it was ordered with; the others come from the settings."""
    problem: str | None
    """Why not all of it can be told."""


@dataclass(frozen=True)
class TurnsView:
    """A stretch of a run."""

    story: RunStory
    pages: tuple[int, ...]
    """The first turn of each stretch; empty where one holds all."""


def run_panel(reader: Reader, clock: Clock, line: RunLine) -> RunPanel:
    """The run of a session.

    Args:
        reader: of the store.
        clock: tells since when it does what it does.
        line: the run, as a list has it.
    """
    session_id: SessionId = line.view.session_id
    origin, problem = None, None
    try:
        origin = reader.inspection.run_origin(session_id)
    except CorruptSessionError as error:
        problem = str(error)
    tree = reader.runs.tree_spent(session_id)
    below = tree.turns > line.view.spent.turns or bool(reader.runs.below(session_id))
    return RunPanel(
        line=line,
        standing=run_standing(line, clock.now()),
        origin=origin,
        tree=tree,
        tree_words=spent_words(tree) if below else None,
        limits=tuple(_limits(line.view.options, {} if origin is None else origin.raised, tree)),
        problem=problem,
    )


def turns_view(reader: Reader, session_id: SessionId, turn: int | None) -> TurnsView:
    """The stretch of turns that holds one, the newest for None."""
    story = reader.inspection.run_story(session_id, turn)
    firsts = range(1, story.turns + 1, TURNS_A_PAGE)
    return TurnsView(story, tuple(firsts) if len(firsts) > 1 else ())


def _limits(
    options: Mapping[str, JsonValue], raised: Mapping[str, float], spent: Spent
) -> Iterator[Limit]:
    ordered = options.get("limits")
    limits = ordered if isinstance(ordered, dict) else {}
    used = {
        "turns": float(spent.turns),
        "minutes": spent.seconds / 60,
        "tokens": float(spent.input_tokens + spent.output_tokens),
        "usd": spent.cost / 1_000_000,
    }
    for measure in _MEASURES:
        limit = limits.get(measure)
        if isinstance(limit, int | float) and limit > 0:
            whole = limit + raised.get(measure, 0)
            parts = min(100, round(used[measure] / whole * 100))
            yield Limit(measure, _amount(measure, used[measure]), _amount(measure, whole), parts)


def _amount(measure: str, value: float) -> str:
    match measure:
        case "usd":
            return money(round(value * 1_000_000)) or "$0"
        case "tokens":
            return in_short(round(value))
        case "minutes":
            return f"{value:,.1f}" if value < 10 else f"{value:,.0f}"
        case _:
            return f"{value:,.0f}"
