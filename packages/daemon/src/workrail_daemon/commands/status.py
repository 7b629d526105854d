"""`worktrain status`: what do runs do at this moment?"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Event

import click
from rich.console import Group
from rich.live import Live
from rich.text import Text

from workrail_daemon.commands.chosen import chosen_run
from workrail_daemon.commands.entry_lines import told
from workrail_daemon.commands.looking import Lookout, SeenRun
from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.run_json import run_json
from workrail_daemon.commands.run_lines import facts, run_line
from workrail_daemon.commands.terminal import (
    one_line,
    page,
    print_json,
    print_json_line,
    styled,
)
from workrail_daemon.service.attendance import Attendance
from workrail_engine.canonical import JsonObject
from workrail_engine.ids import SessionId
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

_PAUSE = 1.0
_RECENT = 5
_LOOKED_AT = 40
"""Events from the end of the log among which the last facts are looked for."""


@click.command(
    epilog="""\b
Examples:
  worktrain status               every run that is not over
  worktrain status last          the run that was ordered last
  worktrain status sess_q3kd --watch

--watch shows it anew each second until the run is over, or until Ctrl-C; with --json, a line of JSON
whenever something changed. Exits with 1 when there is no such run.
""",
)
@click.argument("session_id", metavar="[ID]", required=False)
@click.option("--watch", is_flag=True, help="Go on showing it.")
@json_option
def status(*, session_id: str | None, watch: bool, as_json: bool) -> None:
    """Show what runs do at this moment."""
    with open_reader() as reader:
        lookout = Lookout(reader, Locations.from_environment())
        chosen = None if session_id is None else chosen_run(reader, session_id).session_id
        look = _one(lookout, chosen) if chosen is not None else _all(lookout)
        if as_json:
            _as_json(look, watch=watch)
        else:
            _as_text(look, watch=watch)


class _Look:
    """One look at the store."""

    def __init__(self, told: JsonObject, lines: Sequence[Text], *, over: bool) -> None:
        self.told = told
        self.lines = lines
        self.over = over
        """Whether nothing more will change."""


def _one(lookout: Lookout, session_id: SessionId) -> Callable[[], _Look]:
    def look() -> _Look:
        run = lookout.now(session_id)
        value: JsonObject = {**run_json(run.view, run.summary), "attended": run.attended}
        return _Look(value, list(_lines(lookout, run)), over=run.view.state == "ended")

    return look


def _all(lookout: Lookout) -> Callable[[], _Look]:
    def look() -> _Look:
        there = lookout.there
        views = lookout.reader.runs.views("running", "queued", "parked")
        runs = [lookout.at(view, there) for view in views]
        value: JsonObject = {
            "daemon": None if there.daemon is None else there.daemon.holder.worker,
            "runs": [{**run_json(one.view, one.summary), "attended": one.attended} for one in runs],
        }
        lines = [
            _daemon_line(there),
            *(run_line(one.view, one.summary, one.at, attended=one.attended) for one in runs),
        ]
        if not runs:
            lines.append(styled(("No run is under way. `worktrain spawn` orders one.", "dim")))
        return _Look(value, lines, over=False)

    return look


def _daemon_line(there: Attendance) -> Text:
    if there.daemon is None:
        return styled(("No daemon runs here; `worktrain daemon` starts one.", "yellow"))
    holder = there.daemon.holder
    return styled((f"Daemon {holder.worker}, {holder.slots} runs at a time", "dim"))


def _lines(lookout: Lookout, run: SeenRun) -> list[Text]:
    about = "" if run.summary is None else one_line(run.summary.goal, 200)
    lines = [styled((about, "bold"))]
    known = [("session", run.view.session_id), *facts(run.view, run.at)]
    if run.summary is not None:
        step = run.summary.step_title or "at its end"
        known.insert(1, ("workflow", f"{run.summary.workflow_name} ({run.summary.workflow_id})"))
        known.insert(2, ("step", f"{step}, {run.summary.steps_completed} completed"))
    if not run.attended:
        known.append(("!", "Nobody works on it. `worktrain daemon` starts who does."))
    lines += [styled((f"{label:<10}", "dim"), text) for label, text in known]
    lines += [styled((f"{label:<10}", "dim"), text) for label, text in _recent(lookout, run)]
    return lines


def _recent(lookout: Lookout, run: SeenRun) -> list[tuple[str, str]]:
    """The last facts of a run."""
    if run.summary is None:
        return []
    after = max(0, run.summary.event_count - _LOOKED_AT)
    entries = lookout.reader.journal.read(run.view.session_id, after)
    return [
        (f"{entry.at[11:19]}Z", f"{word}: {one_line(said, 140)}")
        for entry in entries[-_RECENT:]
        for word, said in [told(entry.event)]
    ]


def _as_json(look: Callable[[], _Look], *, watch: bool) -> None:
    seen = look()
    if not watch:
        print_json(seen.told)
        return
    pause, before = Event(), None
    with suppress(KeyboardInterrupt):
        while True:
            if seen.told != before:
                print_json_line(seen.told)
            if seen.over:
                return
            before = seen.told
            pause.wait(_PAUSE)
            seen = look()


def _as_text(look: Callable[[], _Look], *, watch: bool) -> None:
    seen = look()
    if not watch:
        for line in seen.lines:
            page().print(line)
        return
    pause = Event()
    with (
        suppress(KeyboardInterrupt),
        Live(Group(*seen.lines), console=page(), auto_refresh=False) as live,
    ):
        while not seen.over:
            pause.wait(_PAUSE)
            seen = look()
            live.update(Group(*seen.lines), refresh=True)
