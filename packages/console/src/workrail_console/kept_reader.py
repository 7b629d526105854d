"""How is the store kept open between requests?

To open it costs as much as a third of a page. What is open is shared by all requests and opened anew
now and then, when it failed, and as long as there is nothing in the store: it may not be there yet.
"""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from workrail_console.door import ReaderFactory
from workrail_engine.errors import WorkRailError
from workrail_engine.reader import Reader

KEPT: Final = 30.0
"""Seconds an open store is used for new requests."""


@dataclass
class _Open:
    reader: Reader
    closing: ExitStack
    since: float = field(default_factory=time.monotonic)
    users: int = 0
    retired: bool = False


class KeptReader:
    """A store kept open while `keep` holds; opened for each request before and afterwards."""

    def __init__(self, open_reader: ReaderFactory, look: Callable[[Reader], bool]) -> None:
        """Over a store.

        Args:
            open_reader: opens it.
            look: asked at each request; whether there is anything in it. Raises what fails.
        """
        self._open_reader = open_reader
        self._look = look
        self._keeping = False
        self._open: _Open | None = None
        self._lock = threading.Lock()

    @contextmanager
    def keep(self) -> Generator[None]:
        """Keep it open from now on, until the block ends."""
        self._keeping = True
        try:
            yield
        finally:
            self._keeping = False
            self._retire(self._open)

    @contextmanager
    def open(self) -> Generator[Reader]:
        """The store, for one request."""
        entry = self._borrowed()
        try:
            yield entry.reader
        except WorkRailError:
            self._retire(entry)
            raise
        finally:
            self._given_back(entry)

    def _borrowed(self) -> _Open:
        entry = self._in_use()
        if entry is not None:
            try:
                self._look(entry.reader)
            except WorkRailError:  # moved, removed or brought up to date: look at what is there now
                self._retire(entry)
                self._given_back(entry)
            else:
                return entry
        closing = ExitStack()
        entry = _Open(closing.enter_context(self._open_reader()), closing, users=1)
        entry.retired = True
        with suppress(WorkRailError):  # what is asked next says it better
            entry.retired = not (self._look(entry.reader) and self._keeping)
        if not entry.retired:
            before, self._open = self._open, entry
            self._retire(before)
        return entry

    def _in_use(self) -> _Open | None:
        with self._lock:
            entry = self._open
            if entry is None or entry.retired:
                return None
            entry.users += 1
        if time.monotonic() - entry.since > KEPT:
            self._retire(entry)
            self._given_back(entry)
            return None
        return entry

    def _retire(self, entry: _Open | None) -> None:
        if entry is None:
            return
        with self._lock:
            if self._open is entry:
                self._open = None
            close = not entry.retired and entry.users == 0
            entry.retired = True
        if close:
            entry.closing.close()

    def _given_back(self, entry: _Open) -> None:
        with self._lock:
            entry.users -= 1
            close = entry.retired and entry.users == 0
        if close:
            entry.closing.close()
