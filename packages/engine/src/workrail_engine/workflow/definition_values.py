"""Which single values may an authored document hold?

The texts, numbers and lists the models are made of, and the base all models share. Validation
runs under one of two contexts: `AUTHORED` for what a person wrote, `PINNED` for a definition after
expansion, where step ids may hold dots and rendered prompts may be longer. Models that the engine
builds itself are validated under neither, so they may say None for what is absent.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, ClassVar, Final, TypeAlias, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Strict,
    ValidationInfo,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, PydanticKnownError

from workrail_engine.canonical import JsonObject

AUTHORED: Final[Mapping[str, bool]] = MappingProxyType({"pinned": False})
PINNED: Final[Mapping[str, bool]] = MappingProxyType({"pinned": True})

NULL_VALUE: Final = "null_value"
WRONG_SHAPE: Final = "wrong_shape"
UNKNOWN_TAG: Final = "unknown_tag"
UNKNOWN_FIELD: Final = "unknown_field"
NESTED_LOOP: Final = "nested_loop"
_TOO_SHORT: Final = "string_too_short"
_TOO_LONG: Final = "string_too_long"
_TOO_MANY: Final = "too_long"
_WRONG_PATTERN: Final = "string_pattern_mismatch"

WORKFLOW_ID: Final = r"^([a-z0-9_-]+|[a-z][a-z0-9_-]+\.[a-z][a-z0-9_-]+)$"
STEP_ID: Final = r"^[a-z0-9-]+$"
PINNED_ID: Final = r"^[a-z0-9_-]+(\.[a-z0-9_-]+)*$"
CHECK_ID: Final = r"^[a-z][a-z0-9_-]*$"
FRAGMENT_ID: Final = CHECK_ID
SLOT_ID: Final = r"^[a-z][a-z0-9_]*$"
IDENTIFIER: Final = r"^[a-zA-Z_][a-zA-Z0-9_]*$"
FUNCTION_REFERENCE: Final = r"^[a-zA-Z_][a-zA-Z0-9_]*\(\)$"
TOOL_NAME: Final = r"^[a-zA-Z][a-zA-Z0-9_:\-]*$"
REGEX_FLAGS: Final = r"^[gimsuy]*$"
SEMVER: Final = (
    r"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)"
    r"(-(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
    r"(\.(0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
    r"(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$"
)

PATTERN_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        WORKFLOW_ID: "lower-case letters, digits, `-` and `_`, with at most one dot between two names",
        STEP_ID: "lower-case letters, digits and hyphens",
        PINNED_ID: "lower-case letters, digits, `-` and `_`, in parts joined by dots",
        CHECK_ID: "a lower-case letter, then lower-case letters, digits, `-` and `_`",
        SLOT_ID: "a lower-case letter, then lower-case letters, digits and `_`",
        IDENTIFIER: "a letter or `_`, then letters, digits and `_`",
        FUNCTION_REFERENCE: "a function name followed by `()`",
        TOOL_NAME: "a letter, then letters, digits, `_`, `:` and `-`",
        REGEX_FLAGS: "any of the letters g, i, m, s, u and y",
        SEMVER: "a semantic version such as 1.0.0",
    }
)
"""What each pattern accepts, in words, for messages."""

T = TypeVar("T")


class Authored(BaseModel):
    """Base of every object of the language: frozen, strict, no unknown fields."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
    )

    unknown_field_hints: ClassVar[Mapping[str, str]] = MappingProxyType({})
    """Advice for fields that do not exist here but are often tried."""

    def as_json(self) -> JsonObject:
        """The JSON form, with the fields that were given and no others."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


def is_pinned(info: ValidationInfo) -> bool:
    """Whether an expanded definition is being read, not an authored one."""
    return info.context is PINNED


def member(value: object, field: str) -> object:
    """What a JSON object or a model holds in a field; None when it has no such field."""
    if isinstance(value, Mapping):
        return cast("Mapping[str, object]", value).get(field)
    return getattr(value, field, None)


def by_shape(choose: Callable[[object], str | None], expected: str) -> Discriminator:
    """Choose the member of a union by the form of the value.

    When none fits, the message of the error is `expected`: the forms in words.
    """
    return Discriminator(
        choose,
        custom_error_type=WRONG_SHAPE,
        custom_error_message=expected,
    )


def by_tag(field: str, **members: str) -> Discriminator:
    """Choose the member of a union by the text in one of its fields.

    When none fits, the message of the error is the field and then the texts, separated by spaces.

    Args:
        field: the field that tells, `kind` for example.
        **members: for each text the field may hold, the tag of its member.
    """

    def choose(value: object) -> str | None:
        tag = member(value, field)
        return members.get(tag) if isinstance(tag, str) else None

    return Discriminator(
        choose,
        custom_error_type=UNKNOWN_TAG,
        custom_error_message=" ".join((field, *members)),
    )


def _given(value: object, info: ValidationInfo) -> object:
    if value is None and info.context is not None:
        raise PydanticCustomError(NULL_VALUE, "has no value")
    return value


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise PydanticCustomError(WRONG_SHAPE, "a number")
    return value


def _step_id(text: str, info: ValidationInfo) -> str:
    if len(text) < 3:
        raise PydanticKnownError(_TOO_SHORT, {"min_length": 3})
    return _fitting(text, info, STEP_ID)


def _check_id(text: str, info: ValidationInfo) -> str:
    if not text:
        raise PydanticKnownError(_TOO_SHORT, {"min_length": 1})
    return _fitting(text, info, CHECK_ID)


def _fitting(text: str, info: ValidationInfo, authored: str) -> str:
    pattern, limit = (PINNED_ID, 256) if is_pinned(info) else (authored, 64)
    if len(text) > limit:
        raise PydanticKnownError(_TOO_LONG, {"max_length": limit})
    if re.fullmatch(pattern, text) is None:
        raise PydanticKnownError(_WRONG_PATTERN, {"pattern": pattern})
    return text


def at_most_when_authored(limit: int) -> AfterValidator:
    """A length limit for authors; expansion may produce longer texts."""

    def check(text: str, info: ValidationInfo) -> str:
        if len(text) > limit and not is_pinned(info):
            raise PydanticKnownError(_TOO_LONG, {"max_length": limit})
        return text

    return AfterValidator(check)


def at_most_items(limit: int) -> BeforeValidator:
    """A length limit for lists that is told no matter what is wrong with the items."""

    def check(value: object) -> object:
        if isinstance(value, list | tuple):
            length = len(cast("Sequence[object]", value))
            if length > limit:
                bounds = {"field_type": "List", "max_length": limit, "actual_length": length}
                raise PydanticKnownError(_TOO_MANY, bounds)
        return cast("object", value)

    return BeforeValidator(check)


Maybe: TypeAlias = Annotated[T | None, BeforeValidator(_given)]
"""An optional field: it may be left out, but a document may not say null."""

Many: TypeAlias = Annotated[tuple[T, ...], Strict(strict=False)]
"""A list of any length; kept as a tuple."""

Number: TypeAlias = Annotated[int | float, PlainValidator(_number)]
"""A finite number as it was written: 5 stays 5, and true is not 1."""

AnyStepId: TypeAlias = Annotated[str, AfterValidator(_step_id)]
CheckId: TypeAlias = Annotated[str, AfterValidator(_check_id)]
NonEmpty: TypeAlias = Annotated[str, Field(min_length=1)]
ShortId: TypeAlias = Annotated[str, Field(min_length=1, max_length=64)]
Purpose: TypeAlias = Annotated[str, Field(min_length=1, max_length=256)]
Remark: TypeAlias = Annotated[str, Field(min_length=1, max_length=256)]
Identifier: TypeAlias = Annotated[str, Field(min_length=1, pattern=IDENTIFIER)]
Title: TypeAlias = Annotated[str, Field(min_length=1), at_most_when_authored(128)]
Prompt: TypeAlias = Annotated[str, Field(min_length=1), at_most_when_authored(8192)]
