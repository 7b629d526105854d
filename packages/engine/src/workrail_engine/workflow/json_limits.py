"""Is a JSON value small, shallow and exact enough to be kept?

Everything kept has one canonical form, so numbers must survive it and texts must be Unicode. The
bounds on depth and size keep a hostile document from costing more than an honest one.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from workrail_engine.canonical import JsonValue
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, shown

MAX_DEPTH: Final = 100
MAX_VALUES: Final = 200_000
_EXACT: Final = 2**53 - 1


def beyond_limits(value: JsonValue) -> tuple[Problem, ...]:
    """Every place where a value cannot be kept exactly; empty when all of it can.

    Returns:
        Problems in document order; only one when the value is too deep or too large as a whole.
    """
    return _measured(value)[0]


def without_excess(value: JsonValue) -> JsonValue:
    """A value with something harmless at every place that cannot be kept; None when all of it."""
    problems, bounded = _measured(value)
    if not bounded:
        return None
    return _harmless(value) if problems else value


def _measured(value: JsonValue) -> tuple[tuple[Problem, ...], bool]:
    """The places that cannot be kept, and whether the value as a whole is small enough."""
    problems: list[Problem] = []
    waiting: list[tuple[JsonValue, str, int]] = [(value, "", 0)]
    seen = 0
    while waiting:
        current, pointer, depth = waiting.pop()
        seen += 1
        if seen > MAX_VALUES:
            return (_too_large(),), False
        if depth > MAX_DEPTH:
            return (_too_deep(pointer),), False
        fault = _fault(current)
        if fault is not None:
            problems.append(Problem(pointer, *fault))
        waiting.extend(reversed(_children(current, pointer, depth + 1)))
    return tuple(problems), True


def _harmless(value: JsonValue) -> JsonValue:
    if isinstance(value, Mapping):
        return {_unicode(key): _harmless(item) for key, item in value.items()}
    if isinstance(value, str):
        return _unicode(value)
    if isinstance(value, Sequence):
        return [_harmless(item) for item in value]
    return value if _fault(value) is None else 0


def _unicode(text: str) -> str:
    return text.encode(errors="replace").decode()


def _children(value: JsonValue, pointer: str, depth: int) -> list[tuple[JsonValue, str, int]]:
    if isinstance(value, Mapping):
        return [(item, child(pointer, key), depth) for key, item in value.items()]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [(item, child(pointer, index), depth) for index, item in enumerate(value)]
    return []


def _fault(value: JsonValue) -> tuple[str, str, str | None] | None:
    """What is wrong with a value by itself: message, what is expected, what to do."""
    if isinstance(value, float) and not math.isfinite(value):
        return ("is not a finite number", "a finite number", "write a number that JSON can hold")
    if isinstance(value, int) and abs(value) > _EXACT:
        advice = "write it in quotes if its digits matter"
        return ("is too large a number to be kept exactly", f"at most {_EXACT}", advice)
    texts = [value] if isinstance(value, str) else list(value) if isinstance(value, Mapping) else []
    for text in texts:
        if not _is_unicode(text):
            message = f"holds half of a surrogate pair, which is not text: {shown(text)}"
            return (message, "Unicode text", "write the character itself, or both halves of it")
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _too_large() -> Problem:
    return Problem(
        "",
        f"holds more than {MAX_VALUES} values, aliases counted each time they are used",
        f"at most {MAX_VALUES} values",
        "split the workflow into smaller ones",
    )


def _too_deep(pointer: str) -> Problem:
    return Problem(
        pointer, "is nested too deeply", f"at most {MAX_DEPTH} levels", "flatten this part"
    )
