"""What does a list say of an unattended run, and what do the runs of a tree come to?"""

from collections.abc import Mapping
from dataclasses import dataclass

from workrail_engine.agent_events import Incident
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunView, Spent


@dataclass(frozen=True)
class RunMark:
    """Something that happened to a run lately and that a list says of it."""

    what: Incident
    """`stuck`, `self_heal_started`, `self_heal_succeeded`, `self_heal_failed`."""
    said: str
    at: str
    """RFC 3339, UTC."""
    warned: bool
    """Of `stuck`: the agent was only warned."""


@dataclass(frozen=True)
class RunLine:
    """A run as a row of a list tells it."""

    view: RunView
    until: str | None
    """When a parked run goes on by time alone; None where it waits for something else."""
    question: int | None
    """The number of the message in which it asks the operators something."""
    marks: tuple[RunMark, ...]
    """The last of each kind among the newest events of its log, oldest first."""


@dataclass(frozen=True)
class RunFigures:
    """What all runs of a store come to."""

    states: dict[str, int]
    """How many there are, by state; of those that are over, by outcome."""
    rests: dict[str, int]
    """Of the parked ones, by what they wait for."""
    spent: Spent
    """By all of them so far; the time of those that run at this moment left out."""


def rolled_up(
    parents: Mapping[SessionId, SessionId | None], own: Mapping[SessionId, Spent]
) -> dict[SessionId, Spent]:
    """What each session of a tree and those below it have used.

    Args:
        parents: of every session; one that is not a key itself ends the way up.
        own: what each used; sessions without a run are left out.

    Returns:
        Sessions with a run at or below them; in a circle nothing is counted twice.
    """
    children: dict[SessionId, list[SessionId]] = {}
    tops: list[SessionId] = []
    for session, parent in parents.items():
        if parent is None or parent not in parents:
            tops.append(session)
        else:
            children.setdefault(parent, []).append(session)
    order: list[SessionId] = []
    seen: set[SessionId] = set()
    for top in [*tops, *parents]:  # those in a circle are below no top
        due = [top]
        while due:
            session = due.pop()
            if session not in seen:
                seen.add(session)
                order.append(session)
                due.extend(children.get(session, ()))
    sums = dict(own)
    place = {session: number for number, session in enumerate(order)}
    for session in reversed(order):
        parent = parents[session]
        if parent is None or session not in sums:
            continue
        if place.get(parent, place[session]) < place[session]:
            sums[parent] = together(sums.get(parent, Spent()), sums[session])
    return sums


def together(one: Spent, other: Spent) -> Spent:
    """The sum of two."""
    return Spent(
        one.turns + other.turns,
        one.input_tokens + other.input_tokens,
        one.output_tokens + other.output_tokens,
        one.cost + other.cost,
        one.seconds + other.seconds,
    )
