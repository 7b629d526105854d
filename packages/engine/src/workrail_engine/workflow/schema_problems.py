"""Which problems does a failed validation stand for, and where are they in the document?"""

from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from workrail_engine.canonical import JsonValue
from workrail_engine.workflow import definition_values
from workrail_engine.workflow.definition_values import Authored
from workrail_engine.workflow.model_fields import field_names, model_at
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import (
    Problem,
    in_document_order,
    nearest,
    one_of,
    shown,
)
from workrail_engine.workflow.schema_hidden import Found, with_hidden
from workrail_engine.workflow.schema_words import bounds_of, explained, not_one_of

_SPACED = "if it is part of a text, put that text in quotes"
"""In YAML a comma within braces ends a text; what follows is then read as a field."""


def problems_from(
    error: ValidationError, model: type[BaseModel], document: JsonValue
) -> tuple[Problem, ...]:
    """What a failed validation found, in our words, once each, in document order.

    Args:
        error: what validating `document` against `model` raised.
        model: the model at the root.
        document: the value that was validated.
    """
    details = error.errors(include_url=False)
    problems = [
        _problem(found, document)
        for found in with_hidden(details, model)
        if not is_echo(found.detail)
    ]
    return in_document_order(problems, document)


def is_echo(detail: ErrorDetails) -> bool:
    """Whether a list is only called too short because items of it are wrong themselves."""
    items = detail["input"]
    return detail["type"] == "too_short" and len(items) >= bounds_of(detail)["min_length"]


def place_of(loc: Sequence[int | str], document: JsonValue) -> tuple[str, bool, JsonValue]:
    """The pointer of a location, whether it exists, and the value there.

    A location also names the union members that were tried (`=loop`); those are left out.
    """
    pointer, current, exists = "", document, True
    for part in loc:
        if isinstance(current, Mapping):
            if part not in current and str(part).startswith("="):
                continue
            exists = part in current
            current = current.get(str(part))
        elif isinstance(current, Sequence) and not isinstance(current, str):
            if not isinstance(part, int):
                continue
            exists = part < len(current)
            current = current[part] if exists else None
        elif str(part).startswith("="):
            continue
        pointer = child(pointer, part)
    return pointer, exists, current


def _problem(error: Found, document: JsonValue) -> Problem:
    detail = error.detail
    pointer, container, found = place_of(error.loc, document)
    match detail["type"]:
        case "missing":
            return Problem(pointer, "is required and missing")
        case "extra_forbidden" | definition_values.UNKNOWN_FIELD:
            return _unknown_field(pointer, error.model_loc, error.model)
        case definition_values.UNKNOWN_TAG:
            return _unknown_tag(pointer, found, detail)
        case "invalid_key":
            return Problem(pointer, "has a key that is not text", "text keys")
        case _:
            return Problem(pointer, *explained(detail, found if container else detail["input"]))


def _unknown_field(pointer: str, loc: Sequence[int | str], root: type[BaseModel]) -> Problem:
    name = str(loc[-1])
    model = model_at(root, loc[:-1])
    if model is None:
        return Problem(pointer, "is not a field here")
    known = field_names(model)
    hint = model.unknown_field_hints.get(name) if issubclass(model, Authored) else None
    suggestion = hint or nearest(name, known) or (_SPACED if " " in name else None)
    if suggestion is None:
        return Problem(pointer, "is not a field here", one_of(known), "remove it")
    return Problem(pointer, "is not a field here", suggestion=suggestion)


def _unknown_tag(pointer: str, found: JsonValue, detail: ErrorDetails) -> Problem:
    field, *allowed = detail["msg"].split(" ")
    if not isinstance(found, Mapping):
        return Problem(pointer, f"must be an object, not {shown(found)}", f"an object with {field}")
    place = child(pointer, field)
    if field not in found:
        return Problem(place, "is required and missing", one_of(allowed))
    return Problem(place, *not_one_of(found[field], allowed))
