"""How does a document say when something holds, and what notes must satisfy?"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field, JsonValue, Tag

from workrail_engine.workflow.definition_values import (
    REGEX_FLAGS,
    Authored,
    Many,
    Maybe,
    NonEmpty,
    Number,
    by_shape,
)

_NO_SUCH_TEST = "use `contains`, or validationCriteria with a regex rule"


class ConditionDefinition(Authored):
    """A test of the run's context. Everything given must hold; nothing given always holds."""

    unknown_field_hints: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"startsWith": _NO_SUCH_TEST, "endsWith": _NO_SUCH_TEST, "matches": _NO_SUCH_TEST}
    )

    var: Maybe[NonEmpty] = None
    equals: JsonValue = None
    not_equals: JsonValue = Field(default=None, alias="not_equals")
    gt: Maybe[Number] = None
    gte: Maybe[Number] = None
    lt: Maybe[Number] = None
    lte: Maybe[Number] = None
    in_: Maybe[Many[JsonValue]] = Field(default=None, alias="in")
    contains: Maybe[str] = None
    and_: "Maybe[Many[ConditionDefinition]]" = Field(default=None, alias="and")
    or_: "Maybe[Many[ConditionDefinition]]" = Field(default=None, alias="or")
    not_: "Maybe[ConditionDefinition]" = Field(default=None, alias="not")


class ConfirmationRule(Authored):
    """Who confirms, and when."""

    kind: Literal["coordinator_eval", "human_approval"]
    condition: Maybe[ConditionDefinition] = None


def _confirmation_form(value: object) -> str | None:
    if isinstance(value, bool):
        return "=flag"
    if isinstance(value, ConfirmationRule):
        return "=rule"
    if isinstance(value, ConditionDefinition):
        return "=condition"
    if isinstance(value, Mapping):
        return "=rule" if "kind" in value or "condition" in value else "=condition"
    return None


ConfirmationForm: TypeAlias = Annotated[
    Annotated[bool, Tag("=flag")]
    | Annotated[ConfirmationRule, Tag("=rule")]
    | Annotated[ConditionDefinition, Tag("=condition")],
    by_shape(
        _confirmation_form, "true, false, a condition, or an object with `kind` and `condition`"
    ),
]


class ValidationRule(Authored):
    """One check of the notes of a step; which fields it needs depends on `type`."""

    type: Literal["contains", "regex", "length", "schema"]
    message: NonEmpty
    value: Maybe[NonEmpty] = None
    pattern: Maybe[NonEmpty] = None
    flags: Maybe[Annotated[str, Field(pattern=REGEX_FLAGS)]] = None
    min: Maybe[Annotated[int, Field(ge=0)]] = None
    max: Maybe[Annotated[int, Field(ge=0)]] = None
    schema_: Maybe[dict[str, JsonValue]] = Field(default=None, alias="schema")
    condition: Maybe[ConditionDefinition] = None


def _criterion_form(value: object) -> str | None:
    if isinstance(value, ValidationComposition):
        return "=composition"
    if isinstance(value, ValidationRule):
        return "=rule"
    if isinstance(value, Mapping):
        return "=composition" if any(joint in value for joint in ("and", "or", "not")) else "=rule"
    return None


Criterion: TypeAlias = Annotated[
    Annotated[ValidationRule, Tag("=rule")]
    | Annotated["ValidationComposition", Tag("=composition")],
    by_shape(_criterion_form, "a rule, or an object with `and`, `or` or `not`"),
]


class ValidationComposition(Authored):
    """Checks of the notes joined by and, or, not."""

    and_: Maybe[Many[Criterion]] = Field(default=None, alias="and")
    or_: Maybe[Many[Criterion]] = Field(default=None, alias="or")
    not_: Maybe[Criterion] = Field(default=None, alias="not")


def _criteria_form(value: object) -> str | None:
    if isinstance(value, list | tuple):
        return "=rules"
    if isinstance(value, Mapping | ValidationComposition):
        return "=composition"
    return None


CriteriaForm: TypeAlias = Annotated[
    Annotated[Many[ValidationRule], Tag("=rules")]
    | Annotated[ValidationComposition, Tag("=composition")],
    by_shape(_criteria_form, "a list of rules, or an object with `and`, `or` or `not`"),
]
