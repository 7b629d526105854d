"""What does a workflow look like as a whole, before it runs?"""

from collections.abc import Iterator
from typing import assert_never

from workrail_engine.outcomes import ReferenceView
from workrail_engine.projections.catalog import (
    OutlineKind,
    StepOutline,
    WorkflowEntry,
    WorkflowOutline,
)
from workrail_engine.workflow.check_words import check_words
from workrail_engine.workflow.compiled import (
    ArtifactDecides,
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
    Confirmation,
    ConfirmationKind,
    Counted,
    ForEach,
    LoopRule,
    TopLevel,
    WhileCondition,
)
from workrail_engine.workflow.conditions import Condition, describe, variables
from workrail_engine.workflow.criteria import describe_requirements
from workrail_engine.workflow.tool_words import tool_words


def outline(
    workflow: CompiledWorkflow,
    entry: WorkflowEntry,
    examples: tuple[str, ...],
    references: tuple[ReferenceView, ...],
) -> WorkflowOutline:
    """A compiled workflow as people and agents read it."""
    return WorkflowOutline(
        entry=entry,
        workflow_hash=workflow.workflow_hash,
        model_tier=workflow.model_tier,
        meta_guidance=workflow.meta_guidance,
        preconditions=workflow.preconditions,
        clarification_prompts=workflow.clarification_prompts,
        examples=examples,
        references=references,
        bindings=workflow.bindings,
        context_variables=tuple(dict.fromkeys(_variables(workflow))),
        steps=steps_outline(workflow),
    )


def steps_outline(workflow: CompiledWorkflow) -> tuple[StepOutline, ...]:
    """The steps of a compiled workflow, in their order."""
    return tuple(_top_level(item) for item in workflow.steps)


def _top_level(item: TopLevel) -> StepOutline:
    match item:
        case CompiledStep():
            return _step(item)
        case CompiledLoop():
            return StepOutline(
                step_id=item.loop_id,
                title=item.title,
                kind="loop",
                text="",
                runs_when=_when(item.run_condition),
                repeats=f"{_repeats(item.rule)}, at most {_times(item.max_iterations)}",
                requirements=(),
                confirmation=None,
                steps=tuple(_step(step) for step in item.body),
            )
        case _:
            assert_never(item)


def _step(step: CompiledStep) -> StepOutline:
    return StepOutline(
        step_id=step.step_id,
        title=step.title,
        kind=_kind(step),
        text=step.prompt,
        runs_when=_when(step.run_condition),
        repeats=None,
        requirements=tuple(_requirements(step)),
        confirmation=_confirmation(step.confirmation),
        model_tier=step.model_tier,
        delegates=tuple(delegation.workflow_id for delegation in step.delegations),
    )


def _kind(step: CompiledStep) -> OutlineKind:
    return "step" if step.kind == "authored" else step.kind


def _when(condition: Condition | None) -> str | None:
    return None if condition is None else describe(condition)


def _repeats(rule: LoopRule) -> str:
    match rule:
        case WhileCondition(condition, until):
            return f"{'until' if until else 'while'} {describe(condition)}"
        case ArtifactDecides():
            return "until a step of it submits a wr.loop_control artifact that says stop"
        case Counted(count):
            return _times(count) if isinstance(count, int) else f"as often as {count} says"
        case ForEach(items):
            return f"once for each item of {items}"
        case _:
            assert_never(rule)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _requirements(step: CompiledStep) -> Iterator[str]:
    if step.tools is not None:
        yield tool_words(step.tools)
    if step.notes_required:
        yield "notes"
    if step.criteria is not None:
        yield from (f"notes: {text}" for text in describe_requirements(step.criteria))
    if step.output_contract is not None:
        wish = "" if step.output_contract.required else " (optional)"
        yield f"artifact {step.output_contract.contract_ref}{wish}"
    for assessment in step.assessments:
        scales = ", ".join(dimension.dimension_id for dimension in assessment.dimensions)
        yield f"assessment {assessment.assessment_id} of {scales}"
    for consequence in step.consequences:
        of = f" of {consequence.for_assessment}" if consequence.for_assessment else ""
        yield f"no dimension{of} at level {consequence.level}"
    for check in step.checks:
        yield f"check {check.check_id}: {check_words(check)}"
    if step.fresh:
        yield f"checks of earlier steps, for the files as they are then: {', '.join(step.fresh)}"


def _confirmation(confirmation: Confirmation | None) -> str | None:
    if confirmation is None:
        return None
    who = _who_confirms(confirmation.kind)
    when = _when(confirmation.condition)
    return who if when is None else f"{who} when {when}"


def _who_confirms(kind: ConfirmationKind) -> str:
    match kind:
        case "coordinator_eval":
            return "whoever coordinates the run is asked to confirm"
        case "human_approval":
            return "a person is asked to approve"
        case _:
            assert_never(kind)


def _variables(workflow: CompiledWorkflow) -> Iterator[str]:
    for item in workflow.steps:
        yield from variables(item.run_condition)
        match item:
            case CompiledStep():
                yield from _step_variables(item)
            case CompiledLoop():
                yield from _rule_variables(item.rule)
                own = {item.iteration_var, item.item_var, item.index_var}
                for step in item.body:
                    read = (*variables(step.run_condition), *_step_variables(step))
                    yield from (name for name in read if name not in own)
            case _:
                assert_never(item)


def _step_variables(step: CompiledStep) -> Iterator[str]:
    if step.confirmation is not None:
        yield from variables(step.confirmation.condition)
    for fragment in step.fragments:
        yield from variables(fragment.when)
    for delegation in step.delegations:
        yield from variables(delegation.run_condition)


def _rule_variables(rule: LoopRule) -> tuple[str, ...]:
    match rule:
        case WhileCondition(condition):
            return variables(condition)
        case ArtifactDecides():
            return ()
        case Counted(count):
            return () if isinstance(count, int) else (count,)
        case ForEach(items):
            return (items,)
        case _:
            assert_never(rule)
