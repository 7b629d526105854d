"""Which JSON value does a YAML scalar stand for? The core schema of YAML 1.2, and no more."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

STANDARD_TAG: Final = "tag:yaml.org,2002:"
Scalar: TypeAlias = str | int | float | bool | None

_INTEGERS: Final = (
    (re.compile(r"[-+]?[0-9]+"), 10),
    (re.compile(r"0o[0-7]+"), 8),
    (re.compile(r"0x[0-9a-fA-F]+"), 16),
)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY: Final = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_NOT_A_NUMBER: Final = frozenset({".nan", ".NaN", ".NAN"})
_WORDS: Final[Mapping[str, bool | None]] = MappingProxyType(
    {
        **dict.fromkeys(("", "~", "null", "Null", "NULL")),
        **dict.fromkeys(("true", "True", "TRUE"), True),
        **dict.fromkeys(("false", "False", "FALSE"), False),
    }
)
_MOST_DIGITS: Final = 400
_TAGGED: Final[Mapping[str, tuple[type, ...]]] = MappingProxyType(
    {
        "null": (type(None),),
        "bool": (bool,),
        "int": (int,),
        "float": (float, int),
    }
)


def untagged(text: str, *, plain: bool) -> Scalar:
    """The value of a scalar without a tag; only a plain (unquoted) one can be other than text."""
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return _number(text)


def tagged(text: str, tag: str) -> Scalar:
    """The value of a scalar with an explicit tag.

    Raises:
        ValueError: the tag is not one of the core schema, or the text is not of its kind.
    """
    name = tag.removeprefix(STANDARD_TAG)
    if name == "str":
        return text
    value = untagged(text, plain=True)
    if type(value) not in _TAGGED.get(name, ()):
        problem = f"the tag {tag.replace(STANDARD_TAG, '!!')} cannot be used on {text[:60]!r}"
        raise ValueError(problem)
    return value


def _number(text: str) -> int | float | str:
    """The number a plain scalar stands for, or the text itself; absurdly long ones become huge."""
    for form, base in _INTEGERS:
        if form.fullmatch(text):
            return int(text, base) if len(text) <= _MOST_DIGITS else 10**_MOST_DIGITS
    if _FLOAT.fullmatch(text):
        return float(text)
    infinity = _INFINITY.fullmatch(text)
    if infinity:
        return float(f"{infinity[1]}inf")
    return float("nan") if text in _NOT_A_NUMBER else text
