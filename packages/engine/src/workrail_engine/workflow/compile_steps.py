"""What does a single step demand and show, with every name it uses resolved?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from workrail_engine.ids import StepId
from workrail_engine.workflow.compile_checks import compile_check
from workrail_engine.workflow.compiled import (
    Assessment,
    CompiledStep,
    Confirmation,
    Consequence,
    Delegation,
    Dimension,
    Fragment,
    Function,
    OutputContract,
    StepKind,
    ToolRules,
)
from workrail_engine.workflow.conditions import Condition, parse_condition
from workrail_engine.workflow.criteria import Criteria, parse_criteria
from workrail_engine.workflow.definition import (
    AssessmentConsequence,
    AssessmentDefinition,
    ConditionDefinition,
    ConfirmationForm,
    ConfirmationRule,
    CriteriaForm,
    DelegationDefinition,
    FunctionDefinition,
    LoopStep,
    ParallelStep,
    StandardStep,
    ToolsDefinition,
    ValidationComposition,
)
from workrail_engine.workflow.definition_changes import both_tools, writable_lists
from workrail_engine.workflow.functions import functions_of


@dataclass(frozen=True)
class Declared:
    """What a workflow declares for its steps to refer to."""

    assessments: Mapping[str, AssessmentDefinition]
    functions: tuple[FunctionDefinition, ...]
    tools: ToolsDefinition | None = None
    """What it lets an agent do in every step."""


def compile_standard(step: StandardStep, declared: Declared, loop: LoopStep | None) -> CompiledStep:
    """Compile an ordinary step of a pinned definition, given the loop that holds it."""
    kind: StepKind = step.step_kind or "authored"
    contract = step.output_contract
    around = () if loop is None else loop.function_definitions
    functions = functions_of(step, (step.function_definitions, around, declared.functions))
    return CompiledStep(
        step_id=StepId(step.id),
        title=step.title,
        prompt=step.prompt or "",
        kind=kind,
        fragments=tuple(
            Fragment(each.id, each.text, condition(each.when))
            for each in step.prompt_fragments or ()
        ),
        agent_role=step.agent_role,
        guidance=step.guidance,
        model_tier=step.model_tier,
        run_condition=condition(step.run_condition),
        confirmation=confirmation(step.require_confirmation),
        criteria=_criteria(step.validation_criteria),
        output_contract=contract and OutputContract(contract.contract_ref, contract.required),
        assessments=tuple(
            _assessment(declared.assessments[ref]) for ref in step.assessment_refs or ()
        ),
        consequences=tuple(_consequence(each) for each in step.assessment_consequences or ()),
        functions=tuple(_function(each) for each in functions),
        checks=tuple(compile_check(each) for each in step.checks or ()),
        fresh=step.fresh or (),
        tools=_tools(step, declared),
        notes_required=_notes_wanted(step, loop) and contract is None and kind == "authored",
    )


def compile_parallel(step: ParallelStep, declared: Declared, loop: LoopStep | None) -> CompiledStep:
    """Compile a parallel step, given its loop; its text is made when it is shown."""
    return CompiledStep(
        step_id=StepId(step.id),
        title=step.title,
        prompt="",
        kind="parallel",
        run_condition=condition(step.run_condition),
        confirmation=confirmation(step.require_confirmation),
        delegations=tuple(_delegation(each) for each in step.parallel_delegations),
        tools=_tools(step, declared),
        notes_required=_notes_wanted(step, loop),
    )


def _notes_wanted(step: StandardStep | ParallelStep, loop: LoopStep | None) -> bool:
    """A loop says it for all of its body."""
    return not (step.notes_optional or (loop is not None and loop.notes_optional))


def condition(definition: ConditionDefinition | None) -> Condition | None:
    """The condition a definition states; None where it always holds."""
    return None if definition is None else parse_condition(definition.as_json())


def confirmation(form: ConfirmationForm | None) -> Confirmation | None:
    """When a definition asks for confirmation; None where it never does."""
    match form:
        case None:
            return None
        case bool():
            return Confirmation("coordinator_eval", None) if form else None
        case ConditionDefinition():
            return Confirmation("coordinator_eval", condition(form))
        case ConfirmationRule():
            return Confirmation(form.kind, condition(form.condition))
        case _:
            assert_never(form)


def _tools(step: StandardStep | ParallelStep, declared: Declared) -> ToolRules | None:
    tools = both_tools(declared.tools, step.tools)
    if tools is None:
        return None
    return ToolRules(tools.allowed, writable_lists(tools), network=tools.network is not False)


def _criteria(form: CriteriaForm | None) -> Criteria | None:
    match form:
        case None:
            return None
        case ValidationComposition():
            return parse_criteria(form.as_json())
        case _:
            return parse_criteria([rule.as_json() for rule in form])


def _assessment(definition: AssessmentDefinition) -> Assessment:
    return Assessment(
        assessment_id=definition.id,
        purpose=definition.purpose,
        dimensions=tuple(
            Dimension(each.id, each.purpose, each.levels, each.required)
            for each in definition.dimensions
        ),
    )


def _consequence(definition: AssessmentConsequence) -> Consequence:
    when = definition.when
    return Consequence(when.any_equals_level, when.for_assessment, definition.effect.guidance)


def _function(definition: FunctionDefinition) -> Function:
    parameters = tuple(
        each.name if each.required else f"{each.name}?" for each in definition.parameters
    )
    return Function(definition.name, definition.definition, parameters)


def _delegation(definition: DelegationDefinition) -> Delegation:
    return Delegation(
        workflow_id=definition.workflow_id,
        goal=definition.goal,
        run_condition=condition(definition.run_condition),
        context_mapping=tuple((definition.context_mapping or {}).items()),
        args=tuple((definition.args or {}).items()),
        model_tier=definition.model_tier,
        allowed_tools=definition.allowed_tools,
    )
