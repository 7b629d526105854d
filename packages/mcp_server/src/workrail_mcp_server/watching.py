"""Who is told how far a call is, and how does its work learn that nobody waits any more?

A tool works on a thread and knows nothing of the protocol. What it gets is a `Watch`: it says what it
is doing, and asks now and then whether to stop. The client hears of it where it asked for progress:
at once when the tool says something, and every second while it works.
"""

import threading
from collections.abc import Callable
from contextvars import ContextVar
from itertools import count
from typing import Any, Final, TypeVar

import anyio
import anyio.from_thread
import anyio.to_thread
from mcp.server.context import ServerRequestContext

TOLD_EVERY: Final = 1.0
"""Seconds between two words of progress while a tool says nothing."""

_Answer = TypeVar("_Answer")


class Watch:
    """A call as its work sees it. Used on the thread of the work."""

    def __init__(self, doing: str = "", wake: Callable[[], None] | None = None) -> None:
        """Begin with what is being done; `wake` is called when that changes."""
        self.doing = doing
        self._wake = wake
        self._given_up = threading.Event()

    def told(self, doing: str) -> None:
        """Say what is being done, in a few words, before it is done."""
        self.doing = doing
        if self._wake is not None and not self.stopped():
            try:
                self._wake()
            except RuntimeError:  # the event loop has gone: the process is leaving
                self.stop()

    def stopped(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._given_up.is_set()

    def stop(self) -> None:
        """Nobody waits any more."""
        self._given_up.set()


_present: ContextVar[Watch] = ContextVar("watch")


def present_watch() -> Watch:
    """The watch over the call whose work this is; nobody watches anything else."""
    return _present.get(Watch())


async def watched(
    context: ServerRequestContext[Any], doing: str, work: Callable[[], _Answer]
) -> _Answer:
    """What some work comes to, done on a worker thread under a watch.

    Args:
        context: the request; its caller is told of progress if it asked for that.
        doing: what is being done, until the work says more.
        work: must not raise. It is not interrupted when the caller gives up: it is told so, and
            what it answers then is dropped.
    """
    news = _News()
    watch = Watch(doing, lambda: anyio.from_thread.run_sync(news.come))
    _present.set(watch)  # a worker thread sees what its request's task sees
    answers: list[_Answer] = []
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_tell, context, watch, news)
            answers.append(await anyio.to_thread.run_sync(work, abandon_on_cancel=True))
            tasks.cancel_scope.cancel()
    finally:
        watch.stop()
    return answers[0]


class _News:
    """Wakes whoever waits for it; lives on the event loop."""

    def __init__(self) -> None:
        self._came = anyio.Event()

    def come(self) -> None:
        self._came.set()

    async def wait(self, seconds: float) -> bool:
        """Whether any came before that much time had passed."""
        with anyio.move_on_after(seconds):
            await self._came.wait()
        came, self._came = self._came.is_set(), anyio.Event()
        return came


async def _tell(context: ServerRequestContext[Any], watch: Watch, news: _News) -> None:
    """Report progress until cancelled; nothing is sent to a client that did not ask for it."""
    began = anyio.current_time()
    for number in count(1):
        came = await news.wait(TOLD_EVERY)
        seconds = anyio.current_time() - began
        said = watch.doing if came else f"{watch.doing} ({seconds:.0f} s)"
        try:
            await context.session.report_progress(number, None, said)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            return  # the client has gone; the call itself is answered for by others
