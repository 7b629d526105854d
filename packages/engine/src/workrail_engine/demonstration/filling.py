"""How does an empty folder become the store of a team that has been busy for some days?"""

import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

from workrail_engine.demonstration.ground import Ground, harm, offer
from workrail_engine.demonstration.made_up_time import SameEveryTime, TaleClock
from workrail_engine.demonstration.tale import Tale, Turn, cast, tales
from workrail_engine.demonstration.telling import Teller, tell
from workrail_engine.engine import Engine
from workrail_engine.errors import InvalidInputError
from workrail_engine.ports import Clock
from workrail_engine.projections.driving import Driver
from workrail_engine.registry.registry import Registry
from workrail_engine.store.sql_store import open_store
from workrail_engine.system import Locations

PAUSE: Final = timedelta(hours=7)
Told: TypeAlias = Callable[[int, int, str], None]


@contextmanager
def opened(where: Locations, clock: Clock, seed: str) -> Generator[Engine]:
    """The engine on a made-up store; no files are kept beside branches."""
    entropy = SameEveryTime(seed)
    with open_store(where.store, entropy) as store:
        yield Engine(store, Registry(where), clock, entropy)


def fill(where: Locations, ground: Ground, now: datetime, told: Told) -> tuple[str, ...]:
    """Tell all that has happened until now, and let the disk harm some of it.

    Args:
        where: a fresh place; nobody else has its store open.
        ground: where the sessions work.
        now: when the last days end.
        told: told how many sessions there are by now, of how many, and the last one's goal.

    Returns:
        What did not come out as its tale says, and was left there: checks fail where git or python3
        is missing.

    Raises:
        StoreUnavailableError: the store cannot be made.
    """
    left: list[str] = []
    scenery, past = cast(), list(tales())
    past.extend(_reviews())
    ground.lay_out(scenery)
    clock = TaleClock(now)
    gone = _driver_that_is_gone(now)
    with opened(where, clock, "past") as engine:
        teller = Teller(engine, ground)
        for earlier in (True, False):
            offer(where, earlier=earlier)
            for number, tale in enumerate(one for one in past if one.earlier is earlier):
                before = 0 if earlier else sum(one.earlier for one in past)
                told(before + number + 1, len(past), tale.goal)
                try:
                    tell(teller, clock, tale, now, gone if tale.driver == "gone" else None)
                except InvalidInputError as error:
                    left.append(str(error))
        for life in reversed(teller.lives):
            life.end()
    if isinstance(where.store, Path):
        harm(where.store, [tale.damage for tale in past if tale.damage is not None])
    return tuple(left)


def _reviews() -> Iterator[Tale]:
    """The short sessions of the last days, each a review that found nothing grave."""
    for number, (goal, repository, branch) in enumerate(cast().also):
        yield Tale(
            goal=goal,
            workflow="acme.review",
            repository=repository,
            branch=branch,
            hours_ago=16 + number * PAUSE / timedelta(hours=1),
            turns=list(_review(number)),
        )


def _review(number: int) -> Iterator[Turn]:
    level = ("ran-it", "reading")[number % 2]
    yield Turn(minutes=11 + number, notes=f"Read it whole: {3 + number} files and their callers.")
    yield Turn(
        minutes=4,
        notes="Judged.",
        artifacts=[
            {
                "kind": "wr.assessment",
                "assessmentId": "depth",
                "dimensions": {"coverage": "all", "evidence": level},
            }
        ],
    )
    yield Turn(
        then="completed",
        minutes=3,
        artifacts=[
            {
                "kind": "wr.review_verdict",
                "verdict": "minor" if number % 3 == 0 else "clean",
                "confidence": "high",
                "findings": [{"severity": "nit", "summary": "A name could be plainer."}]
                if number % 3 == 0
                else [],
                "summary": "It can go in.",
            }
        ],
    )


def _driver_that_is_gone(now: datetime) -> Driver:
    """A process of this host that has ended: the one that is started here, and awaited."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    began = round((now - timedelta(days=4)).timestamp() * 1_000_000)
    return Driver("mcp", socket.gethostname(), process.pid, began)
