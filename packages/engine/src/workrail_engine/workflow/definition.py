"""What is a workflow definition, and is this JSON value one?

The models mirror the document field by field (`metaGuidance` is `meta_guidance`). What no schema
can say about a document is checked by `structure`.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, ValidationError

from workrail_engine.canonical import JsonValue
from workrail_engine.workflow.definition_conditions import (
    ConditionDefinition,
    ConfirmationForm,
    ConfirmationRule,
    CriteriaForm,
    Criterion,
    ValidationComposition,
    ValidationRule,
)
from workrail_engine.workflow.definition_parts import (
    AssessmentConsequence,
    AssessmentDefinition,
    AssessmentDimension,
    AssessmentTrigger,
    Audit,
    ExtensionPoint,
    FollowupEffect,
    FunctionCall,
    FunctionDefinition,
    FunctionParameter,
    OutputContractDefinition,
    PromptBlocks,
    PromptFragment,
    PromptPart,
    PromptValue,
    RecommendedPreferences,
    ReferenceDefinition,
    RefPart,
    Synthesis,
    TemplateCall,
    TextPart,
    Verification,
)
from workrail_engine.workflow.definition_steps import (
    ArtifactConditionSource,
    BodyStep,
    ConditionSource,
    ContextConditionSource,
    DelegationDefinition,
    LoopBody,
    LoopConfig,
    LoopStep,
    ModelTier,
    ParallelStep,
    StandardStep,
    Step,
)
from workrail_engine.workflow.definition_tools import ToolsDefinition
from workrail_engine.workflow.definition_values import (
    AUTHORED,
    PINNED,
    SEMVER,
    WORKFLOW_ID,
    Authored,
    Many,
    Maybe,
    NonEmpty,
    Remark,
    at_most_items,
)
from workrail_engine.workflow.json_limits import beyond_limits
from workrail_engine.workflow.problems import Problem
from workrail_engine.workflow.schema_problems import problems_from

__all__ = [
    "AUTHORED",
    "PINNED",
    "ArtifactConditionSource",
    "AssessmentConsequence",
    "AssessmentDefinition",
    "AssessmentDimension",
    "AssessmentTrigger",
    "Audit",
    "Authored",
    "BodyStep",
    "ConditionDefinition",
    "ConditionSource",
    "ConfirmationForm",
    "ConfirmationRule",
    "ContextConditionSource",
    "CriteriaForm",
    "Criterion",
    "DelegationDefinition",
    "ExtensionPoint",
    "FollowupEffect",
    "FunctionCall",
    "FunctionDefinition",
    "FunctionParameter",
    "LoopBody",
    "LoopConfig",
    "LoopStep",
    "OutputContractDefinition",
    "ParallelStep",
    "Problem",
    "PromptBlocks",
    "PromptFragment",
    "PromptPart",
    "PromptValue",
    "RecommendedPreferences",
    "RefPart",
    "ReferenceDefinition",
    "StandardStep",
    "Step",
    "Synthesis",
    "TemplateCall",
    "TextPart",
    "ToolsDefinition",
    "ValidationComposition",
    "ValidationRule",
    "Verification",
    "WorkflowDefinition",
    "parse_definition",
]

MetricsProfile: TypeAlias = Literal["coding", "review", "research", "design", "ticket", "none"]


class WorkflowDefinition(Authored):
    """A whole workflow, as its author wrote it or as expansion left it."""

    id: Annotated[str, Field(min_length=3, max_length=64, pattern=WORKFLOW_ID)]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    description: Annotated[str, Field(min_length=1, max_length=512)]
    version: Annotated[str, Field(pattern=SEMVER)]
    about: Maybe[Annotated[str, Field(max_length=4096)]] = None
    examples: Maybe[
        Annotated[
            Many[Annotated[str, Field(min_length=10, max_length=120)]],
            Field(min_length=1),
            at_most_items(6),
        ]
    ] = None
    model_tier: Maybe[ModelTier] = None
    metrics_profile: MetricsProfile = "none"
    tools: Maybe[ToolsDefinition] = None
    preconditions: Many[Remark] = ()
    clarification_prompts: Many[Remark] = ()
    meta_guidance: Many[Remark] = ()
    recommended_preferences: Maybe[RecommendedPreferences] = None
    features: Many[NonEmpty] = ()
    assessments: Many[AssessmentDefinition] = ()
    extension_points: Many[ExtensionPoint] = ()
    references: Many[ReferenceDefinition] = ()
    function_definitions: Many[FunctionDefinition] = ()
    validated_against_spec_version: Maybe[Annotated[int, Field(ge=1)]] = None
    steps: Annotated[Many[Step], Field(min_length=1)]


def parse_definition(
    value: JsonValue, *, pinned: bool = False
) -> WorkflowDefinition | tuple[Problem, ...]:
    """Read a JSON value as a workflow definition.

    Args:
        value: the document, as plain dicts, lists and scalars.
        pinned: whether it is an expanded definition rather than an authored one.

    Returns:
        The definition, or every problem the schema finds (at least one), in document order.
    """
    beyond = beyond_limits(value)
    if beyond:
        return beyond
    try:
        return WorkflowDefinition.model_validate(
            value, context=PINNED if pinned else AUTHORED, by_alias=True, by_name=False
        )
    except ValidationError as error:
        return problems_from(error, WorkflowDefinition, value)
