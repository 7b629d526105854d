"""Which step is pending?

The first top-level step that is neither completed nor excluded by its run condition, in authored
order; inside a loop, the next such step of the body. A step that was passed over is looked at again
each time, so it still runs if a later change of the context makes its condition true.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import NodeId
from workrail_engine.session.events import (
    LoopEntered,
    LoopExited,
    LoopFrame,
    LoopRepeated,
    Position,
    StepSkipped,
)
from workrail_engine.session.loops import at_boundary, inside
from workrail_engine.workflow.compiled import (
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
    TopLevel,
)
from workrail_engine.workflow.conditions import Condition, describe, holds, variables

Happening: TypeAlias = StepSkipped | LoopEntered | LoopRepeated | LoopExited


@dataclass(frozen=True)
class Arrival:
    """Where a run comes to stand, and what happened on the way."""

    position: Position
    step: CompiledStep | None
    """None: no step is left, the run is complete."""
    happenings: tuple[Happening, ...]

    @property
    def iteration(self) -> int | None:
        """Which pass the step is in, from 0; None outside loops."""
        return self.position.frame.iteration if self.position.frame is not None else None


def next_step(
    workflow: CompiledWorkflow, position: Position, context: JsonObject, leaving: NodeId
) -> Arrival:
    """Where a run goes from a position whose step is done (or from the start).

    Args:
        workflow: what runs.
        position: nothing is pending in it.
        context: at that point, the submission that got there included.
        leaving: the node being left, for the log; 0 at the start.

    Raises:
        MissingContextError: a loop's count or items are missing.
    """
    walk = _Walk(workflow, context, leaving)
    return walk.from_position(replace(position, at=None))


def pending_step(workflow: CompiledWorkflow, position: Position) -> CompiledStep:
    """The step a position is waiting on."""
    if position.at is None:
        message = "A stored position names no pending step. Run `workrail session verify` on it."
        raise CorruptSessionError(message)
    entry = workflow.steps[position.at]
    if isinstance(entry, CompiledLoop):
        return entry.body[position.frame.body_index if position.frame is not None else 0]
    return entry


def pending_loop(workflow: CompiledWorkflow, position: Position) -> CompiledLoop | None:
    """The loop the pending step is in."""
    if position.frame is None:
        return None
    entry = workflow.steps[position.frame.index]
    return entry if isinstance(entry, CompiledLoop) else None


def step_done(position: Position, *, stop: bool | None) -> Position:
    """The position once its pending step is completed.

    Args:
        position: with a pending step.
        stop: what the step's loop control artifact said, if it sent one.
    """
    frame = position.frame
    if frame is not None:
        decided = frame.stop if stop is None else stop
        frame = replace(frame, body_index=frame.body_index + 1, stop=decided)
    return replace(position, at=None, frame=frame, completed=position.completed + 1)


def never_run(workflow: CompiledWorkflow, position: Position) -> tuple[str, ...]:
    """Ids of the top-level steps and loops that were passed over."""
    return tuple(entry_id(workflow.steps[index]) for index in position.skipped)


def entry_id(entry: TopLevel) -> str:
    """The id of a top-level step or loop."""
    return entry.loop_id if isinstance(entry, CompiledLoop) else entry.step_id


class _Walk:
    """One search for the next step; collects what happens on the way."""

    def __init__(self, workflow: CompiledWorkflow, context: JsonObject, leaving: NodeId) -> None:
        self._workflow = workflow
        self._context = context
        self._leaving = leaving
        self._happenings: list[Happening] = []
        self._told: set[str] = set()

    def from_position(self, position: Position) -> Arrival:
        while True:
            if position.frame is not None:
                arrival, position = self._in_loop(position, position.frame)
                if arrival is not None:
                    return arrival
                continue
            index, position = self._choose(position)
            if index is None:
                return Arrival(position, None, tuple(self._happenings))
            entry = self._workflow.steps[index]
            if isinstance(entry, CompiledLoop):
                position = self._enter(position, index, entry)
            else:
                return Arrival(replace(position, at=index), entry, tuple(self._happenings))

    def _choose(self, position: Position) -> tuple[int | None, Position]:
        """The next top-level entry that may run, with every one passed over noted."""
        for index in position.skipped:
            if holds(self._workflow.steps[index].run_condition, self._context):
                left = tuple(other for other in position.skipped if other != index)
                return index, replace(position, skipped=left)
        for index in range(position.frontier, len(self._workflow.steps)):
            entry = self._workflow.steps[index]
            position = replace(position, frontier=index + 1)
            if holds(entry.run_condition, self._context):
                return index, position
            self._skip(entry_id(entry), None, entry.run_condition, self._context)
            position = replace(position, skipped=(*position.skipped, index))
        return None, position

    def _enter(self, position: Position, index: int, loop: CompiledLoop) -> Position:
        boundary = at_boundary(loop, None, self._context)
        if boundary == "pass":
            self._happenings.append(LoopEntered(self._leaving, loop.loop_id))
            return replace(position, frame=LoopFrame(index=index, iteration=0, body_index=0))
        self._happenings.append(LoopExited(self._leaving, loop.loop_id, 0, boundary))
        return position

    def _in_loop(self, position: Position, frame: LoopFrame) -> tuple[Arrival | None, Position]:
        loop = _as_loop(self._workflow.steps[frame.index])
        seen = inside(loop, frame.iteration, self._context)
        for index in range(frame.body_index, len(loop.body)):
            step = loop.body[index]
            if holds(step.run_condition, seen):
                if frame.iteration > 0 and frame.body_index == 0:
                    repeated = LoopRepeated(self._leaving, loop.loop_id, frame.iteration)
                    self._happenings.append(repeated)
                found = replace(position, at=frame.index, frame=replace(frame, body_index=index))
                return Arrival(found, step, tuple(self._happenings)), found
            self._skip(step.step_id, frame.iteration, step.run_condition, seen)
        boundary = at_boundary(loop, frame, self._context)
        if boundary == "pass":
            further = LoopFrame(index=frame.index, iteration=frame.iteration + 1, body_index=0)
            return None, replace(position, frame=further)
        exited = LoopExited(self._leaving, loop.loop_id, frame.iteration + 1, boundary)
        self._happenings.append(exited)
        return None, replace(position, frame=None)

    def _skip(
        self, step_id: str, iteration: int | None, condition: Condition | None, seen: JsonObject
    ) -> None:
        """Note a step passed over; once a step, however many passes go by in one move."""
        if condition is None or step_id in self._told:
            return
        self._told.add(step_id)
        read = variables(condition)
        self._happenings.append(
            StepSkipped(
                node=self._leaving,
                step_id=step_id,
                iteration=iteration,
                condition=describe(condition),
                seen=tuple((name, seen[name]) for name in read if name in seen),
                unset=tuple(name for name in read if name not in seen),
            )
        )


def _as_loop(entry: TopLevel) -> CompiledLoop:
    if isinstance(entry, CompiledLoop):
        return entry
    message = f'A stored position is inside "{entry.step_id}", which is not a loop.'
    raise CorruptSessionError(message)
