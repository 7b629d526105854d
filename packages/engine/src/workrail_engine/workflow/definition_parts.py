"""Which parts may a workflow or a step be made of, besides steps and conditions?"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, JsonValue, Tag

from workrail_engine.workflow.definition_conditions import ConditionDefinition
from workrail_engine.workflow.definition_values import (
    FRAGMENT_ID,
    SLOT_ID,
    Authored,
    Identifier,
    Many,
    Maybe,
    NonEmpty,
    Purpose,
    ShortId,
    by_shape,
    by_tag,
)

ParameterType: TypeAlias = Literal["string", "number", "boolean", "array", "object"]


class TextPart(Authored):
    """A piece of plain text within a prompt value."""

    kind: Literal["text"]
    text: str


class RefPart(Authored):
    """A piece of text the engine supplies, named by its ref id."""

    kind: Literal["ref"]
    ref_id: NonEmpty


PromptPart: TypeAlias = Annotated[
    Annotated[TextPart, Tag("=text")] | Annotated[RefPart, Tag("=ref")],
    by_tag("kind", text="=text", ref="=ref"),
]


def _prompt_value_form(value: object) -> str | None:
    if isinstance(value, str):
        return "=plain"
    return "=parts" if isinstance(value, list | tuple) else None


PromptValue: TypeAlias = Annotated[
    Annotated[str, Tag("=plain")] | Annotated[Many[PromptPart], Tag("=parts")],
    by_shape(_prompt_value_form, "text, or a list of parts with `kind` text or ref"),
]


class PromptBlocks(Authored):
    """A prompt in sections."""

    goal: Maybe[PromptValue] = None
    constraints: Maybe[Many[PromptValue]] = None
    procedure: Maybe[Many[PromptValue]] = None
    output_required: Maybe[dict[str, PromptValue]] = None
    verify: Maybe[Many[PromptValue]] = None


class TemplateCall(Authored):
    """Put the steps of a routine here."""

    template_id: NonEmpty
    args: Maybe[dict[str, JsonValue]] = None


class PromptFragment(Authored):
    """A tail of the prompt that appears when its condition holds; always, when it has none."""

    id: Annotated[str, Field(min_length=1, max_length=64, pattern=FRAGMENT_ID)]
    when: Maybe[ConditionDefinition] = None
    text: Annotated[str, Field(min_length=1, max_length=4096)]


class FunctionParameter(Authored):
    """One input of a function."""

    name: Identifier
    type: ParameterType
    required: bool = False
    description: Maybe[str] = None
    enum: Maybe[Many[JsonValue]] = None
    default: JsonValue = None


class FunctionDefinition(Authored):
    """A text that prompts refer to by name."""

    name: Identifier
    definition: NonEmpty
    parameters: Many[FunctionParameter] = ()
    scope: Literal["workflow", "loop", "step"] = "workflow"


class FunctionCall(Authored):
    """A use of a function with arguments."""

    name: NonEmpty
    args: dict[str, JsonValue] = Field(default_factory=dict[str, JsonValue])


class OutputContractDefinition(Authored):
    """A typed artifact the step must submit; may submit, when `required` is false."""

    contract_ref: NonEmpty
    required: bool = True


class AssessmentDimension(Authored):
    """One scale of an assessment."""

    id: ShortId
    purpose: Purpose
    levels: Annotated[Many[ShortId], Field(min_length=2)]
    required: bool = True


class AssessmentDefinition(Authored):
    """A typed self-assessment."""

    id: ShortId
    purpose: Purpose
    dimensions: Annotated[Many[AssessmentDimension], Field(min_length=1)]


class AssessmentTrigger(Authored):
    """What sets a consequence off."""

    any_equals_level: ShortId
    for_assessment: Maybe[ShortId] = None


class FollowupEffect(Authored):
    """The agent has to follow the guidance and submit again."""

    kind: Literal["require_followup"]
    guidance: Annotated[str, Field(min_length=1, max_length=512)]


class AssessmentConsequence(Authored):
    """What an assessment level demands."""

    when: AssessmentTrigger
    effect: FollowupEffect


class Audit(Authored):
    """An audit step to insert after this one."""

    prompt: Maybe[NonEmpty] = None
    rubric: Maybe[Annotated[Many[NonEmpty], Field(min_length=1)]] = None


class Verification(Authored):
    """A verification step to insert after this one."""

    command: Maybe[Annotated[str, Field(min_length=1, max_length=1024)]] = None
    prompt: Maybe[NonEmpty] = None


class Synthesis(Authored):
    """A step to insert after parallel work, which joins its results."""

    prompt: Maybe[NonEmpty] = None
    output_contract: Maybe[OutputContractDefinition] = None


class ReferenceDefinition(Authored):
    """A document the agent is expected to open."""

    id: NonEmpty
    title: NonEmpty
    source: Annotated[str, Field(min_length=1, max_length=512)]
    purpose: Annotated[str, Field(min_length=1, max_length=512)]
    authoritative: bool
    resolve_from: Literal["workspace", "package"] = "workspace"


class ExtensionPoint(Authored):
    """A slot that a project may fill with a workflow or routine of its own."""

    slot_id: Annotated[str, Field(min_length=2, max_length=64, pattern=SLOT_ID)]
    purpose: Purpose
    default: Annotated[str, Field(min_length=1, max_length=128)]
    accepted_kinds: Maybe[Many[Literal["routine", "workflow"]]] = None


class RecommendedPreferences(Authored):
    """How the author thinks this workflow should be run."""

    recommended_autonomy: Maybe[
        Literal["guided", "full_auto_stop_on_user_deps", "full_auto_never_stop"]
    ] = None
    recommended_risk_policy: Maybe[Literal["conservative", "balanced", "aggressive"]] = None
