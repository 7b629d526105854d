"""What is wrong with the settings, where, and what would be right?

Values are shown only where a setting of that name exists: what was written under another name may
be a key that someone put into the wrong file.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError

from workrail_daemon.config.toml_lines import KeyPath

_SECRET_WORDS: Final = ("key", "token", "secret", "password")
_OTHER_WORDS: Final = {
    "Input should be": "it must be",
    "Input should have": "it must have",
    "String should": "it must",
    "Field required": "it is missing",
}
_SHOWN: Final = 60


def dotted(path: Iterable[str | int]) -> str:
    """A key as it would be written in TOML."""
    words = ""
    for part in path:
        if isinstance(part, int):
            words += f"[{part}]"
        else:
            bare = part.replace("-", "_").isidentifier()
            words += ("." if words else "") + (part if bare else f'"{part}"')
    return words


def place(file: str, path: KeyPath, lines: Mapping[KeyPath, int]) -> str:
    """Where a key stands, or where its table does; only the file, where neither is written."""
    for size in range(len(path), 0, -1):
        if path[:size] in lines:
            return f"{file}, line {lines[path[:size]]}"
    return file


def problems_of(
    error: ValidationError, root: type[BaseModel], file: str, lines: Mapping[KeyPath, int]
) -> list[str]:
    """Each problem that pydantic found, a line for a person."""
    found: list[str] = []
    for detail in error.errors(include_url=False):
        path: KeyPath = detail["loc"]
        at = f"{place(file, path, lines)}: {dotted(path)}"
        if detail["type"] == "extra_forbidden":
            found.append(f"{at}: {_unknown(path, root)}")
        else:
            found.append(f"{at}: {_wrong(detail['type'], detail['msg'], detail['input'])}")
    return found


def near(word: str, words: Iterable[str]) -> str:
    """`Did you mean …? ` where one of the words is much like the given one, else nothing."""
    close = get_close_matches(word, list(words), n=1)
    return f"Did you mean {close[0]}? " if close else ""


def _unknown(path: KeyPath, root: type[BaseModel]) -> str:
    name = str(path[-1])
    known = sorted(_names_at(path[:-1], root))
    said = f"there is no such setting. {near(name, known)}It accepts: {', '.join(known)}."
    if "api_key_env" in known and any(word in name.lower() for word in _SECRET_WORDS):
        said += (
            " A key does not belong into this file: name the variable that holds it in"
            " api_key_env, or the file in api_key_file."
        )
    return said


def _wrong(kind: str, message: str, value: Any) -> str:
    for theirs, ours in _OTHER_WORDS.items():
        message = message.replace(theirs, ours)
    if kind == "missing":
        return f"{message}."
    if isinstance(value, dict | list):
        return f"{message}; here: {'a table' if isinstance(value, dict) else 'an array'}."
    hint = ""
    if kind == "literal_error" and isinstance(value, str):
        hint = " " + near(value, message.split("'")[1::2]).strip() if "'" in message else ""
    return f"{message}; here: {repr(value)[:_SHOWN]}.{hint.rstrip()}"


def _names_at(path: KeyPath, root: type[BaseModel]) -> list[str]:
    """The settings of a table."""
    here: Any = root
    for part in path:
        if _is_model(here):
            field = here.model_fields.get(part)
            here = None if field is None else field.annotation
        else:  # a table of free names, or an array: its last argument is what it holds
            here = next((arg for arg in get_args(here)[::-1] if arg is not Ellipsis), None)
        here = (
            next((arg for arg in get_args(here) if _is_model(arg)), here)
            if _optional(here)
            else here
        )
    return list(here.model_fields) if _is_model(here) else []


def _is_model(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, BaseModel)


def _optional(found: Any) -> bool:
    return type(None) in get_args(found)
