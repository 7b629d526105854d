"""What do all tools share: arguments that are checked, a schema, and answers instead of errors?

A tool's arguments are a pydantic model. The model is told its JSON schema, and what it sends is held
to it strictly: a number is no string. Two slips are harmless and pass: `filePath` for `file_path` (or
the other way round), and null for what may be left out.
"""

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic, TypeAlias, TypeVar, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from workrail_daemon.models.protocol import ToolSpec
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.contract import Answered, Call, Effect, ToolAnswer
from workrail_daemon.tools.masking import masked
from workrail_daemon.tools.refusing import NotDoneError
from workrail_engine.canonical import JsonObject, JsonValue

_BRIEF: Final = 500
_LOOKED_AT: Final = 4000
_PROBLEMS: Final = 20
_NOT_SAID: Final = ("title", "default")
_NULL: Final[JsonValue] = {"type": "null"}
_HUMP: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")


class Arguments(BaseModel):
    """Base of the arguments of every tool."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


A = TypeVar("A", bound=Arguments)
Doing: TypeAlias = Callable[[str], None]
Act: TypeAlias = Callable[[A, Call, Stop, Doing], ToolAnswer]
"""Carries out a call. May raise `NotDoneError`."""


@dataclass(frozen=True)
class Made(Generic[A]):
    """A tool made from the type of its arguments and what it does."""

    spec: ToolSpec
    effect: Effect
    arguments: type[A]
    act: Act[A]
    brief: Callable[[A], str]
    """Usable arguments in short."""

    def said(self, arguments: JsonObject) -> str:
        """Some arguments in short, whatever they are: one line without secrets."""
        try:
            text = self.brief(read_arguments(self.spec.name, self.arguments, arguments))
        except NotDoneError:
            text = json.dumps(arguments, ensure_ascii=False, default=str)
        start = " ".join(text[:_LOOKED_AT].split())
        whole = start if len(text) <= _LOOKED_AT else start.rpartition(" ")[0]  # no half a secret
        return masked(whole or start)[:_BRIEF]

    def run(self, call: Call, stop: Stop, doing: Doing) -> ToolAnswer:
        """Make a call."""
        try:
            arguments = read_arguments(self.spec.name, self.arguments, call.input)
            return self.act(arguments, call, stop, doing)
        except NotDoneError as error:
            return Answered(str(error), error.outcome)


def make(
    spec: tuple[str, str],
    effect: Effect,
    arguments: type[A],
    act: Act[A],
    brief: Callable[[A], str],
) -> Made[A]:
    """A tool.

    Args:
        spec: its name, and how it is described to the model.
        effect: what a crash in the middle of a call means.
        arguments: their type; descriptions of its fields reach the model.
        act: carries out a call.
        brief: usable arguments in short.
    """
    name, description = spec
    return Made(ToolSpec(name, description, schema_of(arguments)), effect, arguments, act, brief)


def schema_of(model: type[BaseModel]) -> JsonObject:
    """The JSON schema of a model, without what only pydantic cares for and without references."""
    schema: dict[str, JsonValue] = model.model_json_schema()
    definitions = cast("dict[str, JsonValue]", schema.pop("$defs", {}))
    schema.pop("description", None)  # the docstring of the class speaks to its readers
    return cast("JsonObject", _plain(schema, definitions))


def read_arguments(tool: str, model: type[A], sent: JsonObject) -> A:
    """What was sent, as the tool wants it.

    Raises:
        NotDoneError: it cannot be used; every problem is named.
    """
    names = {field.alias or name: field for name, field in model.model_fields.items()}
    given: dict[str, JsonValue] = {}
    for key, value in sent.items():
        name = key if key in names else _other_spelling(key, names)
        if value is not None or name not in names or names[name].is_required():
            given.setdefault(name, value)
    try:
        return model.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        lines = [f"- {line}" for line in _problems(error, names)]
        message = f"{tool} was not carried out, its arguments cannot be used:\n" + "\n".join(lines)
        raise NotDoneError(message) from error


def _other_spelling(key: str, names: Iterable[str]) -> str:
    snake = _HUMP.sub(lambda hump: f"_{hump[1].lower()}", key)
    first, *rest = key.split("_")
    camel = first + "".join(word.capitalize() for word in rest)
    return next((name for name in (snake, camel) if name in names), key)


def _problems(error: ValidationError, names: Iterable[str]) -> list[str]:
    said: list[str] = []
    for problem in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in problem["loc"]) or "arguments"
        if problem["type"] == "extra_forbidden":
            said.append(f"{place}: not an argument; there are: {', '.join(names)}")
        else:
            said.append(f"{place}: {problem['msg']}")
    more = len(said) - _PROBLEMS
    return said if more <= 0 else [*said[:_PROBLEMS], f"and {more} more"]


def _plain(value: JsonValue, definitions: dict[str, JsonValue]) -> JsonValue:
    if isinstance(value, list):
        return [_plain(each, definitions) for each in value]
    if not isinstance(value, dict):
        return value
    named = _resolved(value, definitions)
    plain: dict[str, JsonValue] = {}
    for key, each in named.items():
        if key == "properties":  # an argument may be called `title`
            arguments = cast("dict[str, JsonValue]", each)
            plain[key] = {name: _plain(one, definitions) for name, one in arguments.items()}
        elif key not in _NOT_SAID:
            plain[key] = _plain(each, definitions)
    return plain


def _resolved(
    named: dict[str, JsonValue], definitions: dict[str, JsonValue]
) -> dict[str, JsonValue]:
    """What a reference, or a choice between something and null, stands for."""
    reference, choices = named.get("$ref"), named.get("anyOf")
    if isinstance(reference, str):
        meant = definitions[reference.rpartition("/")[2]]
    elif isinstance(choices, list) and len(choices) == 2 and _NULL in choices:
        meant = next(each for each in choices if each != _NULL)
    else:
        return named
    rest = {key: each for key, each in named.items() if key not in ("$ref", "anyOf")}
    return _resolved({**cast("dict[str, JsonValue]", meant), **rest}, definitions)
