"""What changes only when the store does, and is kept until then?

Every page says how many sessions need a person; others count facets, or how workflows are used. Each request
asks for the store's place in its history, which costs next to nothing, and only a new place makes
these be asked anew.
"""

import threading
import time
from collections.abc import Callable, Generator, Hashable
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from workrail_console.door import ReaderFactory
from workrail_console.kept_reader import KeptReader
from workrail_console.rendering import Surroundings
from workrail_engine.errors import WorkRailError
from workrail_engine.overview import Overview
from workrail_engine.ports import Clock
from workrail_engine.projections.listing import Attention, Facets, ListAsk, Total
from workrail_engine.projections.workflow_use import WorkflowStory, WorkflowUse
from workrail_engine.reader import Reader

SHOWN: Final = 10
"""Sessions of each kind that need a person, or run, on the start page."""
_KEPT: Final = 5.0
"""Seconds an answer is used while nothing changes: who counts as running changes with time."""
_COUNTED: Final = 15.0
"""Seconds what was counted is used while nothing changes: to remove old sessions is no change."""
_SHARE: Final = 20
"""Facets that took a second to count are not counted again for that many, changed or not."""
_MOST: Final = 64
_Value = TypeVar("_Value")


_NOTHING: Final = Overview(None).changes(None).cursor
"""The place of a store that is not there, or where nothing was stored yet."""
_seen: ContextVar[str | None] = ContextVar("seen", default=None)
"""The store's place in its history when a request first looked at it."""


@dataclass(frozen=True)
class _Kept(Generic[_Value]):
    cursor: str
    at: float
    took: float
    value: _Value


class Pulse:
    """Attention and counts of one store; safe to use from several threads."""

    def __init__(
        self, open_reader: ReaderFactory, clock: Clock, damaged: Callable[[], int] = lambda: 0
    ) -> None:
        """Over a store.

        Args:
            open_reader: opens it.
            clock: tells who counts as running.
            damaged: how many records were found damaged so far.
        """
        self._kept = KeptReader(open_reader, self._look)
        self._clock = clock
        self._damaged = damaged
        self._cursor: str | None = None
        self._attention: _Kept[Attention] | None = None
        self._counts: dict[Hashable, _Kept[Any]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def open_reader(self) -> Generator[Reader]:
        """The store for one request, which remembers the place it looked at first."""
        with self._kept.open() as reader:
            yield reader

    def keep_open(self) -> AbstractContextManager[None]:
        """Keep the store open between requests, until the block ends."""
        return self._kept.keep()

    def _look(self, reader: Reader) -> bool:
        """Look where the store is; whether there is anything in it."""
        cursor = self._place(reader)
        if _seen.get() is None:
            _seen.set(cursor)
        return cursor != _NOTHING

    def place(self, reader: Reader) -> str:
        """The store's place in its history, as this request saw it first."""
        return _seen.get() or self._place(reader)

    def surroundings(self) -> Surroundings:
        """What every page says; never raises, so that a page about a broken store can be made."""
        try:
            attention = self._attention_now()
        except WorkRailError:
            return Surroundings(None, 0)
        told = attention.waiting_total + attention.blocked_total + attention.runs_total
        needed = told + self._damaged()
        # Live updates go on from before the page was read: what came since then is sent again.
        return Surroundings(_seen.get(), needed)

    def attention(self, reader: Reader) -> Attention:
        """What needs a person, and what runs."""
        cursor = self.place(reader)
        kept = self._fresh_attention()
        if kept is not None:
            return kept
        began = time.monotonic()
        value = reader.overview.attention(self._clock.now(), SHOWN)
        self._attention = _Kept(cursor, began, time.monotonic() - began, value)
        return value

    def _attention_now(self) -> Attention:
        kept = self._fresh_attention() if _seen.get() is not None else None
        if kept is not None:
            return kept
        with self.open_reader() as reader:
            return self.attention(reader)

    def _fresh_attention(self) -> Attention | None:
        kept = self._attention
        if (
            kept is None
            or kept.cursor != (_seen.get() or self._cursor)
            or time.monotonic() - kept.at > _KEPT
        ):
            return None
        return kept.value

    def facets(self, reader: Reader, ask: ListAsk) -> Facets:
        """How the sessions that were asked for are spread; up to a second old in a large store."""
        return self._counted(reader, ask, lambda: reader.overview.facets(ask), share=_SHARE)

    def total(self, reader: Reader, ask: ListAsk) -> Total:
        """How many sessions there are of what was asked for, but for its words."""
        key = ("total", ask)
        return self._counted(reader, key, lambda: reader.overview.count(ask))

    def workflows(self, reader: Reader) -> tuple[WorkflowUse, ...]:
        """Every workflow any session runs, most used first."""
        return self._counted(reader, "workflows", reader.inspection.workflows)

    def workflow(self, reader: Reader, workflow_id: str) -> WorkflowStory | None:
        """One workflow's use; None where no session runs it."""
        key = ("workflow", workflow_id)
        return self._counted(reader, key, lambda: reader.inspection.workflow(workflow_id))

    def _counted(
        self, reader: Reader, key: Hashable, count: Callable[[], _Value], share: int = 0
    ) -> _Value:
        """What was counted at this place of the store's history, or is now.

        Args:
            reader: of the store.
            key: says what is counted.
            count: counts it.
            share: what took a second to count is used for that many, changed or not.
        """
        cursor = self.place(reader)
        now = time.monotonic()
        with self._lock:
            kept = self._counts.get(key)
        if kept is not None:
            age = now - kept.at
            if age < min(share * kept.took, 1.0) or (kept.cursor == cursor and age < _COUNTED):
                return kept.value
        value = count()
        with self._lock:
            if len(self._counts) >= _MOST:
                self._counts.clear()
            self._counts[key] = _Kept(cursor, now, time.monotonic() - now, value)
        return value

    def _place(self, reader: Reader) -> str:
        """The store's present place in its history."""
        self._cursor = cursor = reader.overview.changes(self._cursor).cursor
        return cursor
