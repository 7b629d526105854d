"""Who takes snapshots, and when, so that no answer waits for one?

A thread that lives while there is something to do. Of each session only the newest node waits, until
nothing was reached for a moment: when the next step is there already, the files may be those of the next
step, and whoever hurries through steps is not slowed down. What fails is said in the log and is nobody's
failure.
"""

import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Condition, Thread
from time import monotonic
from typing import Final

from workrail_engine.ids import NodeId, SessionId
from workrail_engine.ports import SnapshotKeeper
from workrail_engine.snapshots.taking import Due, Taker, top_of

SETTING: Final = "WORKRAIL_SNAPSHOTS"
QUIET: Final = 0.05
"""Seconds from the moment a node is reached until its files are read: the answer goes out meanwhile."""
AT_THE_END: Final = 5.0
"""Seconds that what is under way may still take when a program is done."""
_ROOM: Final = 64
"""Sessions that wait; the one that waits longest is left out."""
_OFF: Final = frozenset({"0", "off", "no", "false"})
_log = logging.getLogger(__name__)


class SnapshotQueue:
    """Takes snapshots one after another, aside. Safe to use from several threads."""

    def __init__(self, taking: Callable[[Due], object], quiet: float = QUIET) -> None:
        """Take nothing yet.

        Args:
            taking: takes one; whatever it raises is logged.
            quiet: seconds in which a session reaches no other node.
        """
        self._taking = taking
        self._quiet = quiet
        self._due: OrderedDict[SessionId, tuple[float, Due]] = OrderedDict()
        self._changed = Condition()
        self._working = False
        self._said: set[str] = set()

    def stands_at(self, session_id: SessionId, node: NodeId, workspace: str | None) -> None:
        """Keep the files of a workspace soon; see `ports.SnapshotKeeper`."""
        if workspace is None or top_of(workspace) is None:
            return
        with self._changed:
            self._due.pop(session_id, None)
            due = Due(session_id, node, Path(workspace))
            self._due[session_id] = (monotonic() + self._quiet, due)
            if len(self._due) > _ROOM:
                self._due.popitem(last=False)
            if self._working:
                return
            self._working = True
        try:
            Thread(target=self._work, name="snapshots", daemon=True).start()
        except RuntimeError as error:  # no room for a thread
            self._done()
            self._say(f"no snapshot of {workspace}: {error}")

    def settled(self, seconds: float) -> bool:
        """Wait until nothing is to be taken any more, for so long at most; whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._working, seconds)

    def _work(self) -> None:
        while (due := self._next()) is not None:
            try:
                self._taking(due)
            except Exception as error:  # noqa: BLE001 - a step is recorded, whatever becomes of this
                self._say(f"the files of {due.workspace} are not kept: {error}")

    def _next(self) -> Due | None:
        with self._changed:
            while self._due:
                session_id, (ready, due) = next(iter(self._due.items()))
                left = ready - monotonic()
                if left <= 0:
                    del self._due[session_id]
                    return due
                self._changed.wait(left)
            self._done()
            return None

    def _done(self) -> None:
        with self._changed:
            self._working = False
            self._changed.notify_all()

    def _say(self, message: str) -> None:
        """Warn once of the same thing: it may be so after every step."""
        known = message in self._said
        self._said.add(message)
        _log.log(logging.DEBUG if known else logging.WARNING, "%s", message)


class KeepsNothing:
    """Keeps no files: snapshots are switched off, or nobody asked for them."""

    def stands_at(self, session_id: SessionId, node: NodeId, workspace: str | None) -> None:
        """Do nothing."""


@contextmanager
def snapshot_keeper(environ: Mapping[str, str] | None = None) -> Generator[SnapshotKeeper]:
    """What keeps files while a program runs; at the end it waits a little for what is under way.

    Args:
        environ: the variables to look at; those of this process when left out.
    """
    variables = os.environ if environ is None else environ
    if variables.get(SETTING, "").strip().lower() in _OFF:
        yield KeepsNothing()
        return
    queue = SnapshotQueue(Taker().take)
    try:
        yield queue
    finally:
        queue.settled(AT_THE_END)
