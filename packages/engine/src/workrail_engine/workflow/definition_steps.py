"""Which kinds of steps may a document hold, and what does each say?"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal, TypeAlias, cast

from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from workrail_engine.workflow.definition_checks import CheckDefinition
from workrail_engine.workflow.definition_conditions import (
    ConditionDefinition,
    ConfirmationForm,
    CriteriaForm,
)
from workrail_engine.workflow.definition_parts import (
    AssessmentConsequence,
    Audit,
    FunctionCall,
    FunctionDefinition,
    OutputContractDefinition,
    PromptBlocks,
    PromptFragment,
    Synthesis,
    TemplateCall,
    Verification,
)
from workrail_engine.workflow.definition_tools import ToolsDefinition
from workrail_engine.workflow.definition_values import (
    AUTHORED,
    FUNCTION_REFERENCE,
    NESTED_LOOP,
    TOOL_NAME,
    UNKNOWN_FIELD,
    AnyStepId,
    Authored,
    Identifier,
    Many,
    Maybe,
    NonEmpty,
    Prompt,
    ShortId,
    Title,
    at_most_items,
    by_shape,
    by_tag,
)
from workrail_engine.workflow.model_fields import ENGINE_ONLY

ModelTier: TypeAlias = Literal["lightweight", "mid", "heavy"]
FunctionReference: TypeAlias = Annotated[str, Field(pattern=FUNCTION_REFERENCE)]


class StandardStep(Authored):
    """A step the agent works on. It has exactly one of prompt, promptBlocks, templateCall."""

    unknown_field_hints: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"type": "an ordinary step has no type; other steps are of type loop or parallel"}
    )

    id: AnyStepId
    title: Title
    prompt: Maybe[Prompt] = None
    prompt_blocks: Maybe[PromptBlocks] = None
    template_call: Maybe[TemplateCall] = None
    prompt_fragments: Maybe[Annotated[Many[PromptFragment], Field(min_length=1)]] = None
    agent_role: Maybe[Annotated[str, Field(min_length=10, max_length=1024)]] = None
    model_tier: Maybe[ModelTier] = None
    guidance: Many[str] = ()
    ask_for_files: bool = False
    has_validation: bool = False
    require_confirmation: Maybe[ConfirmationForm] = None
    run_condition: Maybe[ConditionDefinition] = None
    validation_criteria: Maybe[CriteriaForm] = None
    output_contract: Maybe[OutputContractDefinition] = None
    assessment_refs: Maybe[Annotated[Many[ShortId], Field(min_length=1)]] = None
    assessment_consequences: Maybe[
        Annotated[Many[AssessmentConsequence], Field(min_length=1), at_most_items(10)]
    ] = None
    notes_optional: bool = False
    function_definitions: Many[FunctionDefinition] = ()
    function_calls: Many[FunctionCall] = ()
    function_references: Many[FunctionReference] = ()
    audit: Maybe[Audit] = None
    verification: Maybe[Verification] = None
    checks: Maybe[Many[CheckDefinition]] = None
    fresh: Maybe[Many[NonEmpty]] = None
    tools: Maybe[ToolsDefinition] = None
    step_kind: Annotated[Maybe[Literal["audit", "verification", "synthesis"]], ENGINE_ONLY] = None
    """Set by expansion on the steps it inserts; an author cannot write it."""

    @field_validator("step_kind", mode="before")
    @classmethod
    def _only_when_pinned(cls, value: object, info: ValidationInfo) -> object:
        if info.context is AUTHORED:
            raise PydanticCustomError(UNKNOWN_FIELD, "is not a field here")
        return value


class DelegationDefinition(Authored):
    """One workflow a parallel step asks the agent to start."""

    workflow_id: Annotated[str, Field(min_length=1, max_length=128)]
    goal: Maybe[NonEmpty] = None
    run_condition: Maybe[ConditionDefinition] = None
    context_mapping: Maybe[dict[str, str]] = None
    """Context key of this run to parameter name of the started one."""
    args: Maybe[dict[str, str]] = None
    model_tier: Maybe[ModelTier] = None
    allowed_tools: Many[Annotated[str, Field(pattern=TOOL_NAME)]] = ()


class ParallelStep(Authored):
    """A step that asks the agent to start several workflows at once and wait for them."""

    unknown_field_hints: ClassVar[Mapping[str, str]] = MappingProxyType(
        dict.fromkeys(("checks", "fresh"), "only ordinary steps have it: put it on the next one")
    )

    id: AnyStepId
    type: Literal["parallel"]
    title: Title
    parallel_delegations: Annotated[Many[DelegationDefinition], Field(min_length=1)]
    require_confirmation: Maybe[ConfirmationForm] = None
    run_condition: Maybe[ConditionDefinition] = None
    notes_optional: bool = False
    tools: Maybe[ToolsDefinition] = None
    synthesis: Maybe[Synthesis] = None


class ArtifactConditionSource(Authored):
    """The loop goes on until a loop control artifact says stop."""

    kind: Literal["artifact_contract"]
    contract_ref: NonEmpty
    loop_id: NonEmpty


class ContextConditionSource(Authored):
    """The loop goes on as a condition on the context says."""

    kind: Literal["context_variable"]
    condition: ConditionDefinition


ConditionSource: TypeAlias = Annotated[
    Annotated[ArtifactConditionSource, Tag("=artifact_contract")]
    | Annotated[ContextConditionSource, Tag("=context_variable")],
    by_tag("kind", artifact_contract="=artifact_contract", context_variable="=context_variable"),
]


def _count_form(value: object) -> str | None:
    if isinstance(value, str):
        return "=variable"
    return "=number" if isinstance(value, int) and not isinstance(value, bool) else None


Count: TypeAlias = Annotated[
    Annotated[int, Field(ge=0, le=1000), Tag("=number")] | Annotated[Identifier, Tag("=variable")],
    by_shape(_count_form, "a whole number, or the name of a context variable"),
]


class LoopConfig(Authored):
    """How a loop repeats."""

    type: Literal["while", "until", "for", "forEach"]
    max_iterations: Annotated[int, Field(ge=1, le=1000)]
    condition: Maybe[ConditionDefinition] = None
    condition_source: Maybe[ConditionSource] = None
    items: Maybe[Identifier] = None
    count: Maybe[Count] = None
    iteration_var: Identifier = "currentIteration"
    item_var: Identifier = "currentItem"
    index_var: Identifier = "currentIndex"


def _step_form(value: object) -> str:
    """The tag of the step kind a value means; a missing or odd `type` is guessed by other fields."""
    if not isinstance(value, Mapping):
        return f"={getattr(value, 'type', 'standard')}"
    document = cast("Mapping[str, object]", value)
    kind = document.get("type")
    if kind == "loop" or (kind != "parallel" and ("loop" in document or "body" in document)):
        return "=loop"
    if kind == "parallel" or "parallelDelegations" in document:
        return "=parallel"
    return "=standard"


BodyStep: TypeAlias = Annotated[
    Annotated[StandardStep, Tag("=standard")] | Annotated[ParallelStep, Tag("=parallel")],
    Discriminator(
        _step_form,
        custom_error_type=NESTED_LOOP,
        custom_error_message="is a loop inside a loop, which is not possible",
    ),
]


def _body_form(value: object) -> str | None:
    if isinstance(value, str):
        return "=name"
    return "=inline" if isinstance(value, list | tuple) else None


LoopBody: TypeAlias = Annotated[
    Annotated[NonEmpty, Tag("=name")]
    | Annotated[Many[BodyStep], Field(min_length=1), Tag("=inline")],
    by_shape(_body_form, "a list of steps, or the id of a top-level step"),
]


class LoopStep(Authored):
    """Steps that repeat."""

    unknown_field_hints: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            **dict.fromkeys(
                ("checks", "fresh"), "only ordinary steps have it: put it on a step of the body"
            ),
            "tools": "a loop has none of its own: put it on the steps of the body",
        }
    )

    id: AnyStepId
    type: Literal["loop"]
    title: Title
    loop: LoopConfig
    body: LoopBody
    function_definitions: Many[FunctionDefinition] = ()
    require_confirmation: Maybe[ConfirmationForm] = None
    run_condition: Maybe[ConditionDefinition] = None
    notes_optional: bool = False


Step: TypeAlias = Annotated[
    Annotated[StandardStep, Tag("=standard")]
    | Annotated[ParallelStep, Tag("=parallel")]
    | Annotated[LoopStep, Tag("=loop")],
    Discriminator(_step_form),
]
