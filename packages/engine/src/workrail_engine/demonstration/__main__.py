"""Fills a folder with made-up sessions and goes on with them: `python -m …demonstration FOLDER`.

Says on stdout how far it is, a line at a time: `told 3 of 28: GOAL`, then `ready`. Then it goes on
until its stdin ends, so it never outlives whoever started it.
"""

import argparse
import socket
import sys
from pathlib import Path
from threading import Event, Thread

from workrail_engine.demonstration.filling import fill, opened
from workrail_engine.demonstration.ground import Ground
from workrail_engine.demonstration.living import live
from workrail_engine.demonstration.telling import Teller
from workrail_engine.errors import WorkRailError
from workrail_engine.projections.driving import Driver
from workrail_engine.system import Locations, SystemClock


def main() -> int:
    """Fill and go on; 0 when its stdin ended, 1 with a reason on stderr when it cannot."""
    asked = _asked()
    folder: Path = asked.folder
    over = Event()
    where, ground = Locations.under(folder / "home"), Ground(folder / "work")
    clock = SystemClock()
    try:
        for line in fill(where, ground, clock.now(), _say):
            print(line, file=sys.stderr)  # noqa: T201 (what a program says)
        print("ready", flush=True)  # noqa: T201 (what a program says)
        if asked.every <= 0:
            return 0
        Thread(target=_until_the_end, args=(over,), daemon=True).start()
        with opened(where, clock, "now") as engine:
            live(Teller(engine, ground), _driver(asked.driver), lambda: over.wait(asked.every))
    except WorkRailError as error:
        print(error, file=sys.stderr)  # noqa: T201 (what a program says)
        return 0 if over.is_set() else 1
    return 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make a store of made-up sessions.")
    parser.add_argument("folder", type=Path, help="an empty folder, or one that is not there yet")
    parser.add_argument(
        "--every", type=float, default=3.0, help="seconds between two steps afterwards; 0: none"
    )
    parser.add_argument(
        "--driver",
        metavar="PROCESS:BEGAN",
        help="the process that is said to drive what goes on, and when it began, in microseconds",
    )
    return parser.parse_args()


def _say(done: int, of: int, goal: str) -> None:
    line = " ".join(goal.split())
    print(f"told {done} of {of}: {line}", flush=True)  # noqa: T201 (what a program says)


def _until_the_end(over: Event) -> None:
    sys.stdin.read()
    over.set()


def _driver(text: str | None) -> Driver | None:
    process, _, began = (text or "").partition(":")
    if not (process.isdecimal() and began.isdecimal()):
        return None
    return Driver("mcp", socket.gethostname(), int(process), int(began))


if __name__ == "__main__":
    sys.exit(main())
