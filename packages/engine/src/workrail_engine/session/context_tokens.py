"""What `{{name}}` in an authored text stands for when the text is shown.

A token is `{{ident}}` or `{{ident.ident}}`, without spaces; anything else in double braces is left
alone. A value that is not there leaves a visible mark that says what was missing.
"""

import json
import re
from collections.abc import Mapping

from workrail_engine.canonical import JsonObject, JsonValue

_TOKEN = re.compile(r"\{\{([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\}\}", re.ASCII)
_PREVIEW = 60


def replace_tokens(text: str, context: JsonObject) -> str:
    """The text with every context token replaced by its value."""

    def value_of(match: re.Match[str]) -> str:
        return match[0] if match[1].startswith("wr.") else _resolve(match[1], context)

    return _TOKEN.sub(value_of, text)


def _resolve(path: str, context: JsonObject) -> str:
    value: JsonValue = context
    walked: list[str] = []
    for segment in path.split("."):
        if isinstance(value, Mapping):
            value = value.get(segment)
        elif isinstance(value, list | tuple) and segment == "length":
            value = len(value)
        else:
            where = ".".join(walked)
            return f"[unset: {path}; {where} is {_kind(value)} {_preview(value)}]"
        if value is None:
            return f"[unset: {path}]"
        walked.append(segment)
    return value if isinstance(value, str) else _text(value)


def _text(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))


def _preview(value: JsonValue) -> str:
    text = _text(value)
    return text if len(text) <= _PREVIEW else f"{text[:_PREVIEW]}…"


def _kind(value: JsonValue) -> str:
    match value:
        case str():
            return "the text"
        case bool():
            return "the boolean"
        case int() | float():
            return "the number"
        case _:
            return "the array"
