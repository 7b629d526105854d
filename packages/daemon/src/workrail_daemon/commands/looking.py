"""What is seen of a run: its row, what its session is about, and whether anybody works on it?"""

from dataclasses import dataclass
from datetime import datetime

from workrail_daemon.service.attendance import Attendance, attendance
from workrail_engine.errors import CorruptSessionError, SessionNotFoundError
from workrail_engine.ids import SessionId
from workrail_engine.projections.listing import ListedSession
from workrail_engine.projections.runs import RunView
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.reader import Reader
from workrail_engine.system import Locations, SystemClock


@dataclass(frozen=True)
class SeenRun:
    """A run at one moment."""

    view: RunView
    summary: SessionSummary | None
    """None: what is stored of the session cannot be read."""
    attended: bool
    """Whether somebody works on it, or will; True once it is over."""
    at: datetime


class Lookout:
    """Looks at runs."""

    def __init__(self, reader: Reader, locations: Locations) -> None:
        self.reader = reader
        self._locations = locations

    @property
    def there(self) -> Attendance:
        """Who is there to work, now."""
        return attendance(self._locations)

    def at(self, view: RunView, there: Attendance | None = None) -> SeenRun:
        """What is seen of a run."""
        now = SystemClock().now()
        line = self._line(view)
        drivers = () if line is None else line.drivers
        attended = (there or self.there).attends(view, drivers, now)
        return SeenRun(view, None if line is None else line.summary, attended, now)

    def now(self, session_id: SessionId) -> SeenRun:
        """What is seen now of a run that was there before.

        Raises:
            SessionNotFoundError: its session was removed meanwhile.
        """
        view = self.reader.runs.view(session_id)
        if view is None:
            message = (
                f"The session {session_id} was removed from the store meanwhile. "
                "`worktrain session list` shows the runs there are."
            )
            raise SessionNotFoundError(message)
        return self.at(view)

    def _line(self, view: RunView) -> ListedSession | None:
        try:
            return self.reader.overview.line(view.session_id)
        except (CorruptSessionError, SessionNotFoundError):
            return None
