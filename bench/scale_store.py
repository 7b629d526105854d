"""What does a team's store look like after some years: how is one of 100,000 sessions made?

Everything is written by the product's own runner and commit path, so the rows are those a server
would have left. Only the transactions are larger: a server syncs after every step, this does not.
"""

import hashlib
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeVar

from material import SHORT, SHORT_STEPS, locations, notes
from sqlalchemy import Connection

from workrail_engine.checks.local_checks import LocalChecks
from workrail_engine.ids import SessionId, session_id_from
from workrail_engine.material import Material
from workrail_engine.outcomes import Completed
from workrail_engine.ports import Clock
from workrail_engine.proofs.keys import KeyRing
from workrail_engine.registry.registry import Registry
from workrail_engine.returning import Returning
from workrail_engine.runner import Runner, Surroundings
from workrail_engine.sealing import Sealer
from workrail_engine.session.commands import Submission
from workrail_engine.session.events import SessionStarted, Workspace
from workrail_engine.snapshots.queue import KeepsNothing
from workrail_engine.store.database import Database, open_for_writing
from workrail_engine.store.new_store import make_store
from workrail_engine.store.sql_store import SqlStore
from workrail_engine.system import Locations, SystemEntropy
from workrail_engine.workflow.prepared import PreparedWorkflow

RARE: Final = "lighthouse"
"""A word that one goal has."""
SOME: Final = "pagination"
"""A word that one goal in two hundred has."""
COMMON: Final = "repair"
"""A word that every goal has."""
REPOSITORIES: Final = 40
BRANCHES: Final = 600
_AT_ONCE: Final = 1_000
_BEGAN: Final = datetime(2024, 1, 1, tzinfo=UTC)
_BETWEEN: Final = timedelta(minutes=9)
_Answer = TypeVar("_Answer")


class OneTransaction(Database):
    """A database whose reads and writes all happen in a transaction that someone else began."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def reading(self) -> Generator[Connection]:
        yield self._connection

    @contextmanager
    def writing(self) -> Generator[Connection]:
        yield self._connection

    def read(self, work: Callable[[Connection], _Answer]) -> _Answer:
        return work(self._connection)

    def write(self, work: Callable[[Connection], _Answer]) -> _Answer:
        return work(self._connection)

    def close(self) -> None:
        """Nothing is held that is not held by the database this borrows from."""


class PassingClock:
    """A clock that moves on with every look, so that all of the sessions are not of one day."""

    def __init__(self) -> None:
        self._now = _BEGAN

    def now(self) -> datetime:
        self._now += _BETWEEN / SHORT_STEPS
        return self._now


def repository(number: int) -> str:
    """Where the session with a number works."""
    return f"/home/ada/team/service-{number % REPOSITORIES}"


def branch(number: int) -> str:
    """The branch the session with a number began on."""
    return f"fix/ticket-{number % BRANCHES}"


def goal(number: int) -> str:
    """What the session with a number is for."""
    if number == 0:
        return f"Repair the vanishing {RARE} invoice"
    some = f" with {SOME}" if number % 200 == 1 else ""
    return f"Repair the {notes(number, 60).partition(': ')[2]}{some}"


def fill(where: Locations, sessions: int) -> None:
    """Put that many sessions into a fresh store, saying on stderr how far it is."""
    make_store(where.database)
    database = open_for_writing(where.database)
    prepared = Registry(where).prepare(SHORT, None)
    clock = PassingClock()
    made: list[SessionId] = []
    for first in range(0, sessions, _AT_ONCE):
        with database.writing() as connection:
            store = SqlStore(OneTransaction(connection), SystemEntropy())
            material, runner = _at_work(store, where, clock)
            for number in range(first, min(first + _AT_ONCE, sessions)):
                parent = made[number // 2] if number % 10 == 9 else None
                started = _started(prepared, number, parent)
                _carry_out(material, runner, prepared, started, _submissions(number))
                made.append(started.session_id)
        if sys.stderr.isatty() or (first + _AT_ONCE) % 10_000 == 0:
            print(
                f"\r  {len(made):,} of {sessions:,} sessions", end="", file=sys.stderr, flush=True
            )
    print(file=sys.stderr)
    database.close()


def scaled(folder: Path, sessions: int) -> Locations:
    """A home with a store of that many sessions; an earlier one of the same size is used again."""
    done = folder / f"filled-{sessions}"
    if done.exists():
        return Locations.under(folder)
    where = locations(folder)
    fill(where, sessions)
    done.touch()
    return where


def _at_work(store: SqlStore, where: Locations, clock: Clock) -> tuple[Material, Runner]:
    """What carries out commands on a store, as the engine has it."""
    material, checks = Material(store), LocalChecks(clock)
    sealer = Sealer(store, material, KeyRing(where.keys), checks)
    around = Surroundings(clock, SystemEntropy(), checks, sealer, KeepsNothing())
    returning = Returning(store, material, lambda _workflow, _path: ())
    return material, Runner(store, material, returning, around)


def _started(prepared: PreparedWorkflow, number: int, parent: SessionId | None) -> SessionStarted:
    return SessionStarted(
        session_id=session_id_from(hashlib.sha256(f"session {number}".encode()).digest()[:16]),
        workflow_id=prepared.compiled.workflow_id,
        workflow_hash=prepared.compiled.workflow_hash,
        goal=goal(number),
        origin="mcp",
        workspace=Workspace(repository(number), repository(number), branch(number)),
        parent_session_id=parent,
        context={"goal": goal(number)},
    )


def _carry_out(
    material: Material,
    runner: Runner,
    prepared: PreparedWorkflow,
    started: SessionStarted,
    submissions: Iterator[Submission],
) -> None:
    """Begin a session and send what there is to send, until it is complete or nothing is left."""
    outcome = runner.start(started, prepared, runner.names(None).handle)
    for submission in submissions:
        if isinstance(outcome, Completed):
            break
        standing = material.standing(material.read_token(outcome.token))
        outcome = runner.advance(standing, submission, lambda _line: None)


def _submissions(number: int) -> Iterator[Submission]:
    """Half of the sessions are done, the others stand somewhere; one step in ten is blocked at first."""
    steps = SHORT_STEPS if number % 2 else number // 2 % SHORT_STEPS
    for step in range(steps):
        if (number + step) % 10 == 3:
            yield Submission()
        yield Submission(notes=notes(number * SHORT_STEPS + step, 300))
    if number % 20 == 4:
        yield Submission()
