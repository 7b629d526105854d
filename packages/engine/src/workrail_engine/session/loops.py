"""Enter, continue, leave: what a loop does at its boundaries.

A loop is asked only when a pass begins or ends, never in the middle of one. What its steps decided
by artifact during a pass is remembered in the frame until then.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, assert_never

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import MissingContextError
from workrail_engine.session.events import LoopExitCause, LoopFrame
from workrail_engine.workflow.compiled import (
    ArtifactDecides,
    CompiledLoop,
    Counted,
    ForEach,
    WhileCondition,
)
from workrail_engine.workflow.conditions import holds

Boundary: TypeAlias = Literal["pass"] | LoopExitCause
"""A further pass, or why there is none."""


def at_boundary(loop: CompiledLoop, frame: LoopFrame | None, context: JsonObject) -> Boundary:
    """Whether another pass begins; `frame` is the pass just ended, None before the first.

    Raises:
        MissingContextError: the loop's count or items are not in the context, or of a wrong type.
    """
    index = 0 if frame is None else frame.iteration + 1
    wanted = _wanted(loop, index, frame, context)
    if wanted == "pass" and index >= loop.max_iterations:
        return "limit"
    return wanted


def most_passes(loop: CompiledLoop, context: JsonObject) -> int:
    """The most passes there can be, as far as is known now."""
    known = known_passes(loop, context)
    return loop.max_iterations if known is None else known


def known_passes(loop: CompiledLoop, context: JsonObject) -> int | None:
    """How many passes there will be; None while only running the loop can tell."""
    match loop.rule:
        case Counted():
            wanted = _count(loop.rule.count, context)
        case ForEach():
            items = _items(loop.rule.items, context)
            wanted = None if items is None else len(items)
        case WhileCondition() | ArtifactDecides():
            wanted = None
        case _:
            assert_never(loop.rule)
    return None if wanted is None else min(wanted, loop.max_iterations)


def loop_variables(
    loop: CompiledLoop, iteration: int, context: JsonObject
) -> Mapping[str, JsonValue]:
    """What a pass adds to the context: its number from 1, its index from 0, its item."""
    variables: dict[str, JsonValue] = {
        loop.iteration_var: iteration + 1,
        loop.index_var: iteration,
    }
    if isinstance(loop.rule, ForEach):
        items = _items(loop.rule.items, context)
        if items is not None and iteration < len(items):
            variables[loop.item_var] = items[iteration]
    return variables


def inside(loop: CompiledLoop, iteration: int, context: JsonObject) -> JsonObject:
    """The context as a pass sees it: loop variables win."""
    return {**context, **loop_variables(loop, iteration, context)}


def _wanted(
    loop: CompiledLoop, index: int, frame: LoopFrame | None, context: JsonObject
) -> Boundary:
    match loop.rule:
        case ArtifactDecides():
            return "stopped" if frame is not None and frame.stop is True else "pass"
        case WhileCondition():
            held = holds(loop.rule.condition, inside(loop, index, context))
            return "pass" if held is not loop.rule.until else "condition"
        case Counted():
            count = _count(loop.rule.count, context)
            if count is None:
                raise _missing(loop, str(loop.rule.count), "a whole number", context)
            return "pass" if index < count else "count"
        case ForEach():
            items = _items(loop.rule.items, context)
            if items is None:
                raise _missing(loop, loop.rule.items, "an array", context)
            return "pass" if index < len(items) else "count"
        case _:
            assert_never(loop.rule)


def _count(count: int | str, context: JsonObject) -> int | None:
    value = context.get(count) if isinstance(count, str) else count
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value)


def _items(name: str, context: JsonObject) -> Sequence[JsonValue] | None:
    value = context.get(name)
    return value if isinstance(value, list | tuple) else None


def _missing(
    loop: CompiledLoop, variable: str, wanted: str, context: JsonObject
) -> MissingContextError:
    seen = context.get(variable)
    state = "is not set" if seen is None else f"is {_shown(seen)}"
    message = (
        f'The loop "{loop.loop_id}" needs the context variable "{variable}" to hold {wanted}; it '
        f"{state}. Send it as context."
    )
    return MissingContextError(variable, message)


def _shown(value: JsonValue) -> str:
    match value:
        case str():
            return f'the text "{value[:40]}"'
        case bool() | int() | float():
            return f"{value}".lower()
        case _:
            return "an object" if isinstance(value, Mapping) else "an array"
