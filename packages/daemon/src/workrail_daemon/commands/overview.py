"""`worktrain overview`: what needs you, what goes on, what ended, what did it cost?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import click

from workrail_daemon.commands.looking import Lookout, SeenRun
from workrail_daemon.commands.mailing import for_operators, message_lines
from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.run_json import message_json, run_json, usd
from workrail_daemon.commands.run_lines import (
    NEEDS_A_PERSON,
    money,
    run_line,
    what_wakes,
)
from workrail_daemon.commands.terminal import page, print_json, say
from workrail_engine.canonical import JsonObject
from workrail_engine.projections.runs import Message
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock

_MOST = 1000


@dataclass(frozen=True)
class _Overview:
    since: datetime
    daemon: str | None
    needs_you: Sequence[SeenRun]
    running: Sequence[SeenRun]
    waiting: Sequence[SeenRun]
    queued: Sequence[SeenRun]
    ended: Sequence[SeenRun]
    messages: Sequence[Message]

    @property
    def spent(self) -> int:
        """What the runs that go on, or ended lately, have cost, in millionths of US dollars."""
        shown = (*self.needs_you, *self.running, *self.waiting, *self.ended)
        return sum(run.view.spent.cost for run in shown)


@click.command(
    epilog="""\b
Examples:
  worktrain overview
  worktrain overview --hours 72 --json

What needs you comes first: questions, approvals, spent budgets, runs that failed. The sum is what the
runs shown have cost so far.
""",
)
@click.option(
    "--hours",
    type=click.FloatRange(min=0, min_open=True),
    default=24.0,
    show_default=True,
    help="How far to look back for what ended.",
)
@json_option
def overview(*, hours: float, as_json: bool) -> None:
    """Show what needs you, what goes on, what ended, what it cost."""
    locations = Locations.from_environment()
    since = SystemClock().now() - timedelta(hours=hours)
    with open_reader(locations) as reader:
        found = _look(Lookout(reader, locations), since)
    if as_json:
        print_json(_json(found))
    else:
        _print(found)


def _look(lookout: Lookout, since: datetime) -> _Overview:
    there = lookout.there
    under_way = lookout.reader.runs.views("running", "queued", "parked", most=_MOST)
    over = lookout.reader.runs.views("ended", most=_MOST)
    runs = [lookout.at(view, there) for view in under_way]
    parked = [run for run in runs if run.view.state == "parked"]
    lately = [
        lookout.at(view, there)
        for view in over
        if view.ended_at is not None and datetime.fromisoformat(view.ended_at) >= since
    ]
    return _Overview(
        since=since,
        daemon=None if there.daemon is None else there.daemon.holder.worker,
        needs_you=[run for run in parked if run.view.rest in NEEDS_A_PERSON],
        running=[run for run in runs if run.view.state == "running"],
        waiting=[run for run in parked if run.view.rest not in NEEDS_A_PERSON],
        queued=[run for run in runs if run.view.state == "queued"],
        ended=lately,
        messages=for_operators(lookout.reader),
    )


def _json(found: _Overview) -> JsonObject:
    return {
        "daemon": found.daemon,
        "since": found.since.isoformat().replace("+00:00", "Z"),
        "needsYou": _all(found.needs_you),
        "messages": [message_json(message) for message in found.messages],
        "running": _all(found.running),
        "waiting": _all(found.waiting),
        "queued": _all(found.queued),
        "ended": _all(found.ended),
        "usd": usd(found.spent),
    }


def _all(runs: Sequence[SeenRun]) -> list[JsonObject]:
    return [{**run_json(run.view, run.summary), "attended": run.attended} for run in runs]


def _print(found: _Overview) -> None:
    if found.daemon is None:
        say(("No daemon runs here; `worktrain daemon` starts one.", "yellow"))
    if found.needs_you or found.messages:
        say(("Needs you", "bold"))
    else:
        say(("Nothing needs you.", "green"))
    _section("", found.needs_you, advise=True)
    for message in found.messages:
        for line in message_lines(message):
            say(line)
    _section("Goes on", found.running)
    _section("Waits", found.waiting)
    _section("Queued", found.queued)
    _section("Ended", found.ended)
    counts = {run.view.outcome for run in found.ended}
    if counts:
        words = [
            f"{sum(run.view.outcome == outcome for run in found.ended)} {outcome}"
            for outcome in sorted(filter(None, counts))
        ]
        say(("  ".join(words), "dim"))
    say(("Spent on these: ", "dim"), money(found.spent))


def _section(title: str, runs: Sequence[SeenRun], *, advise: bool = False) -> None:
    if runs and title:
        say((title, "bold"))
    for run in runs:
        page().print(run_line(run.view, run.summary, run.at, attended=run.attended))
        todo = what_wakes(run.view) if advise else None
        if todo is not None:
            say(f"    {todo}")
