"""How long is a page used again for who asks for the same?

Everything a page is made from is in its key: what was asked for, and the store's place in its history.
What moves by itself, as "12 s ago" and who is there, may be a second old.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from workrail_engine.ports import Clock

KEPT: Final = timedelta(seconds=1)
MOST: Final = 32
"""Pages that are kept."""


@dataclass
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    at: datetime | None = None
    """When it began to be made."""
    page: bytes = b""


class KeptPages:
    """Pages that were made lately; safe to use from several threads."""

    def __init__(self, clock: Clock) -> None:
        """None yet.

        Args:
            clock: tells how old a page is.
        """
        self._clock = clock
        self._pages: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def page(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """The page of a key, made unless it was lately; one that is being made is waited for."""
        kept = self._of(key)
        with kept.lock:
            now = self._clock.now()
            if kept.at is None or not timedelta(0) <= now - kept.at < KEPT:
                kept.page, kept.at = make(), now
            return kept.page

    def _of(self, key: Hashable) -> _Kept:
        with self._lock:
            kept = self._pages.setdefault(key, _Kept())
            self._pages.move_to_end(key)
            if len(self._pages) > MOST:
                self._pages.popitem(last=False)
            return kept
