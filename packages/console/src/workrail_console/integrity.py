"""Which records are whole? Checked in the background, what is shown first and then everything.

To check a record means to read all of it, so no page waits for that. One thread does it, a tenth of
the time, and a book keeps what it found: of damaged records all, of whole ones those looked at last.
"""

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from workrail_console.door import ReaderFactory
from workrail_console.standing import Integrity, integrity
from workrail_engine.errors import CorruptSessionError, SessionNotFoundError, WorkRailError
from workrail_engine.ids import SessionId
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.reader import Reader

WHOLE_KEPT: Final = 4_096
DAMAGED_KEPT: Final = 1_000
WANTED_KEPT: Final = 256
_AGAIN: Final = 60.0
"""Seconds until a damaged record that is shown is looked at again: it may have been repaired."""
_REST: Final = 9.0
"""How much longer the thread rests than it worked."""
_SHORTEST_REST: Final = 0.02
_BETWEEN_ROUNDS: Final = 600.0
"""Seconds from the end of one round over everything to the next."""
_PAGE: Final = 100


@dataclass(frozen=True)
class DamagedRecord:
    """A session whose record is damaged."""

    session_id: SessionId
    goal: str
    """Empty where even that cannot be told."""
    problems: tuple[str, ...]


@dataclass(frozen=True)
class SweepProgress:
    """How far the check of everything is."""

    checked: int
    """Records of this round so far."""
    of: int | None
    """How many there are; None before the first look."""
    rounds: int
    """Rounds finished since the console started."""
    damaged: int
    """Damaged records known now."""


class IntegrityBook:
    """What is known of records; safe to use from several threads."""

    def __init__(self) -> None:
        self._whole: OrderedDict[SessionId, int] = OrderedDict()
        self._damaged: dict[SessionId, tuple[int, float, DamagedRecord]] = {}
        self._wanted: OrderedDict[SessionId, int] = OrderedDict()
        self._progress = SweepProgress(0, None, 0, 0)
        self._lock = threading.Lock()
        self.news = threading.Event()
        """Set when a record is wanted that was not checked."""

    def of(self, session_id: SessionId, event_count: int) -> Integrity:
        """What is known of a record with so many events; one that is not known is wanted now."""
        with self._lock:
            damaged = self._damaged.get(session_id)
            if damaged is not None and damaged[0] == event_count:
                if time.monotonic() - damaged[1] > _AGAIN:
                    self._want(session_id, event_count)
                return integrity(damaged[2].problems, event_count)
            if self._whole.get(session_id) == event_count:
                self._whole.move_to_end(session_id)
                return integrity((), event_count)
            self._want(session_id, event_count)
        return integrity(None, event_count)

    def check(
        self, reader: Reader, session_id: SessionId, event_count: int, goal: str = ""
    ) -> Integrity:
        """Check a record here and now; what was found is kept.

        Args:
            reader: of its store.
            session_id: whose record.
            event_count: how many events its row says it has.
            goal: of the session, for the list of damaged ones.

        Raises:
            SessionNotFoundError: no such session.
        """
        try:
            found = reader.verify(session_id)
            problems, events = found.problems, found.events
        except CorruptSessionError as error:
            problems, events = (str(error),), event_count
        # Kept under the number its row says: that is what it is asked for by.
        events = event_count if problems else events
        self.keep(DamagedRecord(session_id, goal, problems), events)
        return integrity(problems, events)

    def keep(self, record: DamagedRecord, event_count: int) -> None:
        """Keep what the check of a record found; one without problems is whole."""
        with self._lock:
            self._damaged.pop(record.session_id, None)
            self._whole.pop(record.session_id, None)
            if record.problems and len(self._damaged) < DAMAGED_KEPT:
                self._damaged[record.session_id] = (event_count, time.monotonic(), record)
            elif not record.problems:
                self._whole[record.session_id] = event_count
                if len(self._whole) > WHOLE_KEPT:
                    self._whole.popitem(last=False)

    def forget(self, session_id: SessionId) -> None:
        """A session is no longer stored."""
        with self._lock:
            self._damaged.pop(session_id, None)
            self._whole.pop(session_id, None)

    def knows(self, session_id: SessionId, event_count: int) -> bool:
        """Whether a record with so many events was checked, and is whole."""
        with self._lock:
            return self._whole.get(session_id) == event_count

    def damaged(self) -> tuple[DamagedRecord, ...]:
        """The damaged records, found last first."""
        with self._lock:
            return tuple(record for _, _, record in reversed(self._damaged.values()))

    def damaged_count(self) -> int:
        """How many damaged records are known."""
        return len(self._damaged)

    def progress(self) -> SweepProgress:
        """How far the check of everything is."""
        with self._lock:
            return replace(self._progress, damaged=len(self._damaged))

    def report(self, progress: SweepProgress) -> None:
        """Say how far the check of everything is."""
        with self._lock:
            self._progress = progress

    def wanted(self) -> tuple[SessionId, int] | None:
        """The record to check next because someone looks at it, and its events; None for none."""
        with self._lock:
            if self._wanted:
                return self._wanted.popitem()
            self.news.clear()
            return None

    def _want(self, session_id: SessionId, event_count: int) -> None:
        self._wanted[session_id] = event_count
        self._wanted.move_to_end(session_id)
        if len(self._wanted) > WANTED_KEPT:
            self._wanted.popitem(last=False)
        self.news.set()


