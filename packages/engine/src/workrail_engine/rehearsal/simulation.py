"""Which way does a workflow go for given values? Told by the rules that runs follow, with no session.

Nothing changes the values on the way, so a condition a step would make true stays as it is; the way
is that of an agent that sends no context.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias, assert_never

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import MissingContextError
from workrail_engine.ids import NodeId
from workrail_engine.session.approval import confirmation_of, seen_at
from workrail_engine.session.context_tokens import replace_tokens
from workrail_engine.session.events import (
    LoopEntered,
    LoopExitCause,
    LoopExited,
    LoopRepeated,
    Position,
    StepSkipped,
)
from workrail_engine.session.next_step import (
    Arrival,
    Happening,
    next_step,
    pending_loop,
    step_done,
)
from workrail_engine.session.requirements import confirmation, requirements
from workrail_engine.workflow.check_words import check_words
from workrail_engine.workflow.compiled import (
    ArtifactDecides,
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
)

_MOST_STEPS: Final = 2_000
_NODE: Final = NodeId(0)


@dataclass(frozen=True)
class SimulatedStep:
    """A step that would be handed out."""

    step_id: str
    title: str
    checks: tuple[str, ...]
    """What the engine would check, in words."""
    fresh: tuple[str, ...]
    """Checks of earlier steps that would have to hold again."""
    confirmation: str | None
    """When someone would be asked, in words."""
    demands: tuple[str, ...]
    """What else the agent would have to send, in words."""


@dataclass(frozen=True)
class SkippedStep:
    """A step or loop that would be passed over."""

    step_id: str
    condition: str
    """What did not hold, in words."""
    seen: tuple[tuple[str, JsonValue], ...]
    """The values it was decided by."""
    unset: tuple[str, ...]
    """Names it reads that have no value."""


@dataclass(frozen=True)
class SimulatedPass:
    """One time through a loop."""

    number: int
    """From 1."""
    entries: "tuple[SimulatedStep | SkippedStep, ...]"


@dataclass(frozen=True)
class SimulatedLoop:
    """A loop that would be entered, or passed over because there is nothing to do."""

    loop_id: str
    title: str
    passes: tuple[SimulatedPass, ...]
    ended: str | None
    """Why it ends, in words; None: the simulation does not get that far."""


Entry: TypeAlias = SimulatedStep | SkippedStep | SimulatedLoop


@dataclass(frozen=True)
class Simulation:
    """The way through a workflow."""

    workflow_id: str
    name: str
    context: JsonObject
    entries: tuple[Entry, ...]
    completed: bool
    stopped: str | None
    """Why it goes no further, and what to do; None: it goes to the end."""


@dataclass
class _OpenLoop:
    loop: CompiledLoop
    passes: list[list[SimulatedStep | SkippedStep]] = field(
        default_factory=list[list[SimulatedStep | SkippedStep]]
    )
    ended: str | None = None


@dataclass
class _Drawing:
    """The tree as far as it is known."""

    workflow: CompiledWorkflow
    entries: list[SimulatedStep | SkippedStep | _OpenLoop] = field(
        default_factory=list[SimulatedStep | SkippedStep | _OpenLoop]
    )
    open: _OpenLoop | None = None

    def happened(self, happenings: Sequence[Happening]) -> None:
        for one in happenings:
            match one:
                case StepSkipped():
                    skipped = SkippedStep(one.step_id, one.condition, one.seen, one.unset)
                    self._put(skipped, inside=one.iteration is not None)
                case LoopEntered():
                    self._enter(one.loop_id).passes.append([])
                case LoopRepeated():
                    if self.open is not None and len(self.open.passes) <= one.iteration:
                        self.open.passes.append([])
                case LoopExited():
                    loop = self.open or self._enter(one.loop_id)
                    loop.ended = _ended(one.cause, one.passes)
                    self.open = None
                case _:
                    assert_never(one)

    def step(self, step: SimulatedStep) -> None:
        self._put(step, inside=self.open is not None)

    def _put(self, entry: SimulatedStep | SkippedStep, *, inside: bool) -> None:
        if inside and self.open is not None:
            self.open.passes[-1].append(entry)
        else:
            self.entries.append(entry)

    def _enter(self, loop_id: str) -> _OpenLoop:
        loops = (one for one in self.workflow.steps if isinstance(one, CompiledLoop))
        self.open = _OpenLoop(next(loop for loop in loops if loop.loop_id == loop_id))
        self.entries.append(self.open)
        return self.open

    def drawn(self) -> Iterator[Entry]:
        for entry in self.entries:
            if isinstance(entry, _OpenLoop):
                passes = tuple(
                    SimulatedPass(number, tuple(inside))
                    for number, inside in enumerate(entry.passes, 1)
                )
                yield SimulatedLoop(entry.loop.loop_id, entry.loop.title, passes, entry.ended)
            else:
                yield entry


def simulate(workflow: CompiledWorkflow, context: JsonObject, passes: int) -> Simulation:
    """The way through a workflow for values that stay as they are.

    Args:
        workflow: what would run.
        context: the values.
        passes: in which pass the agent leaves a loop that asks it.
    """
    drawing = _Drawing(workflow)
    position, stop, stopped = Position(), None, None
    done = False
    for _ in range(_MOST_STEPS):
        try:
            arrival = next_step(workflow, position, context, _NODE)
        except MissingContextError as error:
            stopped = _lacking(error)
            break
        drawing.happened(arrival.happenings)
        if arrival.step is None:
            done = True
            break
        drawing.step(_simulated(workflow, arrival, arrival.step, context))
        stop = _decision(workflow, arrival, passes)
        position = step_done(arrival.position, stop=stop)
    else:
        stopped = f"It had not ended after {_MOST_STEPS} steps."
    entries = tuple(drawing.drawn())
    return Simulation(workflow.workflow_id, workflow.name, context, entries, done, stopped)


def _lacking(error: MissingContextError) -> str:
    """Which value a loop lacks, and how it is given here."""
    example = "2" if "whole number" in str(error) else '\'["one", "two"]\''
    said = str(error).removesuffix(" Send it as context.")
    return f"{said} Give it, such as: --set {error.variable}={example}"


def _decision(workflow: CompiledWorkflow, arrival: Arrival, passes: int) -> bool | None:
    """What the agent would say about going on, at every step of a loop that asks it."""
    loop = pending_loop(workflow, arrival.position)
    if loop is None or not isinstance(loop.rule, ArtifactDecides):
        return None
    return (arrival.iteration or 0) + 1 >= passes


def _simulated(
    workflow: CompiledWorkflow, arrival: Arrival, step: CompiledStep, context: JsonObject
) -> SimulatedStep:
    loop = pending_loop(workflow, arrival.position)
    seen = seen_at(loop, arrival.position, context)
    rule = confirmation_of(step, loop, arrival.position)
    return SimulatedStep(
        step_id=step.step_id,
        title=replace_tokens(step.title, seen),
        checks=tuple(f"{check.check_id}: {check_words(check)}" for check in step.checks),
        fresh=step.fresh,
        confirmation=confirmation(rule, seen),
        demands=tuple(
            demand.text
            for demand in requirements(replace(step, checks=(), fresh=(), tools=None))
            if demand.required
        ),
    )


def _ended(cause: LoopExitCause, passes: int) -> str:
    times = "1 pass" if passes == 1 else f"{passes} passes"
    match cause:
        case "condition":
            return f"ends after {times}: its condition says so"
        case "stopped":
            return f"ends after {times}, when the agent says stop"
        case "count":
            return f"ends after {times}: there are no more"
        case "limit":
            return f"ends after {times}: that is its limit, and nothing else ended it"
        case _:
            assert_never(cause)
