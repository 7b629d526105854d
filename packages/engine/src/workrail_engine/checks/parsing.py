"""Is a text what it claims to be: JSON, YAML, TOML, XML or Python?"""

import ast
import json
import tomllib
import warnings
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Final, NoReturn, assert_never, cast
from xml.parsers import expat

from workrail_engine.canonical import JsonValue
from workrail_engine.checks.findings import CannotCheckError, one_line
from workrail_engine.workflow.checks import ParsedAs
from workrail_engine.workflow.json_limits import MAX_DEPTH, MAX_VALUES, beyond_limits

_TOO_DEEP: Final = "it is nested too deeply, or holds too much, to be looked at"


class NotParsedError(Exception):
    """The text is not what it claims to be; the message says where it breaks."""


def parse(text: str, claimed: ParsedAs) -> JsonValue:
    """The value a text holds; None for XML and Python, which hold none.

    Raises:
        NotParsedError: it is not what it claims to be.
        CannotCheckError: it is too large or too deep to be looked at.
    """
    try:
        match claimed:
            case "json":
                return _bounded(json.loads(text, parse_constant=_no_constant))
            case "yaml":
                return _bounded(_yaml(text))
            case "toml":
                return _bounded(_Plain().of(tomllib.loads(text)))
            case "xml":
                return _xml(text)
            case "python":
                return _python(text)
    except (RecursionError, MemoryError) as error:
        raise CannotCheckError(_TOO_DEEP) from error
    except (ValueError, SyntaxError, expat.ExpatError) as error:
        raise NotParsedError(one_line(f"no {claimed.upper()}: {error}")) from error
    assert_never(claimed)


def _no_constant(name: str) -> NoReturn:
    message = f"{name} is no number of JSON"
    raise ValueError(message)


def _bounded(value: object) -> JsonValue:
    parsed = cast("JsonValue", value)
    problems = beyond_limits(parsed)
    if problems:
        message = f"it {problems[0].message}"
        raise CannotCheckError(message)
    return parsed


def _yaml(text: str) -> object:
    from ruamel.yaml import YAML  # noqa: PLC0415  heavy, and few checks read YAML
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  as above

    reader = YAML(typ="safe", pure=True)
    load = cast("Callable[[str], object]", reader.load)
    try:
        return _Plain().of(load(text))
    except YAMLError as error:
        raise ValueError(str(error)) from error


class _Plain:
    """Makes values as JSON would hold them: dates as texts, keys as texts; aliases count each time."""

    def __init__(self) -> None:
        self._seen = 0

    def of(self, value: object, depth: int = 0) -> object:
        """One value, with all in it."""
        self._seen += 1
        if depth > MAX_DEPTH or self._seen > MAX_VALUES:
            raise RecursionError
        if isinstance(value, Mapping):
            items = cast("Mapping[object, object]", value).items()
            return {str(key): self.of(item, depth + 1) for key, item in items}
        if isinstance(value, (list, tuple, set)):
            return [self.of(item, depth + 1) for item in cast("list[object]", value)]
        if isinstance(value, (datetime, date, time)):
            return value.isoformat()
        return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _xml(text: str) -> None:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.Parse(text.encode(), True)  # noqa: FBT003 (the library takes it by position)


def _refuse_doctype(*_declared: object) -> None:
    message = "it declares a document type, and those are not read"
    raise CannotCheckError(message)


def _python(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ast.parse(text)
