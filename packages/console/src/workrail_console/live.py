"""Who is told when something changes?

One thread looks at the store's place in its history while anyone follows, five times a second; what
came since is told to each follower once. What a run does at a moment leaves nothing in a log; it is looked
at once a second, and told like a change. A follower that does not keep up is told to start over.
"""

import asyncio
import contextlib
import json
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Final, Protocol, TypeAlias

from workrail_console.door import ReaderFactory
from workrail_engine.errors import InvalidInputError, WorkRailError
from workrail_engine.ids import SessionId
from workrail_engine.projections.listing import Changes
from workrail_engine.reader import Reader

EVERY: Final = 0.2
"""Seconds between two looks at the store; what comes between them is told together."""
PING: Final = 15.0
"""Seconds of silence after which a follower is told that the line still stands."""
RETRY: Final = 2_000
"""Milliseconds after which a browser that lost the line asks again."""
MOST_FOLLOWERS: Final = 64
_BEAT: Final = 5
"""Looks between two at what runs do: they make a second."""
_AGAIN: Final = 5
"""Beats after which what runs do is told though nothing changed: for how long moves on."""
WAITING: Final = 16
"""Messages kept for a follower that reads slowly."""

SESSIONS: Final = "sessions"
_log = logging.getLogger(__name__)


class Watch(Protocol):
    """Looks at one store for changes."""

    def changed(self, cursor: str | None) -> Changes | None:
        """What changed after a cursor; None when nothing did. With None, the present place."""
        ...

    def driven(self) -> Mapping[SessionId, str]:
        """What each run under way does, as a text that is another whenever that changed."""
        ...


WatchFactory: TypeAlias = Callable[[], AbstractContextManager[Watch]]


class _ReaderWatch:
    """Looks by opening the store anew each time."""

    def __init__(self, open_reader: ReaderFactory) -> None:
        self._open_reader = open_reader

    def changed(self, cursor: str | None) -> Changes | None:
        """What changed after a cursor."""
        with self._open_reader() as reader:
            changes = reader.overview.changes(cursor)
        return changes if cursor is None or changes.cursor != cursor else None

    def driven(self) -> Mapping[SessionId, str]:
        """What each run under way does."""
        with self._open_reader() as reader:
            return reader.overview.driven()


def watch_by_reading(open_reader: ReaderFactory) -> WatchFactory:
    """A watch for a store that offers no better one."""

    @contextmanager
    def opened() -> Generator[Watch]:
        yield _ReaderWatch(open_reader)

    return opened


class Follower:
    """A browser tab that follows some topics. Lives on its event loop."""

    def __init__(self, topics: frozenset[str]) -> None:
        """Follow `sessions` (every change) or `session:{id}`."""
        self._topics = topics
        self._loop = asyncio.get_running_loop()
        self._messages: asyncio.Queue[str | None] = asyncio.Queue(WAITING)

    def tell(self, changes: Changes) -> None:
        """Say what changed; from any thread."""
        message = message_of(changes, self._topics)
        if message is not None:
            self.say(message)

    def say(self, message: str) -> None:
        """Send a message as it is; from any thread."""
        self._from_elsewhere(message)

    def end(self) -> None:
        """End what is sent; from any thread."""
        self._from_elsewhere(None)

    async def messages(self) -> AsyncGenerator[str]:
        """What is sent, as the browser reads it, until the end."""
        while True:
            try:
                message = await asyncio.wait_for(self._messages.get(), PING)
            except TimeoutError:
                yield ": ping\n\n"
                continue
            if message is None:
                return
            yield message

    def _from_elsewhere(self, message: str | None) -> None:
        with contextlib.suppress(RuntimeError):  # its event loop has gone, and it with it
            self._loop.call_soon_threadsafe(self._put, message)

    def _put(self, message: str | None) -> None:
        if self._messages.full():
            while not self._messages.empty():
                self._messages.get_nowait()
            if message is not None:
                message = RESYNC
        self._messages.put_nowait(message)


RESYNC: Final = "event: resync\ndata: {}\n\n"
"""Too much came to name it: the page looks at everything it shows."""


