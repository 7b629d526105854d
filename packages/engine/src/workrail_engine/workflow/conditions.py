"""Does a condition hold in this context?

A condition reads context variables by flat name (a dot is part of the name) and compares them
leniently: text is trimmed and its case ignored, `"5"` equals 5, `"yes"` equals true, and a variable
that was never set equals null. Everything said in one object must hold: several operators beside one
`var`, and `var` beside `and`, `or` and `not`.

Two edges to know: `not_equals` is true for a variable that was never set, and an empty object
inside `and`, `or` or `not` makes the whole condition false, because nobody can have meant it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never, cast, get_args

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.lenient import as_text, is_number, leniently_equal, quoted

Operator: TypeAlias = Literal["equals", "not_equals", "gt", "gte", "lt", "lte", "contains", "in"]
OPERATORS: tuple[Operator, ...] = get_args(Operator)


@dataclass(frozen=True)
class Truthy:
    """The variable is set, and neither false, 0 nor the empty text."""

    variable: str


@dataclass(frozen=True)
class Compare:
    """The variable stands in this relation to a given value."""

    variable: str
    operator: Operator
    value: JsonValue


@dataclass(frozen=True)
class AllOf:
    """Every part holds."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class AnyOf:
    """At least one part holds."""

    parts: "tuple[Condition, ...]"


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Condition"


@dataclass(frozen=True)
class Never:
    """Never holds: the authored condition has an empty or unusable part."""


Condition: TypeAlias = Truthy | Compare | AllOf | AnyOf | Not | Never


def parse_condition(raw: JsonObject | None) -> Condition | None:
    """Read a condition's JSON form; None, which always holds, for an absent or empty one."""
    if not raw:
        return None
    condition = _parse(raw)
    return Never() if any(isinstance(part, Never) for part in _walk(condition)) else condition


def holds(condition: Condition | None, context: JsonObject) -> bool:
    """Whether a condition is true of a context. None always is."""
    return condition is None or _met(condition, context)


def _met(condition: Condition, context: JsonObject) -> bool:
    match condition:
        case Never():
            return False
        case Truthy(variable):
            return _truthy(context.get(variable))
        case Compare(variable, operator, value):
            return _compare(operator, context.get(variable), value)
        case AllOf(parts):
            return all(_met(part, context) for part in parts)
        case AnyOf(parts):
            return any(_met(part, context) for part in parts)
        case Not(part):
            return not _met(part, context)
        case _:
            assert_never(condition)


def describe(condition: Condition | None) -> str:
    """A condition in words, such as `hasUI equals true and (risk is not "Low" or force is truthy)`."""
    return "always" if condition is None else _words(condition)


def _words(condition: Condition) -> str:
    match condition:
        case Never():
            return "never (the authored condition has an empty part)"
        case Truthy(variable):
            return f"{variable} is truthy"
        case Compare(variable, operator, value):
            return f"{variable} {_relation(operator, value)}"
        case AllOf(parts):
            return " and ".join(_bracketed(part) for part in parts) or "always"
        case AnyOf(parts):
            return " or ".join(_bracketed(part) for part in parts) or "never"
        case Not(part):
            return f"not ({_words(part)})"
        case _:
            assert_never(condition)


def variables(condition: Condition | None) -> tuple[str, ...]:
    """The context variables a condition reads, each once, in reading order."""
    if condition is None:
        return ()
    read = (part.variable for part in _walk(condition) if isinstance(part, Truthy | Compare))
    return tuple(dict.fromkeys(read))


def _parse(raw: JsonObject) -> Condition:
    parts = list(_parts(raw))
    if not parts:
        return Never()
    return parts[0] if len(parts) == 1 else AllOf(tuple(parts))


def _parts(raw: JsonObject) -> Iterator[Condition]:
    variable = raw.get("var")
    if isinstance(variable, str):
        compares = [
            Compare(variable, operator, raw[operator]) for operator in OPERATORS if operator in raw
        ]
        yield from compares or [Truthy(variable)]
    if "and" in raw:
        yield AllOf(_listed(raw["and"]))
    if "or" in raw:
        yield AnyOf(_listed(raw["or"]))
    if "not" in raw:
        yield Not(_parse(cast("JsonObject", raw["not"])))


def _listed(raw: JsonValue) -> tuple[Condition, ...]:
    return tuple(_parse(part) for part in cast("Sequence[JsonObject]", raw))


def _walk(condition: Condition) -> Iterator[Condition]:
    yield condition
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _walk(part)
        case Not(part):
            yield from _walk(part)
        case Truthy() | Compare() | Never():
            return
        case _:
            assert_never(condition)


def _truthy(value: JsonValue) -> bool:
    """Lists and objects count as true even when empty, as they do where the language comes from."""
    if isinstance(value, str | bool | int | float):
        return bool(value)
    return value is not None


def _compare(operator: Operator, actual: JsonValue, value: JsonValue) -> bool:
    match operator:
        case "equals":
            return leniently_equal(actual, value)
        case "not_equals":
            return not leniently_equal(actual, value)
        case "gt" | "gte" | "lt" | "lte":
            return is_number(actual) and is_number(value) and _ordered(operator, actual, value)
        case "contains":
            return actual is not None and as_text(value).lower() in as_text(actual).lower()
        case "in":
            options = cast("Sequence[JsonValue]", value)
            return any(leniently_equal(actual, option) for option in options)
        case _:
            assert_never(operator)


def _ordered(operator: Literal["gt", "gte", "lt", "lte"], actual: float, value: float) -> bool:
    match operator:
        case "gt":
            return actual > value
        case "gte":
            return actual >= value
        case "lt":
            return actual < value
        case "lte":
            return actual <= value
        case _:
            assert_never(operator)


_WORDS: Mapping[Operator, str] = {
    "equals": "equals",
    "not_equals": "is not",
    "gt": "is greater than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "contains": "contains",
    "in": "is one of",
}


def _relation(operator: Operator, value: JsonValue) -> str:
    if operator == "in":
        options = cast("Sequence[JsonValue]", value)
        return f"is one of {', '.join(quoted(option) for option in options) or 'nothing'}"
    return f"{_WORDS[operator]} {quoted(value)}"


def _bracketed(part: Condition) -> str:
    several = isinstance(part, AllOf | AnyOf) and len(part.parts) > 1
    return f"({_words(part)})" if several else _words(part)
