"""What may a workflow or a step say about the tools an agent works with?"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from workrail_engine.workflow.definition_checks import Glob
from workrail_engine.workflow.definition_values import (
    AUTHORED,
    TOOL_NAME,
    UNKNOWN_FIELD,
    Authored,
    Many,
    Maybe,
    at_most_items,
)
from workrail_engine.workflow.model_fields import ENGINE_ONLY

_MOST = 100


class ToolsDefinition(Authored):
    """What an agent may do in a step, or in every step of a workflow. It only takes away."""

    unknown_field_hints: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "hosts": "hosts are given to a run, not to a step; `network: false` takes them away",
            "denied": "name in `allowed` the tools that may be used",
        }
    )

    allowed: Maybe[
        Annotated[
            Many[Annotated[str, Field(max_length=128, pattern=TOOL_NAME)]], at_most_items(_MOST)
        ]
    ] = None
    writable: Maybe[Annotated[Many[Glob], at_most_items(_MOST)]] = None
    network: Maybe[bool] = None
    within: Annotated[Maybe[Many[Many[Glob]]], ENGINE_ONLY] = None
    """Set by expansion: what else names every file that may be changed. No author can write it."""

    @field_validator("within", mode="before")
    @classmethod
    def _only_when_pinned(cls, value: object, info: ValidationInfo) -> object:
        if info.context is AUTHORED:
            raise PydanticCustomError(UNKNOWN_FIELD, "is not a field here")
        return value
