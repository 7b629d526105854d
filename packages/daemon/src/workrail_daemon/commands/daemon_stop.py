"""`worktrain daemon stop`: end the daemon of this home."""

import os
import signal
import sys
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Final

import click

from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_daemon.service.lock import Held, held
from workrail_engine.system import Locations

_PAUSE: Final = 0.1
_SAY: Final = 5.0
"""Seconds between remarks on how long it takes."""


@click.command(
    "stop",
    epilog="""\b
Examples:
  worktrain daemon stop
  worktrain daemon stop --now --timeout 15

Runs may come to their next recorded point and are parked; the next start goes on with them. Exit
codes: 0 no daemon runs here any more; 1 it runs on another host; 3 it was not gone in time.
""",
)
@click.option(
    "--now", is_flag=True, help="End runs at once; what is under way is done again later."
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait so long for it to be gone.",
)
@json_option
def stop(*, now: bool, timeout: float, as_json: bool) -> None:
    """End the daemon of this home."""
    home = Locations.from_environment().home
    found = held(home)
    if found is None:
        _tell("No daemon runs here.", was_running=False, as_json=as_json)
        return
    if not found.holder.here:
        message = (
            f"The daemon of {home} runs on {found.holder.host}, and this is another host. Run "
            "`worktrain daemon stop` there."
        )
        raise click.ClickException(message)
    _signal(home, found)
    if now:
        _signal(home, found)
    if not _gone(home, found, timeout):
        remark(
            f"It was told to stop and still runs after {timeout:g} s. --now ends its runs at once."
        )
        if as_json:
            print_json({"running": True, "wasRunning": True})
        sys.exit(3)
    _tell("Stopped.", was_running=True, as_json=as_json)


def _signal(home: Path, found: Held) -> None:
    """Tell the process to stop; that it holds the lock shows that the id is still its own."""
    if held(home) is None:
        return
    try:
        os.kill(found.holder.pid, signal.SIGTERM)
    except ProcessLookupError as error:
        message = (
            f"The daemon of {home} is process {found.holder.pid}, which cannot be seen from here: it "
            "runs in another container. Run `worktrain daemon stop` there."
        )
        raise click.ClickException(message) from error
    except PermissionError as error:
        message = (
            f"The daemon of {home} is process {found.holder.pid}, which belongs to another user. "
            "Run `worktrain daemon stop` as that user."
        )
        raise click.ClickException(message) from error


def _gone(home: Path, found: Held, timeout: float) -> bool:
    """Wait until the process has let go of the lock; whether it did in time."""
    pause, begun, said = Event(), monotonic(), 0
    while True:
        there = held(home)
        if there is None or there.holder.pid != found.holder.pid:
            return True
        waited = monotonic() - begun
        if waited >= timeout:
            return False
        if waited // _SAY > said:
            said += 1
            remark(f"Waiting for its runs, {waited:.0f} s …")
        pause.wait(_PAUSE)


def _tell(text: str, *, was_running: bool, as_json: bool) -> None:
    if as_json:
        print_json({"running": False, "wasRunning": was_running})
    else:
        say(text)
