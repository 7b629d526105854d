"""What does a daemon ask of what hands out runs?

Two implementations keep these promises, and one suite of tests holds both to them: `embedded`, on the
store itself, and `procrastinate`, on PostgreSQL. Both keep who drives what in the store's `runs`
(`workrail_engine.engine.Engine.runs`): a claim there gives the lease whose epoch guards every write.
A run is given to one worker at a time, higher priorities first, within one priority the one that
waited longest; runs of one lane one at a time; a run whose worker is not heard of for `ttl` seconds
is given to another one. A parked run holds no slot.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from workrail_daemon.stopping import Stop
from workrail_engine.agent_events import Rest, RunOutcome
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Claim, RunOrder


@dataclass(frozen=True)
class Parked:
    """The run rests until what it waits for is there."""

    rest: Rest
    said: str
    until: float | None = None
    """Seconds from now after which it goes on whatever happened."""


@dataclass(frozen=True)
class Ended:
    """The run is over."""

    outcome: RunOutcome
    said: str


@dataclass(frozen=True)
class Lost:
    """The lease was lost: another worker has the run now, and nothing is to be written."""


Work: TypeAlias = Callable[[Claim, Stop, Callable[[str], None]], Parked | Ended | Lost]
"""Works on a run until it rests or is over; tells its third argument, cheaply and often, what it does
at the moment (`thinking`, `in Bash`), which the next heartbeat writes down. A raised error gives the run
back, to be claimed again; the store counts it as a crash."""


class Dispatch(Protocol):
    """Hands out runs."""

    def order(self, order: RunOrder) -> None:
        """Have a run worked on; ordering the same session again changes nothing while it is not over."""
        ...

    def wake(self, session_id: SessionId) -> None:
        """Have a parked run go on."""
        ...

    def work(self, work: Work, slots: int, stop: Stop) -> None:
        """Work on runs, at most `slots` at a time, each in a thread, until `stop` is given.

        While a run is worked on its lease is renewed from a thread of its own. The run's own `Stop` is
        given with `LOST` when the lease is another's, or the store could not be reached for as long as
        a lease lasts; with `CANCELLED` or `PAUSED` when an operator wants that; with `DRAINED` when
        `stop` was given and the run did not let go within some seconds. Returns when every run has.
        """
        ...

    def hurry(self) -> None:
        """Do not wait those seconds any more."""
        ...