def message_of(changes: Changes, topics: frozenset[str]) -> str | None:
    """What a follower of some topics is sent; None when nothing of it concerns them."""
    told: list[SessionId] = [
        session_id
        for session_id in changes.sessions
        if SESSIONS in topics or f"session:{session_id}" in topics
    ]
    if changes.complete and not told:
        return None
    event = "change" if changes.complete else "resync"
    data = json.dumps({"sessions": told}, separators=(",", ":"))
    return f"id: {changes.cursor}\nevent: {event}\ndata: {data}\n\n"


def driven_anew(
    before: Mapping[SessionId, str], now: Mapping[SessionId, str], *, again: bool
) -> tuple[SessionId, ...]:
    """The sessions whose run does something else than before, or is under way and told again."""
    changed = [one for one in {**before, **now} if again or before.get(one) != now.get(one)]
    return tuple(changed)


class Hub:
    """All followers of one console, and the thread that looks for them."""

    def __init__(self, open_watch: WatchFactory) -> None:
        self._open_watch = open_watch
        self._followers: set[Follower] = set()
        self._lock = threading.Lock()
        self._wanted = threading.Event()
        self._leaving = threading.Event()
        self._looking = threading.Event()
        self._cursor: str | None = None
        self._thread: threading.Thread | None = None
        self._looks = 0
        self._driven: Mapping[SessionId, str] | None = None
        self.beats = 0
        """Another number whenever what runs do was told."""

    @property
    def followers(self) -> int:
        """How many follow now."""
        return len(self._followers)

    @contextmanager
    def following(self, topics: frozenset[str]) -> Generator[Follower | None]:
        """Follow some topics; None where too many follow already, or the console leaves."""
        with self._lock:
            full = len(self._followers) >= MOST_FOLLOWERS or self._leaving.is_set()
            follower = None if full else Follower(topics)
            if follower is not None:
                self._followers.add(follower)
                self._wanted.set()
                self._begin()
        try:
            yield follower
        finally:
            if follower is not None:
                with self._lock:
                    self._followers.discard(follower)
                    if not self._followers:
                        self._wanted.clear()
                        self._looking.clear()

    def wait_until_looking(self, seconds: float) -> None:
        """Wait until the thread knows where the store is: what comes from then on is told."""
        self._looking.wait(seconds)

    def close(self) -> None:
        """End every stream and the thread; nobody follows afterwards."""
        self._leaving.set()
        self._wanted.set()
        for follower in self._present():
            follower.end()

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
            self._thread.start()

    def _watch(self) -> None:
        while not self._leaving.is_set():
            self._wanted.wait()
            try:
                self._watch_while_wanted()
                self._cursor = None
            except InvalidInputError:  # another store took the place of this one
                self._cursor = None
                self._tell_all(RESYNC)
            except WorkRailError:
                # It may be readable again soon; what came meanwhile is told then.
                _log.debug("the store cannot be looked at now", exc_info=True)
            self._leaving.wait(EVERY)

    def _watch_while_wanted(self) -> None:
        with self._open_watch() as watch:
            while self._wanted.is_set() and not self._leaving.is_set():
                changes = watch.changed(self._cursor)
                if changes is not None:
                    if self._cursor is not None:  # before that, each follower asked for itself
                        self._tell(changes)
                    self._cursor = changes.cursor
                self._look_at_runs(watch)
                self._looking.set()
                self._leaving.wait(EVERY)

    def _look_at_runs(self, watch: Watch) -> None:
        """Once a second: tell what runs do, where it changed, and now and then in any case."""
        self._looks += 1
        if self._looks % _BEAT or self._cursor is None:
            return
        before, self._driven = self._driven, dict(watch.driven())
        again = self._looks % (_BEAT * _AGAIN) == 0
        moved = driven_anew(before or {}, self._driven, again=again)
        if before is not None and moved:
            self.beats += 1
            self._tell(Changes(self._cursor, moved, complete=True))

    def _tell(self, changes: Changes) -> None:
        for follower in self._present():
            follower.tell(changes)

    def _tell_all(self, message: str) -> None:
        for follower in self._present():
            follower.say(message)

    def _present(self) -> tuple[Follower, ...]:
        with self._lock:
            return tuple(self._followers)


def missed(reader: Reader, since: str | None, topics: frozenset[str]) -> str:
    """What a follower that comes back from a cursor is sent first; empty when it missed nothing.

    A cursor of another store, or one too old to tell from, means to look at everything.
    """
    if since is None:
        return ""
    try:
        changes = reader.overview.changes(since)
    except WorkRailError:
        return RESYNC
    return message_of(changes, topics) or ""
