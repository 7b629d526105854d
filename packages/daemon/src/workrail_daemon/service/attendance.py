"""Does anybody work on a run?

The daemon of this machine is known by its lock. On a database that several hosts share, a daemon of
another host is known by what it is heard of: its runs are renewed every few seconds.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from workrail_daemon.service.lock import Held, held
from workrail_engine.projections.driving import SeenDriver
from workrail_engine.projections.runs import RunView
from workrail_engine.system import Locations

FRESH: Final = timedelta(seconds=15)
"""How long ago a daemon of another host may have been heard of to count as working."""


@dataclass(frozen=True)
class Attendance:
    """Who is there to work on runs."""

    daemon: Held | None
    """The daemon of this home, where one runs."""
    shared: bool
    """Whether daemons of other hosts may work on the same store."""

    def attends(self, view: RunView, drivers: tuple[SeenDriver, ...], now: datetime) -> bool:
        """Whether somebody works on a run, or will when it is ready; True once it is over.

        Args:
            view: the run.
            drivers: who drove its session.
            now: the time, with its zone.
        """
        if view.state == "ended":
            return True
        if view.state != "running":
            return self.daemon is not None or self.shared
        if self.daemon is not None:  # what a dead worker left is taken up by this one
            return True
        return self.shared and any(
            f"{seen.driver.host}:{seen.driver.process}" == view.worker
            and now - datetime.fromisoformat(seen.seen_at) < FRESH
            for seen in drivers
        )


def attendance(locations: Locations) -> Attendance:
    """Who is there now."""
    return Attendance(held(locations.home), locations.database_url is not None)
