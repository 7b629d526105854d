"""How long do starting and advancing take, and does it grow with the session?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

from figures import Figure, p50_p95
from material import GOAL, LINEAR, LOOP, locations, notes
from wire import ERAS, Wire, server, token_in

from workrail_engine.engine import Engine, StartRequest, open_engine
from workrail_engine.outcomes import Completed
from workrail_engine.session.commands import Submission

Start: TypeAlias = Callable[[str], str]
Advance: TypeAlias = Callable[[str, str], str]
HALF_WINDOW = 20
BUDGET_MS = 4.0


@dataclass(frozen=True)
class Plan:
    """How much to measure."""

    sessions: int = 40
    places: tuple[int, ...] = (200, 2_000)
    passes: tuple[int, ...] = (30, 900)


QUICK = Plan(sessions=15, places=(200,), passes=(30, 150))


@dataclass(frozen=True)
class Timed:
    """Durations in seconds: of each start, of each session's first advance, of every advance."""

    starts: list[float]
    firsts: list[float]
    linear: list[float]
    loop: list[float]


def in_process(folder: Path, plan: Plan) -> tuple[Figure, ...]:
    """The engine itself, called in this process."""
    with open_engine(locations(folder)) as engine:
        timed = _measure(_engine_start(engine), _engine_advance(engine), plan)
    return _figures("in process", timed, plan, None)


def over_stdio(folder: Path, plan: Plan) -> tuple[Figure, ...]:
    """The MCP server, over pipes, in both eras of the protocol."""
    figures: list[Figure] = []
    for era in ERAS:
        home = folder / era
        locations(home)
        with server(home, era) as wire:
            wire.open()
            timed = _measure(_wire_start(wire), _wire_advance(wire), plan)
        figures += _figures(f"stdio {era}", timed, plan, BUDGET_MS)
    return tuple(figures)


def _measure(start: Start, advance: Advance, plan: Plan) -> Timed:
    advance(
        start(LINEAR), notes(0)
    )  # the first call ever opens the store; nobody waits for it twice
    starts: list[float] = []
    firsts: list[float] = []
    for number in range(plan.sessions):
        began = perf_counter()
        token = start(LINEAR)
        started = perf_counter()
        advance(token, notes(number))
        firsts.append(perf_counter() - started)
        starts.append(started - began)
    linear = _walk(start, advance, LINEAR, max(plan.places) + HALF_WINDOW)
    loop = _walk(start, advance, LOOP, max(plan.passes) + HALF_WINDOW)
    return Timed(starts, firsts, linear, loop)


def _walk(start: Start, advance: Advance, workflow: str, steps: int) -> list[float]:
    token = start(workflow)
    took: list[float] = []
    for number in range(steps):
        text = notes(number)
        began = perf_counter()
        token = advance(token, text)
        took.append(perf_counter() - began)
    return took


def _figures(how: str, timed: Timed, plan: Plan, budget: float | None) -> tuple[Figure, ...]:
    figures = [
        *p50_p95(f"start, {how}", timed.starts),
        *p50_p95(f"advance at step 1, {how}", timed.firsts, budget),
    ]
    for place in plan.places:
        figures += p50_p95(f"advance at step {place}, {how}", _around(timed.linear, place), budget)
    for place in plan.passes:
        figures += p50_p95(
            f"advance in loop pass {place}, {how}", _around(timed.loop, place), budget
        )
    return tuple(figures)


def _around(took: list[float], place: int) -> list[float]:
    return took[max(0, place - HALF_WINDOW) : place + HALF_WINDOW]


def _engine_start(engine: Engine) -> Start:
    def start(workflow: str) -> str:
        outcome = engine.start(StartRequest(workflow, GOAL, None))
        if isinstance(outcome, Completed):
            failure = f"{workflow} completed at its start."
            raise TypeError(failure)
        return outcome.token

    return start


def _engine_advance(engine: Engine) -> Advance:
    def advance(token: str, text: str) -> str:
        outcome = engine.advance(token, Submission(notes=text))
        if isinstance(outcome, Completed):
            failure = "The benchmark's workflow completed too early."
            raise TypeError(failure)
        return outcome.token

    return advance


def _wire_start(wire: Wire) -> Start:
    def start(workflow: str) -> str:
        return token_in(wire.call("start_workflow", {"workflowId": workflow, "goal": GOAL}))

    return start


def _wire_advance(wire: Wire) -> Advance:
    def advance(token: str, text: str) -> str:
        arguments: Mapping[str, object] = {"token": token, "notes": text}
        return token_in(wire.call("complete_step", arguments))

    return advance
