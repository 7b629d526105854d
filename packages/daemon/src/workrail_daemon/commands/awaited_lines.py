"""How is it told what came of runs, and what happens while they are waited for?"""

from workrail_daemon.commands.looking import SeenRun
from workrail_daemon.commands.results import completed_steps
from workrail_daemon.commands.run_lines import (
    cost_words,
    run_line,
    short_id,
    standing,
    what_wakes,
)
from workrail_daemon.commands.terminal import indented, page, remark, say
from workrail_daemon.commands.waiting import Awaited, Came
from workrail_engine.errors import WorkRailError
from workrail_engine.reader import Reader


def told(run: SeenRun) -> None:
    """Say on stderr that a run changed, and what it needs."""
    if run.view.state == "ended":
        return
    todo = what_wakes(run.view) if run.view.state == "parked" else None
    more = "" if todo is None else f" ({todo})"
    remark(f"{short_id(run.view.session_id)} {standing(run.view, run.at)}{more}")


def print_awaited(reader: Reader, awaited: Awaited) -> None:
    """Say what came of runs to a person."""
    for run in awaited.runs:
        page().print(run_line(run.view, run.summary, run.at, attended=run.attended))
        if run.view.said:
            say(f"  {run.view.said}")
        _print_notes(reader, run)
    match awaited.came:
        case Came.TIME_OVER:
            remark("The time is over; the runs go on.")
        case Came.LEFT_ALONE:
            remark("Nobody works on it. Start a daemon with `worktrain daemon`; it goes on then.")
        case Came.COMPLETED | Came.OTHERWISE:
            total = ", ".join(cost_words(run.view.spent) for run in awaited.runs)
            remark(f"Used: {total}.")


def _print_notes(reader: Reader, run: SeenRun) -> None:
    if run.view.state != "ended":
        return
    try:
        steps = completed_steps(reader.session(run.view.session_id))
    except WorkRailError as error:
        say(f"  {error}")
        return
    if steps and steps[-1].node.notes:
        page().print(indented(steps[-1].node.notes, 2))
