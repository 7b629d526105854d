"""A process that works on runs from the first line of its input to its end: `python -m workrail_daemon.testing.dispatch_worker`.

Its one argument is JSON: where the store is, which dispatcher, how many slots, how often things are
looked at, where runs leave their lines.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path
from threading import Thread

from workrail_daemon.dispatch.contract import Dispatch
from workrail_daemon.dispatch.drives import Pace
from workrail_daemon.dispatch.embedded import EmbeddedDispatch
from workrail_daemon.dispatch.procrastinate_dispatch import ProcrastinateDispatch
from workrail_daemon.dispatch.this_process import this_process
from workrail_daemon.stopping import Stop
from workrail_daemon.testing.acting import Notes, acting
from workrail_engine.engine import Engine, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.system import Locations


def dispatch_of(kind: str, engine: Engine, url: str | None, pace: Pace) -> Dispatch:
    """A dispatcher of a kind on a store."""
    if kind == "procrastinate":
        return ProcrastinateDispatch(lambda: engine.runs, this_process(), _failed, pace, url or "")
    return EmbeddedDispatch(lambda: engine.runs, this_process(), _failed, pace)


def main(argument: str) -> None:
    """Work until standard input ends."""
    told = json.loads(argument)
    locations = replace(Locations.under(Path(told["home"])), database_url=told["url"])
    stop = Stop()

    def listen() -> None:
        sys.stdin.read()
        stop.give("")

    with open_engine(locations) as engine:
        if told["release"]:
            engine.runs.release(this_process().host)
        dispatch = dispatch_of(told["kind"], engine, told["url"], Pace(**told["pace"]))
        print("ready", flush=True)  # noqa: T201 (read by the test)
        sys.stdin.readline()
        Thread(target=listen, daemon=True).start()
        dispatch.work(acting(engine, Notes(Path(told["notes"]))), told["slots"], stop)


def _failed(session_id: SessionId | None, error: Exception) -> None:
    print(f"{session_id}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)  # noqa: T201 (the test reads it)


if __name__ == "__main__":
    main(sys.argv[1])
