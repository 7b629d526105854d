"""What the pending step demands, and when a person is to be asked."""

from collections.abc import Iterator

from workrail_engine.canonical import JsonObject
from workrail_engine.outcomes import Requirement
from workrail_engine.workflow.assessments import example
from workrail_engine.workflow.check_words import check_words
from workrail_engine.workflow.compiled import Assessment, CompiledStep, Confirmation
from workrail_engine.workflow.conditions import describe, holds, variables
from workrail_engine.workflow.contracts import CONTRACTS
from workrail_engine.workflow.criteria import describe_requirements
from workrail_engine.workflow.tool_words import tool_words

_CHOICES = {"wr.loop_control": ", its decision continue or stop"}
"""What an example alone leaves open."""


def requirements(step: CompiledStep) -> tuple[Requirement, ...]:
    """Everything the step must be completed with, and the bounds of its tools."""
    return tuple(_requirements(step))


def confirmation(rule: Confirmation | None, context: JsonObject) -> str | None:
    """When to ask a person before completing a step; None when there is no need.

    A rule whose condition reads a variable that is not set yet is given in words, because the step
    itself may set it.
    """
    if rule is None:
        return None
    who = (
        "Once you complete this step, it waits until a person approves it"
        if rule.kind == "human_approval"
        else "Ask the user to confirm before you complete this step"
    )
    if rule.condition is None:
        return f"{who}."
    if holds(rule.condition, context):
        return f"{who} ({describe(rule.condition)})."
    if any(name not in context for name in variables(rule.condition)):
        return f"{who} if {describe(rule.condition)}."
    return None


def _requirements(step: CompiledStep) -> Iterator[Requirement]:
    if step.tools is not None:
        yield Requirement(kind="tools", text=tool_words(step.tools))
    if step.output_contract is not None:
        contract = CONTRACTS[step.output_contract.contract_ref]
        yield Requirement(
            kind="artifact",
            text=f"an artifact of kind {contract.kind}{_CHOICES.get(contract.kind, '')}",
            required=step.output_contract.required,
            example=contract.example,
        )
    for assessment in step.assessments:
        yield Requirement(
            kind="assessment", text=_assessment_text(assessment), example=example(assessment)
        )
    for check in step.checks:
        yield Requirement(kind="check", text=f'check "{check.check_id}": {check_words(check)}')
    for name in step.fresh:
        yield Requirement(
            kind="check", text=f'check "{name}" of an earlier step, for the files as they are now'
        )
    if step.criteria is not None:
        for text in describe_requirements(step.criteria):
            yield Requirement(kind="criterion", text=text)
    if step.notes_required:
        yield Requirement(kind="notes", text="notes")


def _assessment_text(assessment: Assessment) -> str:
    scales = "; ".join(
        f"{dimension.dimension_id} ({dimension.purpose.rstrip('.')}): "
        f"{' | '.join(dimension.levels)}{'' if dimension.required else ', optional'}"
        for dimension in assessment.dimensions
    )
    return (
        f'the assessment "{assessment.assessment_id}" ({assessment.purpose.rstrip(".")}): {scales}'
    )
