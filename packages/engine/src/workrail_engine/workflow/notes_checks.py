"""Does a text match a pattern, or hold JSON that fits a schema?

Patterns and schemas come from workflow authors, so both are bounded: a search stops after two
seconds, and a schema cannot fetch another one from anywhere.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, cast

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.lenient import plain

SEARCH_SECONDS = 2.0
_SHOWN_PROBLEMS = 5
_SHOWN_LENGTH = 160
_FENCE = re.compile(r"^```json[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_FLAGS: Mapping[str, int] = {
    "g": 0,
    "u": 0,
    "y": 0,
    "i": re.IGNORECASE,
    "m": re.MULTILINE,
    "s": re.DOTALL,
}
"""As `re` numbers them, and `regex` too."""


class _SchemaError(Protocol):
    @property
    def json_path(self) -> str: ...
    @property
    def message(self) -> str: ...


class _Validator(Protocol):
    def iter_errors(self, instance: object) -> Iterator[_SchemaError]: ...


class UncheckableError(Exception):
    """A check could not be carried out; the message says why. Callers make a problem of it."""


def matches(pattern: str, flags: str, text: str) -> bool:
    """Whether a text matches a pattern with JavaScript flags (g, i, m, s, u, y).

    Raises:
        UncheckableError: the pattern or a flag is not valid, or the search took too long.
    """
    import regex  # noqa: PLC0415  heavy, and few workflows have patterns

    unknown = [flag for flag in flags if flag not in _FLAGS]
    if unknown:
        problem = f"the pattern /{pattern}/ has the unknown flag {unknown[0]!r}"
        raise UncheckableError(problem)
    try:
        compiled = regex.compile(pattern, sum(_FLAGS[flag] for flag in set(flags)))
        seek = compiled.match if "y" in flags else compiled.search
        return seek(text, timeout=SEARCH_SECONDS) is not None
    except regex.error as error:
        problem = f"the pattern /{pattern}/ is not a valid regular expression: {error}"
        raise UncheckableError(problem) from error
    except TimeoutError as error:
        problem = f"matching the pattern /{pattern}/ took longer than {SEARCH_SECONDS:g} seconds"
        raise UncheckableError(problem) from error


def json_in(notes: str) -> JsonValue:
    """The JSON that notes consist of, or that stands in their one ```json block.

    Raises:
        ValueError: there is none, or more than one block.
    """
    try:
        return cast("JsonValue", json.loads(notes))
    except (ValueError, RecursionError):
        blocks = cast("list[str]", _FENCE.findall(notes))
    if len(blocks) != 1:
        problem = f"the notes are not JSON and have {len(blocks)} ```json blocks instead of one"
        raise ValueError(problem)
    try:
        return cast("JsonValue", json.loads(blocks[0]))
    except (ValueError, RecursionError) as error:
        problem = f"the ```json block is not valid JSON: {error}"
        raise ValueError(problem) from error


def schema_problems(schema: JsonObject, value: JsonValue) -> tuple[str, ...]:
    """How a value breaks a JSON Schema (draft 7 unless it names another); at most five.

    Raises:
        UncheckableError: the schema is not valid, points outside itself, or took too long.
    """
    import jsonschema  # noqa: PLC0415  heavy, and few workflows have schemas
    from jsonschema import validators  # noqa: PLC0415  as above
    from referencing import Registry  # noqa: PLC0415  as above
    from referencing.exceptions import Unresolvable  # noqa: PLC0415  as above

    def within_time(
        _validator: object, pattern: object, instance: object, _schema: object
    ) -> Iterator[jsonschema.ValidationError]:
        if isinstance(instance, str) and not matches(str(pattern), "", instance):
            yield jsonschema.ValidationError(f"{instance!r} does not match /{pattern}/")

    document = cast("dict[str, object]", plain(schema))
    chosen = validators.validator_for(document, default=jsonschema.Draft7Validator)
    extend = cast("Callable[..., Callable[..., _Validator]]", vars(validators)["extend"])
    nowhere: Registry[object] = Registry()
    timed = extend(chosen, {"pattern": within_time})(document, registry=nowhere)
    try:
        chosen.check_schema(document)
        found = sorted(timed.iter_errors(plain(value)), key=lambda error: error.json_path)
    except jsonschema.SchemaError as error:
        problem = f"the schema is not valid: {_clipped(error.message)}"
        raise UncheckableError(problem) from error
    except Unresolvable as error:
        problem = f"the schema refers to {error.ref!r}, which is not in it"
        raise UncheckableError(problem) from error
    except RecursionError as error:
        problem = "the schema or the JSON is nested without end"
        raise UncheckableError(problem) from error
    said = (f"at {_place(error.json_path)}: {_clipped(error.message)}" for error in found)
    return tuple(said)[:_SHOWN_PROBLEMS]


def _place(json_path: str) -> str:
    return json_path.removeprefix("$").removeprefix(".") or "the top"


def _clipped(text: str) -> str:
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 1]}…"
