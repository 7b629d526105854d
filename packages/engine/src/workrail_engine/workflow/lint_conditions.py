"""Is it certain of a condition that it never holds, or always?

Only contradictions between constants are seen; what is not certain is taken to be possible.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import combinations
from typing import assert_never

from workrail_engine.canonical import JsonValue
from workrail_engine.workflow.conditions import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Never,
    Not,
    Truthy,
    holds,
)
from workrail_engine.workflow.lenient import is_number


def never_holds(condition: Condition | None) -> bool:
    """Whether no context can make a condition true."""
    match condition:
        case None | Truthy() | Compare() | Not():
            return False
        case Never():
            return True
        case AnyOf(parts):
            return all(never_holds(part) for part in parts)
        case AllOf():
            parts = tuple(_joined(condition))
            return any(never_holds(part) for part in parts) or any(
                _contradict(one, other) for one, other in combinations(parts, 2)
            )
        case _:
            assert_never(condition)


def both_needed(conditions: Iterable[Condition | None]) -> Condition | None:
    """The condition that holds when all of these do."""
    stated = tuple(each for each in conditions if each is not None)
    return AllOf(stated) if stated else None


def _joined(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, AllOf):
        for part in condition.parts:
            yield from _joined(part)
    else:
        yield condition


def _contradict(one: Condition, other: Condition) -> bool:
    if isinstance(one, Not) or isinstance(other, Not):
        return (isinstance(one, Not) and one.part == other) or (
            isinstance(other, Not) and other.part == one
        )
    if not isinstance(one, Compare) or not isinstance(other, Compare):
        return False
    if one.variable != other.variable:
        return False
    for exact, test in ((one, other), (other, one)):
        if exact.operator == "equals":
            possible = _values_equal_to(exact.value)
            return test.operator != "contains" and not any(
                holds(test, {exact.variable: value}) for value in possible
            )
    return _empty_range(one, other) or _empty_range(other, one)


def _values_equal_to(value: JsonValue) -> Iterator[JsonValue]:
    """A value, and the number that counts as equal to it, where there is one."""
    yield value
    if isinstance(value, bool):
        yield int(value)
    elif isinstance(value, str):
        with suppress(ValueError):
            yield float(value)


def _empty_range(lower: Compare, upper: Compare) -> bool:
    if lower.operator not in ("gt", "gte") or upper.operator not in ("lt", "lte"):
        return False
    low, high = lower.value, upper.value
    if not is_number(low) or not is_number(high):
        return False
    open_end = lower.operator == "gt" or upper.operator == "lt"
    return low > high or (low == high and open_end)
