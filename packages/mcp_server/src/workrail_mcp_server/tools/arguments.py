"""Is what came what the tool takes, and if not, what would be?

Nothing is coerced, with one exception: a client that sends an object or an array as its JSON text
means the value, so the text is parsed. A field sent as null counts as not sent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import cast

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.errors import InvalidSubmissionError
from workrail_mcp_server.schemas import Field, Shape, ToolSpec


@dataclass(frozen=True)
class Arguments:
    """A tool's arguments after the check: every value present has its field's shape."""

    values: JsonObject

    def given(self, name: str) -> bool:
        """Whether the field came with something in it: not null, not an empty object or array."""
        value = self.values.get(name)
        return value is not None and value not in ({}, [])

    def text(self, name: str) -> str:
        """A required string."""
        return cast("str", self.values[name])

    def text_or_none(self, name: str) -> str | None:
        """An optional string."""
        return cast("str | None", self.values.get(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """Strings; none when the field did not come."""
        return tuple(cast("Sequence[str]", self.values.get(name, ())))

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        return cast("int", self.values.get(name, default))

    def object(self, name: str) -> JsonObject:
        """An object; empty when the field did not come."""
        return cast("JsonObject", self.values.get(name, {}))

    def objects(self, name: str) -> tuple[JsonObject, ...]:
        """Objects; none when the field did not come."""
        return tuple(cast("Sequence[JsonObject]", self.values.get(name, ())))

    def within(self, name: str) -> "Arguments":
        """The members of an object field."""
        return Arguments(self.object(name))


@dataclass(frozen=True)
class _Problem:
    field: str
    text: str


def read_arguments(spec: ToolSpec, raw: Mapping[str, JsonValue]) -> Arguments:
    """Check the arguments of a call against its tool.

    Raises:
        InvalidSubmissionError: a field is unknown, missing, given twice or of another shape. The
            message names every such field and ends with a call that would be accepted.
    """
    problems: list[_Problem] = []
    values = _read_object(spec.fields, raw, "", problems)
    if problems:
        said = " ".join(problem.text for problem in problems)
        message = f"{said} Nothing was done. Example: {spec.example}"
        raise InvalidSubmissionError(message, field=problems[0].field)
    return Arguments(values)


def _read_object(
    fields: Sequence[Field], raw: Mapping[str, JsonValue], path: str, problems: list[_Problem]
) -> dict[str, JsonValue]:
    known = {name: field for field in fields for name in (field.name, *field.aliases)}
    values: dict[str, JsonValue] = {}
    spelled: dict[str, str] = {}
    for name, value in raw.items():
        field = known.get(name)
        if field is None:
            problems.append(_unknown(path + name, name, fields))
        elif value is None:
            continue
        elif field.name in spelled:
            problems.append(_twice(path, field.name, (spelled[field.name], name)))
        else:
            spelled[field.name] = name
            values[field.name] = _read_value(field, value, path + name, problems)
    problems.extend(
        _Problem(path + field.name, f"`{path}{field.name}` is required.")
        for field in fields
        if field.required and field.name not in spelled
    )
    return values


def _read_value(field: Field, value: JsonValue, path: str, problems: list[_Problem]) -> JsonValue:
    if isinstance(value, str) and field.shape not in (Shape.TEXT, Shape.WHOLE_NUMBER):
        value = _unwrapped(value)
    if not _has_shape(value, field.shape):
        text = f"`{path}` must be {field.shape.value}, but came as {_said(value)}."
        problems.append(_Problem(path, text))
        return value
    if field.choices and value not in field.choices:
        allowed = " or ".join(f'"{choice}"' for choice in field.choices)
        problems.append(_Problem(path, f"`{path}` must be {allowed}, but is {_said(value)}."))
    elif isinstance(value, int) and not _in_range(field, value):
        problems.append(_Problem(path, f"`{path}` must be {_range(field)}, but is {value}."))
    elif field.members and isinstance(value, Mapping):
        return _read_object(field.members, value, f"{path}.", problems)
    return value


def _unwrapped(text: str) -> JsonValue:
    """The value a JSON text stands for; the text itself when it is no object or array."""
    try:
        value = cast("JsonValue", json.loads(text))
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, dict | list) else text


def _has_shape(value: JsonValue, shape: Shape) -> bool:
    match shape:
        case Shape.TEXT:
            return isinstance(value, str)
        case Shape.WHOLE_NUMBER:
            return isinstance(value, int) and not isinstance(value, bool)
        case Shape.OBJECT:
            return isinstance(value, dict)
        case Shape.TEXTS:
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case Shape.OBJECTS:
            return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _said(value: JsonValue) -> str:
    """A value as an error names it: its kind, and the value where it is short."""
    match value:
        case str():
            kind = "a string"
        case bool():
            kind = "true or false"
        case int() | float():
            kind = "a number"
        case list():
            kind = "an array"
        case _:
            kind = "an object"
    text = json.dumps(value, ensure_ascii=False)
    return f"{kind} ({text})" if len(text) <= 40 else kind


def _in_range(field: Field, value: int) -> bool:
    return value >= field.minimum and (field.maximum is None or value <= field.maximum)


def _range(field: Field) -> str:
    if field.maximum is None:
        return f"{field.minimum} or more"
    return f"{field.minimum} to {field.maximum}"


def _unknown(path: str, name: str, fields: Sequence[Field]) -> _Problem:
    spellings = {
        spelling: field.name for field in fields for spelling in (field.name, *field.aliases)
    }
    folded = {spelling.lower().replace("_", ""): spelling for spelling in spellings}
    near = get_close_matches(name.lower().replace("_", ""), folded, n=1)
    if near:
        return _Problem(
            path, f"There is no field `{path}`; did you mean `{spellings[folded[near[0]]]}`?"
        )
    shown = ", ".join(field.name for field in fields if field.advertised)
    return _Problem(path, f"There is no field `{path}`; there are: {shown}.")


def _twice(path: str, name: str, spellings: tuple[str, str]) -> _Problem:
    both = " and ".join(f"`{path}{spelling}`" for spelling in spellings)
    return _Problem(path + name, f"{both} are the same field; send only `{path}{name}`.")
