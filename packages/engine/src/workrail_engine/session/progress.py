"""Step n of about m: how far a branch has come."""

from workrail_engine.canonical import JsonObject
from workrail_engine.session.events import Position
from workrail_engine.session.loops import most_passes
from workrail_engine.workflow.compiled import (
    ArtifactDecides,
    CompiledLoop,
    CompiledWorkflow,
    Counted,
    ForEach,
    TopLevel,
    WhileCondition,
)
from workrail_engine.workflow.conditions import Condition, holds, variables


def progress(
    workflow: CompiledWorkflow, position: Position, context: JsonObject
) -> tuple[int, int]:
    """The pending step's number, from 1, and about how many steps there will be in all.

    A step counts when its condition holds or cannot be known yet; a loop whose passes cannot be known
    counts as one pass.
    """
    ahead = sum(
        _weight(workflow.steps[index], context)
        for index in range(position.frontier, len(workflow.steps))
    )
    number = position.completed + 1
    return number, number + _rest_of_loop(workflow, position, context) + ahead


def _rest_of_loop(workflow: CompiledWorkflow, position: Position, context: JsonObject) -> int:
    frame = position.frame
    if frame is None:
        return 0
    loop = workflow.steps[frame.index]
    if not isinstance(loop, CompiledLoop):
        return 0
    passes_left = max(_expected_passes(loop, context) - frame.iteration - 1, 0)
    rest = len(loop.body) - frame.body_index - 1
    return rest + passes_left * len(loop.body)


def _weight(entry: TopLevel, context: JsonObject) -> int:
    if not _may_run(entry.run_condition, context):
        return 0
    if isinstance(entry, CompiledLoop):
        return _expected_passes(entry, context) * len(entry.body)
    return 1


def _expected_passes(loop: CompiledLoop, context: JsonObject) -> int:
    match loop.rule:
        case Counted() | ForEach():
            known = most_passes(loop, context)
            return known if known < loop.max_iterations else 1
        case WhileCondition() | ArtifactDecides():
            return 1


def _may_run(condition: Condition | None, context: JsonObject) -> bool:
    if condition is None or holds(condition, context):
        return True
    return any(name not in context for name in variables(condition))
