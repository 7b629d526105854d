"""Which faults does a validation not come to, because another one stands before them?

A list that is too long is refused before all of its items were looked at, an object of an unknown
kind and a loop inside a loop before any of their fields was.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from workrail_engine.workflow import definition_values
from workrail_engine.workflow.definition_steps import LoopStep
from workrail_engine.workflow.model_fields import field_names, is_union, kind_at, plain, tags_of

Location: TypeAlias = tuple[int | str, ...]

_STRICT: Final = ConfigDict(strict=True)


@dataclass(frozen=True)
class Found:
    """An error, with where it is in the document and in its model."""

    detail: ErrorDetails
    loc: Location
    """In the whole document."""
    model: type[BaseModel]
    """What is to be known of fields starts here."""
    model_loc: Location
    """Below that model."""


def with_hidden(
    details: Iterable[ErrorDetails], model: type[BaseModel], before: Location = ()
) -> Iterator[Found]:
    """The errors of a validation, each followed by those it hides.

    Args:
        details: what was found.
        model: what was validated.
        before: the location of the validated value in the document.
    """
    for detail in details:
        yield from _and_hidden(Found(detail, (*before, *detail["loc"]), model, detail["loc"]))


def _and_hidden(found: Found) -> Iterator[Found]:
    yield found
    kind = found.detail["type"]
    value = found.detail["input"]
    expected = kind_at(found.model, found.model_loc)
    if kind == "too_long" and get_origin(expected) is tuple:
        items = list[get_args(expected)[0]]
        yield from _within(found, TypeAdapter(items, config=_STRICT), list(value))
    elif kind == definition_values.UNKNOWN_TAG and isinstance(value, Mapping):
        yield from _of_the_likely_kind(found, expected, cast("Mapping[str, object]", value))
    elif kind == definition_values.NESTED_LOOP:
        yield from _of_the_loop(found, value)


def _within(found: Found, adapter: TypeAdapter[Any], value: object) -> Iterator[Found]:
    for detail in _errors(adapter, value):
        loc = detail["loc"]
        inner = Found(detail, (*found.loc, *loc), found.model, (*found.model_loc, *loc))
        yield from _and_hidden(inner)


def _of_the_likely_kind(
    found: Found, union: object, value: Mapping[str, object]
) -> Iterator[Found]:
    """Errors of the member of a union whose fields are there, the field that tells it apart."""
    tag = found.detail["msg"].partition(" ")[0]
    best: tuple[int, type[BaseModel], str] | None = None
    for member in get_args(union) if is_union(union) else ():
        model = plain(member)
        if isinstance(model, type) and issubclass(model, BaseModel):
            shared = len((set(field_names(model)) - {tag}) & set(value))
            if shared and (best is None or shared > best[0]):
                best = shared, model, tags_of(member)[0]
    if best is None:
        return
    _, model, name = best
    for detail in _errors(TypeAdapter(model), value):
        if detail["loc"] != (tag,):
            loc = (name, *detail["loc"])
            inner = Found(detail, (*found.loc, *loc), found.model, (*found.model_loc, *loc))
            yield from _and_hidden(inner)


def _of_the_loop(found: Found, value: object) -> Iterator[Found]:
    """Errors of a loop inside a loop; what it lacks may not be needed once it is another step."""
    details = [
        detail
        for detail in _errors(TypeAdapter(LoopStep), value)
        if detail["type"] != "missing" or len(detail["loc"]) > 1
    ]
    yield from with_hidden(details, LoopStep, found.loc)


def _errors(adapter: TypeAdapter[Any], value: object) -> list[ErrorDetails]:
    try:
        adapter.validate_python(
            value, context=definition_values.AUTHORED, by_alias=True, by_name=False
        )
    except ValidationError as error:
        return error.errors(include_url=False)
    return []
