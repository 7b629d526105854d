"""Which records are whole? Checked in the background, what is shown first and then everything.

To check a record means to read all of it, so no page waits for that. One thread sees to it, a tenth of
the time, and a book keeps what was found: of damaged records all, of whole ones those looked at last.
"""

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from workrail_console.checking import Checker, CheckerHere, Found, checked
from workrail_console.door import ReaderFactory
from workrail_console.standing import Integrity, integrity
from workrail_engine.errors import SessionNotFoundError, WorkRailError
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
_LINGER: Final = 10.0
"""Seconds without anything to check after which the checker is let go of."""
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
        self.damage = 0
        """Another number whenever other damage is known."""
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
        return self.learn(checked(reader, session_id), session_id, event_count, goal)

    def learn(
        self, found: Found, session_id: SessionId, event_count: int, goal: str = ""
    ) -> Integrity:
        """Keep what a check found; the arguments are those of `check`."""
        # Kept under the number its row says: that is what it is asked for by.
        events = event_count if found.problems else found.events
        self.keep(DamagedRecord(session_id, goal, found.problems), events)
        return integrity(found.problems, events)

    def keep(self, record: DamagedRecord, event_count: int) -> None:
        """Keep what the check of a record found; one without problems is whole."""
        with self._lock:
            self._drop(record.session_id)
            if record.problems and len(self._damaged) < DAMAGED_KEPT:
                self.damage += 1
                self._damaged[record.session_id] = (event_count, time.monotonic(), record)
            elif not record.problems:
                self._whole[record.session_id] = event_count
                if len(self._whole) > WHOLE_KEPT:
                    self._whole.popitem(last=False)

    def forget(self, session_id: SessionId) -> None:
        """A session is no longer stored."""
        with self._lock:
            self._drop(session_id)

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

    def _drop(self, session_id: SessionId) -> None:
        self._whole.pop(session_id, None)
        if self._damaged.pop(session_id, None) is not None:
            self.damage += 1

    def _want(self, session_id: SessionId, event_count: int) -> None:
        self._wanted[session_id] = event_count
        self._wanted.move_to_end(session_id)
        if len(self._wanted) > WANTED_KEPT:
            self._wanted.popitem(last=False)
        self.news.set()


class Verifier:
    """The thread that fills the book, from `start` to `stop`."""

    def __init__(
        self, book: IntegrityBook, open_reader: ReaderFactory, checker: Checker | None = None
    ) -> None:
        """A thread that is not started yet.

        Args:
            book: to fill.
            open_reader: tells which records there are.
            checker: reads them; this thread itself when left out.
        """
        self._book = book
        self._open_reader = open_reader
        self._checker = checker or CheckerHere(open_reader)
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._run, name="verifier", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, at the latest after the record that is being read."""
        self._leaving.set()
        self._book.news.set()
        self._checker.let_go()

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
                self._rest(resting)
            self._leaving.wait(max(_SHORTEST_REST, worked * _REST))
        self._checker.let_go()

    def _rest(self, seconds: float) -> None:
        """Wait until a record is wanted; who checks is let go of when that takes long."""
        if not self._book.news.wait(min(seconds, _LINGER)):
            self._checker.let_go()
            self._book.news.wait(seconds - _LINGER)

    def check_wanted(self) -> bool:
        """Check one record that someone looks at; False where there is none."""
        wanted = self._book.wanted()
        if wanted is None:
            return False
        session_id, event_count = wanted
        try:
            found = self._checker.check(session_id)
        except SessionNotFoundError:
            self._book.forget(session_id)
        else:
            goal = self._goal(session_id) if found.problems else ""
            self._book.learn(found, session_id, event_count, goal)
        return True

    def _goal(self, session_id: SessionId) -> str:
        """The goal of a session whose record is damaged, where it can still be told."""
        known = {record.session_id: record.goal for record in self._book.damaged()}
        if known.get(session_id):
            return known[session_id]
        try:
            with self._open_reader() as reader:
                return reader.overview.line(session_id).summary.goal
        except WorkRailError:
            return ""

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
        with contextlib.suppress(WorkRailError):
            found = self._checker.check(summary.session_id)
            self._book.learn(found, summary.session_id, summary.event_count, summary.goal)
