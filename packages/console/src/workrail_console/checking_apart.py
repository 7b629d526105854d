"""How are records checked while every page stays quick?

To check a long record keeps Python busy for seconds, and one process runs one thread of it at a time:
each page that is made meanwhile would wait again and again. So a process of its own does it, which
gives way to others and ends when there is nothing to check for a while. Lines go to and fro: the id of
a session, and what was found.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from workrail_console.checking import Found
from workrail_engine.errors import SessionNotFoundError, StoreUnavailableError
from workrail_engine.ids import SessionId

_PROGRAM: Final = "workrail_console.checking_process"


class CheckerApart:
    """Checks in another process, which is started when it is needed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        """A checker of a store.

        Args:
            environ: says where the store is.
        """
        self._environ = environ
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def check(self, session_id: SessionId) -> Found:
        """Check one record.

        Raises:
            SessionNotFoundError: no such session.
            StoreUnavailableError: nothing can be said of it now.
        """
        said = self._answer(session_id)
        told: dict[str, Any] = json.loads(said) if said else {}
        if "problems" in told:
            return Found(told["events"], tuple(told["problems"]))
        if "missing" in told:
            raise SessionNotFoundError(told["missing"])
        if "failed" in told:
            raise StoreUnavailableError(told["failed"])
        self.let_go()
        message = (
            f"The process that checks records ended over session {session_id}. Run "
            f"`workrail session verify {session_id}` to see why."
        )
        raise StoreUnavailableError(message)

    def let_go(self) -> None:
        """End the process; the next check starts another. It only reads, so nothing is lost."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what it was to read is of no use any more
                    stream.close()

    def _answer(self, session_id: SessionId) -> str:
        """What the process says; empty when it ended, or cannot be started."""
        try:
            process = self._running()
            if process.stdin is None or process.stdout is None:
                return ""
            process.stdin.write(f"{session_id}\n")
            process.stdin.flush()
            said = process.stdout.readline()
        except (OSError, ValueError):  # it has ended, or was let go of
            return ""
        return said if said.endswith("\n") else ""

    def _running(self) -> subprocess.Popen[str]:
        with self._lock:
            if self._process is None:
                # Not from the present folder: a file of the user's must not be taken for a module.
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-m", _PROGRAM],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                    encoding="utf-8",
                    env=dict(self._environ),
                )
            return self._process
