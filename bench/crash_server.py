"""How does a server come to die right before the n-th statement of its work?

Run as `crash_server.py N`, this is `workrail start`: the same entry point in a process of its own, after
a countdown was hung on what the driver of SQLite tells of each statement it runs, transaction control
and upkeep of the full text included; one more tick stands between a call's commit and its answer. At
the n-th tick the process kills itself with SIGKILL. The product has no hook for it and does not know.

The driver is watched where Python opens a file with it, so nothing is imported before the server would.
"""

import os
import signal
import sqlite3
import sqlite3.dbapi2 as driver
import sys
from typing import Any

from workrail_mcp_server.cli import main

_connect = sqlite3.connect  # noqa: TID251 - only watched here
_left = int(sys.argv[1])


def _tick(_: object = None) -> None:
    global _left
    _left -= 1
    if _left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def _watched(*arguments: Any, **named: Any) -> sqlite3.Connection:
    connection = _connect(*arguments, **named)
    connection.set_trace_callback(_tick)
    return connection


def _write(descriptor: int, data: bytes) -> int:
    """An answer is on its way out: the last moment at which nobody knows of it."""
    if b'"content"' in data:
        _tick()
    return _written(descriptor, data)


_written = os.write

if __name__ == "__main__":
    sqlite3.connect = driver.connect = _watched  # noqa: TID251 - see above
    os.write = _write
    main(["start"], prog_name="workrail")
