"""How is a value the schema refuses explained? What the schema library says, in our words."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast

from pydantic_core import ErrorDetails

from workrail_engine.workflow import definition_values
from workrail_engine.workflow.definition_values import PATTERN_WORDS
from workrail_engine.workflow.problems import nearest, one_of, shown

Explanation: TypeAlias = tuple[str, str | None, str | None]
"""Message, what is expected, what to do."""


def explained(detail: ErrorDetails, value: object) -> Explanation:
    """What to say about a value that an error refuses."""
    kind = detail["type"]
    explain = _EXPLANATIONS.get(kind)
    if explain is not None:
        return explain(value, bounds_of(detail))
    wanted = detail["msg"] if kind == definition_values.WRONG_SHAPE else _TYPES.get(kind)
    if wanted is not None:
        return _wrong_type(value, wanted)
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}: {shown(value)}", None, None


def not_one_of(value: object, allowed: Sequence[str]) -> Explanation:
    """What to say about a value that is none of the allowed texts."""
    suggestion = nearest(value, allowed) if isinstance(value, str) else None
    return f"cannot be {shown(value)}", one_of(allowed), suggestion


def bounds_of(detail: ErrorDetails) -> Mapping[str, Any]:
    """The numbers, patterns or texts an error is about, by name."""
    return cast("Mapping[str, Any]", detail.get("ctx") or {})


def _wrong_type(value: object, wanted: str) -> Explanation:
    if value is None:
        return _null(value, {})
    suggestion = None
    if wanted == "text" and isinstance(value, bool | int | float):
        suggestion = f'write it in quotes: "{json.dumps(value)}"'
    if wanted == "a list" and isinstance(value, str):
        suggestion = "put it into a list of one"
    return f"must be {wanted}, not {shown(value)}", wanted, suggestion


def _null(_value: object, _bounds: Mapping[str, Any]) -> Explanation:
    return "has no value", "a value", "write one, or leave the field out"


def _wrong_literal(value: object, bounds: Mapping[str, Any]) -> Explanation:
    return not_one_of(value, re.findall(r"'([^']*)'", str(bounds["expected"])))


def _too_short_text(value: object, bounds: Mapping[str, Any]) -> Explanation:
    length = len(cast("str", value))
    message = f"is {_counted(length, 'character')} long" if length else "is empty"
    return message, f"at least {_counted(bounds['min_length'], 'character')}", None


def _too_long_text(value: object, bounds: Mapping[str, Any]) -> Explanation:
    length = len(cast("str", value))
    expected = f"at most {_counted(bounds['max_length'], 'character')}"
    return f"is {_counted(length, 'character')} long", expected, None


def _too_few(value: object, bounds: Mapping[str, Any]) -> Explanation:
    items = len(cast("Sequence[object]", value))
    message = f"has only {_counted(items, 'entry')}" if items else "is empty"
    return message, f"at least {_counted(bounds['min_length'], 'entry')}", None


def _too_many(value: object, bounds: Mapping[str, Any]) -> Explanation:
    items = len(cast("Sequence[object]", value))
    expected = f"at most {_counted(bounds['max_length'], 'entry')}"
    return f"has {_counted(items, 'entry')}", expected, None


def _wrong_pattern(value: object, bounds: Mapping[str, Any]) -> Explanation:
    words = PATTERN_WORDS.get(str(bounds["pattern"]), f"text that fits {bounds['pattern']}")
    return f"has the wrong form: {shown(value)}", words, None


def _out_of_range(value: object, bounds: Mapping[str, Any]) -> Explanation:
    words = {"ge": "at least", "le": "at most", "gt": "greater than", "lt": "less than"}
    expected = " and ".join(f"{words[name]} {bound}" for name, bound in bounds.items())
    return f"must be {expected}, not {shown(value)}", expected, None


def _nested_loop(_value: object, _bounds: Mapping[str, Any]) -> Explanation:
    return (
        "is a loop inside a loop, which is not possible",
        "an ordinary or a parallel step",
        "move the inner loop to the top level, or join the two loops into one",
    )


def _too_deep(_value: object, _bounds: Mapping[str, Any]) -> Explanation:
    return "is nested too deeply", None, "flatten this part"


def _counted(number: int, unit: str) -> str:
    if number == 1:
        return f"1 {unit}"
    return f"{number} {unit[:-1]}ies" if unit.endswith("y") else f"{number} {unit}s"


_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "string_type": "text",
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "bool_type": "true or false",
        "tuple_type": "a list",
        "list_type": "a list",
        "dict_type": "an object",
        "model_type": "an object",
        "model_attributes_type": "an object",
    }
)
"""What is wanted, for each kind of error that means a value of the wrong type."""

_EXPLANATIONS: Final[Mapping[str, Callable[[object, Mapping[str, Any]], Explanation]]] = (
    MappingProxyType(
        {
            definition_values.NULL_VALUE: _null,
            "literal_error": _wrong_literal,
            "string_too_short": _too_short_text,
            "string_too_long": _too_long_text,
            "too_short": _too_few,
            "too_long": _too_many,
            "string_pattern_mismatch": _wrong_pattern,
            "greater_than_equal": _out_of_range,
            "less_than_equal": _out_of_range,
            definition_values.NESTED_LOOP: _nested_loop,
            "recursion_loop": _too_deep,
        }
    )
)
