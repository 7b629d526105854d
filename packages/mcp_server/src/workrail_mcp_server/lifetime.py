"""When does the process leave?

Leaving needs no cleanup: what a call records is one transaction, so the process may end at any moment.
All that is decided here is how long calls in work may still take. Whatever waits does so on a thread
of its own: the event loop may be stuck in a write nobody reads.
"""

import os
import select
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NoReturn, Protocol

LEAVING_GRACE = 0.3
"""Seconds a running call gets after a signal; Claude Code kills 0.6 seconds after its first one."""
END_OF_INPUT_GRACE = 1.5
"""Seconds in which nothing moves, after the end of input; clients of the SDKs send SIGTERM after two."""
_WATCH_SECONDS = 1.0
_LOOK_SECONDS = 0.05
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Work(Protocol):
    """What must be known of the calls in work."""

    moved: int

    @property
    def quiet(self) -> bool:
        """Whether every request received has its answer."""
        ...


class Lifetime:
    """Decides when the process leaves."""

    def __init__(self) -> None:
        """Nothing runs yet: a signal ends the process at once."""
        self._parent = os.getppid()
        self._leaving = False
        self._work: Work | None = None

    def handle_signals(self) -> None:
        """Leave on the signals a client or a terminal ends us with."""
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    def begin(self, work: Work, source: int, sink: int) -> None:
        """From now on calls in work may finish, within a grace.

        Args:
            work: the calls.
            source: the descriptor the client writes to.
            sink: the descriptor the client reads from; nobody reading is a reason to leave.
        """
        self._work = work
        _run_aside(self._watch, source, sink)

    def end(self) -> None:
        """Leave, at once or when the calls in work have finished; from any thread."""
        already, self._leaving = self._leaving, True
        if self._work is None or self._work.quiet:
            leave(0)
        if not already:
            _run_aside(_leave_after, LEAVING_GRACE)

    def on_quiet(self) -> None:
        """Every request is answered: the moment to leave, if it was asked for."""
        if self._leaving:
            leave(0)

    def input_ended(self) -> None:
        """Nothing more can come: leave once a while has passed in which nothing moved."""
        _run_aside(self._leave_when_stuck)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.end()

    def _leave_when_stuck(self) -> NoReturn:
        moved, looks = -1, 0
        while looks * _LOOK_SECONDS < END_OF_INPUT_GRACE:
            now = 0 if self._work is None else self._work.moved
            moved, looks = now, looks + 1 if now == moved else 0
            _wait(_LOOK_SECONDS)
        leave(0)

    def _watch(self, source: int, sink: int) -> None:
        """Leave when the client no longer reads, or when the process that started us is gone.

        The second matters where another process holds the client's ends of the pipes open. That the
        client no longer writes is seen here too: whoever reads may be waiting for room.
        """
        changes = select.poll()  # it tells of errors and hang-ups unasked
        changes.register(sink, 0)
        changes.register(source, getattr(select, "POLLRDHUP", 0))
        while os.getppid() == self._parent:
            changed = [descriptor for descriptor, _ in changes.poll(_WATCH_SECONDS * 1000)]
            if sink in changed:
                break
            if source in changed:
                changes.unregister(source)
                self.input_ended()
        self.end()


def leave(code: int) -> NoReturn:
    """End the process at once, whatever its threads are doing; the log is written line by line."""
    _end_children()
    os._exit(code)


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)


def _leave_after(seconds: float) -> NoReturn:
    _wait(seconds)
    leave(0)


def _run_aside(work: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, daemon=True).start()


def _end_children() -> None:
    """Kill what calls have started and nobody waits for any more: a git that still fetches.

    Only those that lead a group of their own, together with what they started. Where the system does
    not tell about children, they end by their own time limits.
    """
    try:
        told = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    except OSError:
        return
    for child in map(int, " ".join(told).split()):
        try:
            if os.getpgid(child) == child:
                os.killpg(child, signal.SIGKILL)
        except OSError:
            continue  # it has ended
