"""Which fields may stand at a place of a document, as its models see it?"""

import types
from collections.abc import Sequence
from typing import Annotated, Final, Literal, Union, cast, get_args, get_origin

from pydantic import BaseModel, Tag

ENGINE_ONLY: Final = "set by the engine"
"""Marks, as an annotation, a field that no author may write."""


def field_names(model: type[BaseModel]) -> tuple[str, ...]:
    """The names an author may write in an object of this model, in the order of the model."""
    return tuple(authored_fields(model))


def authored_fields(model: type[BaseModel]) -> dict[str, object]:
    """The fields an author may write in an object of this model, with their types."""
    return {
        field.alias or name: field.annotation
        for name, field in model.model_fields.items()
        if ENGINE_ONLY not in field.metadata
    }


def may_take(kind: object, value: object) -> bool:
    """Whether a value is roughly what a field of this type holds: a list of texts, an object."""
    kind = plain(kind)
    if is_union(kind):
        return any(may_take(member, value) for member in get_args(kind))
    origin = get_origin(kind)
    if origin is tuple:
        items = cast("list[object]", value) if isinstance(value, list) else None
        return items is not None and all(may_take(get_args(kind)[0], item) for item in items)
    if origin is dict or (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return isinstance(value, dict)
    if origin is Literal or kind is str:
        return isinstance(value, str)
    if kind in (int, bool):
        return type(value) is kind
    return True


def model_at(root: type[BaseModel], loc: Sequence[int | str]) -> type[BaseModel] | None:
    """The model of the object at a validation location; None when it is none of a model.

    Args:
        root: the model of the whole document.
        loc: keys, indices and the tags of union members, as the validation reports them.
    """
    kind = kind_at(root, loc)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def kind_at(root: type[BaseModel], loc: Sequence[int | str]) -> object:
    """The type of the value at a validation location, as `plain` gives it; None when unknown."""
    kind: object = root
    for part in loc:
        kind = _step_into(plain(kind), part)
    return plain(kind)


def is_union(kind: object) -> bool:
    """Whether a type is one of several."""
    return get_origin(kind) in (Union, types.UnionType)


def plain(kind: object) -> object:
    """A type without annotations and without the None of an optional field."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
            continue
        members = [member for member in get_args(kind) if member is not type(None)]
        if not is_union(kind) or len(members) != 1:
            return kind
        kind = members[0]


def _step_into(kind: object, part: int | str) -> object:
    if is_union(kind):
        return next((member for member in get_args(kind) if part in tags_of(member)), None)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if part == (field.alias or name):
                return field.annotation
        return None
    origin = get_origin(kind)
    if origin is tuple:
        return get_args(kind)[0]
    return get_args(kind)[1] if origin is dict else None


def tags_of(member: object) -> tuple[str, ...]:
    """The tags a member of a union goes by."""
    notes = get_args(member)[1:] if get_origin(member) is Annotated else ()
    return tuple(note.tag for note in notes if isinstance(note, Tag))
