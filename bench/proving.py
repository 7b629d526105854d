"""What do proofs cost an advance?

Two runners work on one store: one signs as the product does, the other signs nothing. They take turns
in the same sessions, so that whatever else the machine does meets both.
"""

from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter

from figures import Figure
from material import GOAL, LINEAR, SHORT, SHORT_STEPS, locations, notes

from workrail_engine.checks.local_checks import LocalChecks
from workrail_engine.ids import session_id_from
from workrail_engine.material import Material
from workrail_engine.outcomes import AdvanceOutcome, Completed, StartOutcome
from workrail_engine.ports import Change, SessionHead
from workrail_engine.proofs.keys import KeyRing
from workrail_engine.registry.registry import Registry
from workrail_engine.returning import Returning
from workrail_engine.runner import Runner, Surroundings
from workrail_engine.sealing import Sealer
from workrail_engine.session.commands import Submission
from workrail_engine.session.events import SessionStarted, Workspace
from workrail_engine.session.state import Node
from workrail_engine.snapshots.queue import KeepsNothing
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations, SystemClock, SystemEntropy

BUDGET_MS = 1.0


class SignsNothing(Sealer):
    """Stands where proofs are made, and makes none."""

    def sealed(self, change: Change, head: SessionHead | None, node: Node | None) -> Change:  # noqa: ARG002 (as it is called)
        """The change as it is."""
        return change


@dataclass
class Timed:
    """Durations in seconds of the same kind of call, by what signs."""

    proved: list[float] = field(default_factory=list[float])
    unproved: list[float] = field(default_factory=list[float])

    def figures(self, what: str, budget: float | None) -> tuple[Figure, ...]:
        """Both medians and their difference, in milliseconds."""
        on, off = median(self.proved) * 1000, median(self.unproved) * 1000
        count = len(self.proved)
        return (
            Figure(f"{what}, no proofs, p50", off, "ms", samples=len(self.unproved)),
            Figure(f"{what}, proofs, p50", on, "ms", samples=count),
            Figure(f"overhead of proofs, {what}, p50", on - off, "ms", budget, samples=count),
        )


def overhead(folder: Path, pairs: int) -> tuple[Figure, ...]:
    """What proofs add to an advance without checks, and to the one that ends a run."""
    where = locations(folder)
    with open_store(where.store, SystemEntropy()) as store:
        bench = _Bench(store, where)
        plain, ends = Timed(), Timed()
        for _ in range(0, pairs, 1_000):
            bench.walk(LINEAR, min(pairs, 1_000) * 2, plain)
        for number in range(max(10, pairs // 20) * 2):
            bench.end(SHORT, number, ends)
    return (
        *plain.figures("advance without checks", BUDGET_MS),
        *ends.figures("advance that ends a run", None),
    )


class _Bench:
    """A store, and the two that work on it."""

    def __init__(self, store: SqlStore, where: Locations) -> None:
        clock, entropy = SystemClock(), SystemEntropy()
        self._material, checks = Material(store), LocalChecks(clock)
        self._registry = Registry(where)
        self._entropy = entropy
        returning = Returning(store, self._material, lambda _workflow, _path: ())

        def runner(kind: type[Sealer]) -> Runner:
            sealer = kind(store, self._material, KeyRing(where.keys), checks)
            around = Surroundings(clock, entropy, checks, sealer, KeepsNothing())
            return Runner(store, self._material, returning, around)

        self._proved, self._unproved = runner(Sealer), runner(SignsNothing)

    def walk(self, workflow: str, steps: int, timed: Timed) -> None:
        """Take turns in one session: with, without, without, with, and so on."""
        outcome: AdvanceOutcome = self._begun(workflow)
        for number, proved in zip(range(steps), cycle((True, False, False, True)), strict=False):
            outcome = self._advanced(outcome, number, timed if number >= 4 else Timed(), proved)

    def end(self, workflow: str, number: int, timed: Timed) -> None:
        """Run a session to its end, its last step with proofs or without, by turns."""
        outcome: AdvanceOutcome = self._begun(workflow)
        for step in range(SHORT_STEPS):
            last = step == SHORT_STEPS - 1
            outcome = self._advanced(outcome, step, timed if last else Timed(), number % 2 == 0)
        assert isinstance(outcome, Completed)

    def _advanced(
        self, outcome: AdvanceOutcome, number: int, timed: Timed, proved: bool
    ) -> AdvanceOutcome:
        assert not isinstance(outcome, Completed)
        runner = self._proved if proved else self._unproved
        submission = Submission(notes=notes(number))
        began = perf_counter()
        standing = self._material.standing(self._material.read_token(outcome.token))
        following = runner.advance(standing, submission, lambda _line: None)
        (timed.proved if proved else timed.unproved).append(perf_counter() - began)
        return following

    def _begun(self, workflow: str) -> StartOutcome:
        prepared = self._registry.prepare(workflow, None)
        started = SessionStarted(
            session_id=session_id_from(self._entropy.bytes(16)),
            workflow_id=prepared.compiled.workflow_id,
            workflow_hash=prepared.compiled.workflow_hash,
            goal=GOAL,
            origin="mcp",
            workspace=Workspace(None, None, None, None),
            parent_session_id=None,
            context={"goal": GOAL},
        )
        return self._unproved.start(started, prepared, self._unproved.names(None).handle)
