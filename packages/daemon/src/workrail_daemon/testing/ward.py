"""A worksite whose runs are healed, for tests that take the ground away."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Thread
from time import monotonic

from workrail_daemon.agent.run import AgentRun
from workrail_daemon.dispatch.contract import Ended, Lost, Parked, Work
from workrail_daemon.dispatch.drives import Pace
from workrail_daemon.dispatch.embedded import EmbeddedDispatch
from workrail_daemon.dispatch.this_process import this_process
from workrail_daemon.event_log.mirror import mirror
from workrail_daemon.event_log.reading import Wanted, lines
from workrail_daemon.event_log.writing import EventLog
from workrail_daemon.ground import Ground
from workrail_daemon.healing.breaker import Breaker, Tolerance
from workrail_daemon.healing.guard import Guard
from workrail_daemon.healing.holder import EngineHolder, holding
from workrail_daemon.healing.mending import Patience, Surroundings
from workrail_daemon.healing.work import Healing
from workrail_daemon.stopping import DRAINED, Stop
from workrail_daemon.testing.worksite import Worksite, worksite
from workrail_engine.agent_events import AgentEvent, Noticed
from workrail_engine.engine import open_engine
from workrail_engine.ids import SessionId
from workrail_engine.system import SystemClock

PACE = Pace(ttl=1.5, beat=0.3, look=0.05, grace=2.0, again=0.1)
LASTING = replace(PACE, ttl=60.0)
"""A lease is not lost within a test."""
_LOOK = 0.1


@dataclass
class Ward:
    """A worksite, and who heals its runs."""

    site: Worksite
    holder: EngineHolder
    healing: Healing
    settled: list[Parked | Ended | Lost] = field(default_factory=list[Parked | Ended | Lost])
    """What each piece of work came to."""

    def told(self, session_id: SessionId | None = None) -> list[str]:
        """The kinds of lines in the daemon's log, of a session or all."""
        sessions = () if session_id is None else (session_id,)
        found = lines(self.site.locations.home, Wanted(sessions=sessions))
        return [str(line["kind"]) for line in found]

    def noticed(self, session_id: SessionId) -> list[str]:
        """The incidents in the log of a session."""
        events = self.site.events(session_id)
        return [event.what for event in events if isinstance(event, Noticed)]

    @contextmanager
    def working(self, slots: int = 3, pace: Pace = PACE) -> Generator[None]:
        """While the block runs, a daemon works."""
        dispatch = EmbeddedDispatch(
            lambda: self.holder.engine.runs, this_process(), self.healing.failed, pace
        )
        stop = Stop()

        def work() -> None:
            dispatch.work(self._noted, slots, stop)

        def look() -> None:
            while not stop.wait(_LOOK):
                self.healing.look()

        threads = [Thread(target=each) for each in (work, look)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.give(DRAINED)
            for thread in threads:
                thread.join()

    @property
    def _noted(self) -> Work:
        def noted(*given: object) -> Parked | Ended | Lost:
            settled = self.healing(*given)  # pyright: ignore[reportArgumentType] - as they came
            self.settled.append(settled)
            return settled

        return noted


@contextmanager
def ward(
    folder: Path, database_url: str | None = None, patience: Patience | None = None
) -> Generator[Ward]:
    """A new one.

    Args:
        folder: an empty one.
        database_url: of a database on a server; a file in the folder when left out.
        patience: how long is healed.
    """
    with worksite(folder, database_url) as site:
        log = EventLog(site.locations.home, SystemClock().now)
        plain = site.site()

        def tell(session_id: SessionId, event: AgentEvent) -> None:
            mirror(log, session_id, event)
            plain.told(session_id, event)

        shared = replace(plain, told=tell)

        def work(ground: Ground) -> Work:
            return AgentRun(ground, shared)

        with holding(lambda: open_engine(site.locations, site.checks)) as holder:
            guard = Guard(holder, Breaker(monotonic, Tolerance(failures=2, least=0.2)))
            around = Surroundings(site.locations, log, tell, SystemClock().now)
            yield Ward(site, holder, Healing(guard, work, around, patience))
