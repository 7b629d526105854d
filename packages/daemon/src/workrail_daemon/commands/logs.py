"""`worktrain logs`: what did the daemon write down?"""

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Final

import click

from workrail_daemon.commands.chosen import chosen_session
from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.run_lines import short_id
from workrail_daemon.commands.terminal import (
    moment,
    one_line,
    print_json,
    print_json_line,
    remark,
    say,
)
from workrail_daemon.event_log.kinds import KINDS
from workrail_daemon.event_log.reading import Wanted, follow, lines
from workrail_engine.canonical import JsonObject
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

_HEAD: Final = frozenset({"v", "at", "kind", "sessionId", "host", "process"})
_PAUSE: Final = 0.5


@click.command(
    epilog="""\b
Examples:
  worktrain logs
  worktrain logs --follow --session last
  worktrain logs --kind daemon_started --kind daemon_stopped --json

What a run did turn by turn is in its session too: `worktrain session events`. docs/daemon-log.md
tells the kinds. With --follow, --json prints an object a line.
""",
)
@click.option(
    "--follow", "goes_on", is_flag=True, help="Go on showing what is written, until Ctrl-C."
)
@click.option("--session", "session_id", metavar="ID", help="Only of this session.")
@click.option(
    "--kind",
    "kinds",
    type=click.Choice(KINDS),
    metavar="KIND",
    multiple=True,
    help="Only of this kind; may be said again.",
)
@click.option(
    "--lines",
    "most",
    type=click.IntRange(0, 100_000),
    default=50,
    show_default=True,
    help="The last so many.",
)
@json_option
def logs(
    *, goes_on: bool, session_id: str | None, kinds: tuple[str, ...], most: int, as_json: bool
) -> None:
    """Show what the daemon wrote down."""
    home = Locations.from_environment().home
    wanted = Wanted(() if session_id is None else (_meant(session_id),), kinds)
    if goes_on:
        with suppress(KeyboardInterrupt):
            for line in _coming(home, wanted, most):
                _show(line, as_json=as_json)
        return
    last = deque(lines(home, wanted), maxlen=most)
    if as_json:
        print_json({"events": list(last)})
        return
    for line in last:
        _show(line, as_json=False)
    if not last:
        remark("Nothing was written down, or nothing fits. `worktrain daemon` writes when it runs.")


def _coming(home: Path, wanted: Wanted, most: int) -> Iterator[JsonObject]:
    """The last lines there are, and those to come."""
    there, pause = sum(1 for _ in lines(home, wanted)), Event()
    whole = follow(home, wanted, lambda: not pause.wait(_PAUSE))
    return islice(whole, max(0, there - most), None)


def _meant(text: str) -> str:
    with open_reader() as reader:
        return chosen_session(reader, text)


def _show(line: JsonObject, *, as_json: bool) -> None:
    if as_json:
        print_json_line(line)
        return
    session = line.get("sessionId")
    about = short_id(str(session)) if session else "daemon"
    facts = "  ".join(f"{name}={value}" for name, value in line.items() if name not in _HEAD)
    say(
        (f"{moment(str(line.get('at', '')))}  ", "dim"),
        (f"{about:<13}  ", "bold"),
        (f"{line.get('kind', '?')}", "cyan"),
        f"  {one_line(facts, 300)}",
    )
