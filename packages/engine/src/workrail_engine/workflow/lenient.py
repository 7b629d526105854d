"""When do two JSON values count as equal, and how is one written inside a sentence?

Agents set context variables by hand, so `"Small "`, `"small"` and `"Small"` are one value, and so
are 5 and `"5"`, true and `"yes"`.
"""

import json
import re
from collections.abc import Mapping
from typing import TypeGuard

from workrail_engine.canonical import JsonValue

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_SPOKEN_BOOLS: Mapping[str, bool] = {
    "true": True,
    "1": True,
    "yes": True,
    "false": False,
    "0": False,
    "no": False,
}


def leniently_equal(left: JsonValue, right: JsonValue) -> bool:
    """Whether two values mean the same; symmetric, and None equals only None."""
    if isinstance(left, bool) or isinstance(right, bool):
        spoken = _as_bool(left)
        return spoken is not None and spoken == _as_bool(right)
    if is_number(left) or is_number(right):
        number = _as_number(left)
        return number is not None and number == _as_number(right)
    if isinstance(left, str) and isinstance(right, str):
        return left.strip().lower() == right.strip().lower()
    return left == right


def is_number(value: JsonValue) -> TypeGuard[int | float]:
    """Whether a value is a number; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def as_text(value: JsonValue) -> str:
    """A value as running text: lists joined by commas, objects as compact JSON, null as nothing."""
    match value:
        case None | str():
            return value or ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case Mapping():
            return compact(value)
        case _:
            return ",".join(as_text(item) for item in value)


def quoted(value: JsonValue) -> str:
    """A value as it stands inside a sentence: text in double quotes, the rest as JSON."""
    return compact(value)


def compact(value: JsonValue) -> str:
    """A value as JSON without needless spaces; keys keep their order."""
    return json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"))


def plain(value: JsonValue) -> object:
    """A value made of dicts and lists only, which some libraries insist on."""
    match value:
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case str() | int() | float() | None:
            return value
        case _:
            return [plain(item) for item in value]


def _as_bool(value: JsonValue) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) or is_number(value):
        return _SPOKEN_BOOLS.get(as_text(value).strip().lower())
    return None


def _as_number(value: JsonValue) -> float | None:
    if is_number(value):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value.strip())
    return None
