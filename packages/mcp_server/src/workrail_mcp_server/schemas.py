"""What does a tool take, and how is that said to a client?

A `ToolSpec` is written once by hand. The JSON Schema a client reads and the check of what it sends
(`tools.arguments`) both come from it, so that neither can promise what the other does not keep.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from workrail_engine.canonical import JsonObject, JsonValue


class Shape(StrEnum):
    """What a field holds; the value is how an error names it."""

    TEXT = "a string"
    TEXTS = "an array of strings"
    WHOLE_NUMBER = "a whole number"
    OBJECT = "an object"
    OBJECTS = "an array of objects"


@dataclass(frozen=True)
class Field:
    """One field of a tool's input."""

    name: str
    shape: Shape
    description: str = ""
    required: bool = False
    aliases: tuple[str, ...] = ()
    """Other spellings that are accepted; none of them is advertised."""
    advertised: bool = True
    choices: tuple[str, ...] = ()
    minimum: int = 0
    """The least a whole number may be."""
    maximum: int | None = None
    members: tuple["Field", ...] = ()
    """What an object holds; without them it holds anything."""


@dataclass(frozen=True)
class ToolSpec:
    """A tool as a client sees it."""

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    example: str
    """A call that would be accepted, for errors and documents."""
    reads_only: bool = False
    idempotent: bool = False
    reaches_out: bool = False
    """Whether it may use the network."""
    takes_away: bool = False
    """Whether it may remove what somebody set up."""
    search_hint: str | None = None
    """Words by which a client that loads tools late finds this one; None: load it at once."""


def input_schema(spec: ToolSpec) -> dict[str, JsonValue]:
    """The JSON Schema of a tool's arguments."""
    return _object_schema(spec.fields)


def _object_schema(fields: Sequence[Field]) -> dict[str, JsonValue]:
    shown = [field for field in fields if field.advertised]
    schema: dict[str, JsonValue] = {
        "type": "object",
        "properties": {field.name: _field_schema(field) for field in shown},
        "additionalProperties": False,
    }
    required = [field.name for field in shown if field.required]
    if required:
        schema["required"] = required
    return schema


def _field_schema(field: Field) -> JsonObject:
    schema: dict[str, JsonValue]
    match field.shape:
        case Shape.TEXT:
            schema = {"type": "string"}
            if field.choices:
                schema["enum"] = list(field.choices)
        case Shape.TEXTS:
            schema = {"type": "array", "items": {"type": "string"}}
        case Shape.WHOLE_NUMBER:
            schema = {"type": "integer", "minimum": field.minimum}
            if field.maximum is not None:
                schema["maximum"] = field.maximum
        case Shape.OBJECT:
            schema = _object_schema(field.members) if field.members else {"type": "object"}
        case Shape.OBJECTS:
            schema = {"type": "array", "items": {"type": "object"}}
    return {**schema, "description": field.description}
