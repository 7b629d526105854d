"""How is it waited for runs, and when has it been long enough?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from threading import Event
from time import monotonic
from typing import Final, Literal, TypeAlias

from workrail_daemon.commands.looking import Lookout, SeenRun

Until: TypeAlias = Literal["all", "any", "first-failure"]
_PAUSE: Final = 0.25
"""Seconds between looks at the store."""
GRACE: Final = 4.0
"""Seconds nobody may work on a run before it counts as left alone: a daemon may be starting anew."""


class Came(IntEnum):
    """What the waiting came to; also the exit code."""

    COMPLETED = 0
    OTHERWISE = 1
    """A run ended, and not with `completed`."""
    TIME_OVER = 3
    LEFT_ALONE = 4
    """Nobody works on a run, and nobody will until a daemon is started."""


@dataclass(frozen=True)
class Awaited:
    """What came of it."""

    came: Came
    runs: tuple[SeenRun, ...]
    """In the order they were asked for."""


def wait_for(
    lookout: Lookout,
    runs: Sequence[SeenRun],
    until: Until,
    timeout: float | None,
    told: Callable[[SeenRun], None],
) -> Awaited:
    """Wait for runs.

    Args:
        lookout: looks at the store.
        runs: at least one.
        until: all have ended, any has, or all have or one ended without being completed.
        timeout: seconds at most; None: as long as it takes.
        told: told of every run whose state or rest changed.

    Raises:
        SessionNotFoundError: the session of a run was removed meanwhile.
    """
    seen = tuple(runs)
    begun = alone_since = monotonic()
    pause = Event()
    while True:
        now = monotonic()
        if _enough(seen, until):
            return Awaited(_came(seen, until), seen)
        if all(run.attended for run in seen):
            alone_since = now
        elif now - alone_since >= GRACE:
            return Awaited(Came.LEFT_ALONE, seen)
        if timeout is not None and now - begun >= timeout:
            return Awaited(Came.TIME_OVER, seen)
        pause.wait(_PAUSE)
        fresh = tuple(lookout.now(run.view.session_id) for run in seen)
        for before, after in zip(seen, fresh, strict=True):
            if (before.view.state, before.view.rest) != (after.view.state, after.view.rest):
                told(after)
        seen = fresh


def _enough(runs: Sequence[SeenRun], until: Until) -> bool:
    ended = [run for run in runs if run.view.state == "ended"]
    match until:
        case "all":
            return len(ended) == len(runs)
        case "any":
            return bool(ended)
        case "first-failure":
            return len(ended) == len(runs) or not _all_completed(ended)


def _came(runs: Sequence[SeenRun], until: Until) -> Came:
    ended = [run for run in runs if run.view.state == "ended"]
    if until == "any":
        return Came.COMPLETED if any(map(_completed, ended)) else Came.OTHERWISE
    return Came.COMPLETED if _all_completed(ended) else Came.OTHERWISE


def _all_completed(runs: Sequence[SeenRun]) -> bool:
    return all(map(_completed, runs))


def _completed(run: SeenRun) -> bool:
    return run.view.outcome == "completed"
