"""What is wrong with an artifact, in short plain words?"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import cast, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_MOST_PROBLEMS = 20
_MOST_NAMES = 8
_MOST_BYTES = 300
_SHOWN_VALUE = 60
_INDEX = re.compile(r"\[\d+\]")
_TYPE_WORDS: Mapping[str, str] = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
}


def in_words(error: ValidationError, known: tuple[str, ...]) -> tuple[str, ...]:
    """Each problem once, with the path of its field; at most 20 of 300 bytes each.

    Args:
        error: what validating the artifact said.
        known: paths of the contract's fields, for near misses of unknown ones.
    """
    details = error.errors(include_url=False)
    unknown = [detail for detail in details if detail["type"] == "extra_forbidden"]
    others = [detail for detail in details if detail["type"] != "extra_forbidden"]
    said = [f"{_subject(detail)} {_complaint(detail)}" for detail in others]
    said += _unknown_fields([_path(detail["loc"]) for detail in unknown], known)
    distinct = [_clipped(text) for text in dict.fromkeys(said)]
    left_out = len(distinct) - _MOST_PROBLEMS
    more = (f"and {left_out} more problems",) if left_out > 0 else ()
    return (*distinct[:_MOST_PROBLEMS], *more)


@cache
def field_paths(model: type[BaseModel]) -> tuple[str, ...]:
    """The paths of all fields of a model and of the models inside it, such as `metadata.reason`."""
    return tuple(dict.fromkeys(_field_paths(model, "")))


def _field_paths(model: type[BaseModel], parent: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        path = f"{parent}{field.alias or name}"
        yield path
        yield from _paths_within(field.annotation, f"{path}.")


def _paths_within(annotation: object, parent: str) -> Iterator[str]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield from _field_paths(annotation, parent)
    for part in get_args(annotation):
        yield from _paths_within(part, parent)


def _unknown_fields(paths: Sequence[str], known: tuple[str, ...]) -> Iterator[str]:
    for path in paths[:_MOST_NAMES]:
        yield f"{_shown(path)} is not a field of it{_hint(path, known)}"
    if len(paths) > _MOST_NAMES:
        yield f"and {len(paths) - _MOST_NAMES} more fields do not belong to it"


def _hint(path: str, known: Sequence[str]) -> str:
    """The nearest name beside the unknown field, else the whole path of the nearest one elsewhere."""
    parent, _, name = _INDEX.sub("", path).rpartition(".")
    beside = {own.rpartition(".")[2]: own for own in known if own.rpartition(".")[0] == parent}
    elsewhere = {own.rpartition(".")[2]: own for own in known if own not in beside.values()}
    near = difflib.get_close_matches(name, beside, n=1)
    if near:
        return f'; did you mean "{near[0]}"?'
    near = difflib.get_close_matches(name, elsewhere, n=1)
    return f'; did you mean "{elsewhere[near[0]]}"?' if near else ""


def _subject(detail: ErrorDetails) -> str:
    return _shown(_path(detail["loc"])) if detail["loc"] else "the artifact"


def _path(loc: tuple[int | str, ...]) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return path.removeprefix(".")


def _shown(path: str) -> str:
    return f'"{path if len(path) <= _SHOWN_VALUE * 2 else path[: _SHOWN_VALUE * 2] + "…"}"'


def _complaint(detail: ErrorDetails) -> str:
    bounds = cast("Mapping[str, object]", detail.get("ctx") or {})
    match detail["type"]:
        case "missing":
            return "is missing"
        case "literal_error":
            return f"must be {bounds['expected']}, not {_value(detail['input'])}"
        case "string_too_long" | "string_too_short" | "too_long" | "too_short":
            return _size(detail, bounds)
        case "greater_than_equal" | "less_than_equal" | "greater_than":
            return f"must be {_bound(bounds)}, not {_value(detail['input'])}"
        case "string_pattern_mismatch":
            return f"has the wrong form ({bounds['pattern']}): {_value(detail['input'])}"
        case kind:
            return _TYPE_WORDS.get(kind, detail["msg"])


def _size(detail: ErrorDetails, bounds: Mapping[str, object]) -> str:
    text = detail["type"].startswith("string_")
    unit = "characters" if text else "entries"
    size = len(cast("Sequence[object]", detail["input"]))
    if "max_length" in bounds:
        return f"has {size} {unit}; at most {bounds['max_length']} are allowed"
    return f"has {size} {unit}; at least {bounds['min_length']} are needed"


def _bound(bounds: Mapping[str, object]) -> str:
    words = {"ge": "at least", "le": "at most", "gt": "greater than"}
    return " and ".join(f"{words[name]} {value}" for name, value in bounds.items())


def _value(value: object) -> str:
    text = f'"{value}"' if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN_VALUE else f"{text[:_SHOWN_VALUE]}…"


def _clipped(text: str) -> str:
    data = text.encode()
    if len(data) <= _MOST_BYTES:
        return text
    return f"{data[: _MOST_BYTES - 3].decode(errors='ignore')}…"