class Verifier:
    """The thread that fills the book, from `start` to `stop`."""

    def __init__(self, book: IntegrityBook, open_reader: ReaderFactory) -> None:
        self._book = book
        self._open_reader = open_reader
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="verifier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the record that is being read."""
        self._leaving.set()
        self._book.news.set()

    def _run(self) -> None:
        sweep = self.sweep()
        while not self._leaving.is_set():
            began = time.monotonic()
            resting = 0.0
            # A store that cannot be read now, or a record that fails in a new way, is tried again.
            try:
                if not self.check_wanted():
                    resting = next(sweep)
            except WorkRailError:
                sweep, resting = self.sweep(), _BETWEEN_ROUNDS / 10
            worked = time.monotonic() - began
            if resting:
                self._book.news.wait(resting)
            self._leaving.wait(max(_SHORTEST_REST, worked * _REST))

    def check_wanted(self) -> bool:
        """Check one record that someone looks at; False where there is none."""
        wanted = self._book.wanted()
        if wanted is None:
            return False
        session_id, event_count = wanted
        known = {record.session_id: record.goal for record in self._book.damaged()}
        with self._open_reader() as reader:
            try:
                goal = known.get(session_id) or _goal(reader, session_id)
                self._book.check(reader, session_id, event_count, goal)
            except SessionNotFoundError:
                self._book.forget(session_id)
        return True

    def sweep(self) -> Iterator[float]:
        """Check everything, round after round; yields how long to rest after each record."""
        rounds = 0
        while True:
            before: str | None = None
            checked = 0
            while True:
                with self._open_reader() as reader:
                    page = reader.sessions(_PAGE, before)
                for summary in page.sessions:
                    if not self._book.knows(summary.session_id, summary.event_count):
                        self._check(summary)
                        yield 0.0
                    checked += 1
                    self._book.report(SweepProgress(checked, page.total, rounds, 0))
                yield 0.0
                if page.next_before is None:
                    break
                before = page.next_before
            rounds += 1
            self._book.report(SweepProgress(checked, checked, rounds, 0))
            yield _BETWEEN_ROUNDS

    def _check(self, summary: SessionSummary) -> None:
        # It may be gone by now, or fail in a way of its own; the rest of the store is checked.
        with self._open_reader() as reader, contextlib.suppress(WorkRailError):
            self._book.check(reader, summary.session_id, summary.event_count, summary.goal)


def _goal(reader: Reader, session_id: SessionId) -> str:
    """The goal of a session, where its record still says it."""
    try:
        return reader.session(session_id).summary.goal
    except WorkRailError:
        return ""
