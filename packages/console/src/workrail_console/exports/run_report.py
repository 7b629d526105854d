"""How does a report tell of the run of a session?"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from workrail_console.exports.marked_down import escaped, listed
from workrail_console.session_views.run_panel import RunPanel
from workrail_console.times import shown
from workrail_engine.projections.run_story import EndTold, IncidentTold, RestTold, Told, TurnTold

_MOST: Final = 100
"""Incidents that are told; the newest."""


def run_report(panel: RunPanel, told: Iterable[Told]) -> Iterator[str]:
    """The run in a few blocks: how it stands, what it used, and what happened.

    Args:
        panel: how it stands.
        told: its turns.
    """
    run, parts = panel.standing, list(told)
    yield "## The run"
    facts = [
        ("State", run.word),
        ("Why", run.sentence),
        ("To go on", run.command if run.needs_person else None),
        ("Used", run.spent),
        ("With all below it", panel.tree_words),
        ("Model", None if panel.origin is None else panel.origin.model),
        ("Tools held by", None if panel.origin is None else panel.origin.sandbox),
        ("Held by less than wished", None if panel.origin is None else panel.origin.lesser),
        ("Tools used", _tools(parts)),
    ]
    yield "\n".join(f"- {name}: {escaped(value)}" for name, value in facts if value)
    happened = [line for one in parts if (line := _line(one)) is not None]
    if happened:
        yield listed(happened[-_MOST:])


def _tools(told: Iterable[Told]) -> str:
    uses = [use.tool for turn in told if isinstance(turn, TurnTold) for use in turn.tools]
    return ", ".join(f"{tool} {count}" for tool, count in Counter(uses).most_common())


def _line(one: Told) -> str | None:
    match one:
        case IncidentTold():
            return f"{shown(one.at)}: {one.what.replace('_', ' ')}: {one.said}"
        case RestTold():
            return f"{shown(one.at)}: parked ({one.why.replace('_', ' ')}): {one.said}"
        case EndTold():
            return f"{shown(one.at)}: ended {one.outcome.replace('_', ' ')}: {one.said}"
        case _:
            return None
