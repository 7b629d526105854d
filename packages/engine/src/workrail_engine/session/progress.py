"""Step n of about m: how far a branch has come.

What a definition alone decides is added up once for each compiled workflow, so that the answer costs
what depends on the context and not what the workflow's length says.
"""

from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from workrail_engine.canonical import JsonObject
from workrail_engine.session.events import Position
from workrail_engine.session.loops import known_passes
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
    number = position.completed + 1
    ahead = _ahead(workflow, position.frontier, context)
    return number, number + _rest_of_loop(workflow, position, context) + ahead


@dataclass(frozen=True)
class _Outline:
    """What the definition alone says of the steps from each top-level place on."""

    fixed: tuple[int, ...]
    """By place: how many steps are surely ahead from there, a loop's each pass counted."""
    depending: tuple[int, ...]
    """Places whose number of steps depends on the context, ascending."""


@dataclass(frozen=True, eq=False)
class _Compiled:
    """A compiled workflow as a key: the same object is the same key.

    Comparing two workflows field by field would cost more than is saved.
    """

    workflow: CompiledWorkflow

    def __hash__(self) -> int:
        return hash(self.workflow.workflow_hash)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Compiled) and other.workflow is self.workflow


@lru_cache(maxsize=64)
def _outline(compiled: _Compiled) -> _Outline:
    steps = compiled.workflow.steps
    depending = tuple(index for index, entry in enumerate(steps) if _depends(entry))
    left_out = set(depending)
    weights = (0 if index in left_out else _weight(steps[index], {}) for index in _backwards(steps))
    return _Outline(tuple(accumulate(weights, initial=0))[::-1], depending)


def _backwards(steps: tuple[TopLevel, ...]) -> range:
    return range(len(steps) - 1, -1, -1)


def _depends(entry: TopLevel) -> bool:
    """Whether only the context tells how many steps an entry stands for."""
    if entry.run_condition is not None:
        return True
    if not isinstance(entry, CompiledLoop):
        return False
    match entry.rule:
        case Counted():
            return isinstance(entry.rule.count, str)
        case ForEach():
            return True
        case WhileCondition() | ArtifactDecides():
            return False


def _ahead(workflow: CompiledWorkflow, frontier: int, context: JsonObject) -> int:
    outline = _outline(_Compiled(workflow))
    first = bisect_left(outline.depending, frontier)
    depending = outline.depending[first:]
    return outline.fixed[frontier] + sum(
        _weight(workflow.steps[index], context) for index in depending
    )


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
    known = known_passes(loop, context)
    return 1 if known is None else known


def _may_run(condition: Condition | None, context: JsonObject) -> bool:
    if condition is None or holds(condition, context):
        return True
    return any(name not in context for name in variables(condition))
