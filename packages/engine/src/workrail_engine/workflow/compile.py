"""What does a session run? From the pinned form to the compiled workflow.

Two ways in: `prepare` takes an authored definition all the way, `compile_pinned` takes up what a
session was pinned to.
"""

from collections.abc import Mapping

from workrail_engine.canonical import digest_bytes
from workrail_engine.errors import InvalidDefinitionError
from workrail_engine.ids import LoopId, WorkflowHash, WorkflowId
from workrail_engine.workflow.compile_steps import (
    Declared,
    compile_parallel,
    compile_standard,
    condition,
    confirmation,
)
from workrail_engine.workflow.compiled import (
    ArtifactDecides,
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
    Counted,
    ForEach,
    LoopRule,
    Reference,
    TopLevel,
    WhileCondition,
)
from workrail_engine.workflow.definition import (
    ArtifactConditionSource,
    BodyStep,
    ContextConditionSource,
    LoopStep,
    ParallelStep,
    ReferenceDefinition,
    StandardStep,
    Step,
    WorkflowDefinition,
)
from workrail_engine.workflow.expand import RoutineTemplate, expand
from workrail_engine.workflow.pin import pin, unpin
from workrail_engine.workflow.prepared import PreparedWorkflow
from workrail_engine.workflow.problems import Problem, in_document_order
from workrail_engine.workflow.structure import check_structure

_LOOP_CONTROL = "wr.contracts.loop_control"


def prepare(
    definition: WorkflowDefinition,
    templates: Mapping[str, RoutineTemplate],
    overrides: Mapping[str, str],
) -> PreparedWorkflow | tuple[Problem, ...]:
    """Check, expand, pin and compile an authored definition.

    Args:
        definition: as authored.
        templates: all routines there are, by template id.
        overrides: the project's bindings for this workflow, by slot.

    Returns:
        What to pin and run, or every problem with its place in the authored document.
    """
    expanded = expand(definition, templates, overrides)
    problems = check_structure(definition)
    if isinstance(expanded, tuple):
        return in_document_order([*problems, *expanded], definition.as_json())
    if problems:
        return problems
    document = pin(expanded)
    return PreparedWorkflow(compile_pinned(document), document)


def compile_pinned(document: bytes) -> CompiledWorkflow:
    """Compile a pinned document; its digest is the workflow hash.

    Raises:
        InvalidDefinitionError: these bytes are not a pinned workflow of this version.
    """
    pinned = unpin(document)
    definition = pinned.definition
    declared = Declared(
        {each.id: each for each in definition.assessments},
        definition.function_definitions,
        definition.tools,
    )
    return CompiledWorkflow(
        workflow_hash=WorkflowHash(digest_bytes(document)),
        workflow_id=WorkflowId(definition.id),
        name=definition.name,
        description=definition.description,
        version=definition.version,
        steps=tuple(_top_level(step, declared) for step in definition.steps),
        model_tier=definition.model_tier,
        metrics_profile=definition.metrics_profile,
        meta_guidance=definition.meta_guidance,
        preconditions=definition.preconditions,
        clarification_prompts=definition.clarification_prompts,
        references=tuple(_reference(each) for each in definition.references),
        bindings=tuple(sorted(pinned.bindings.items())),
    )


def _top_level(step: Step, declared: Declared) -> TopLevel:
    return _loop(step, declared) if isinstance(step, LoopStep) else _work(step, declared, None)


def _work(step: BodyStep, declared: Declared, loop: LoopStep | None) -> CompiledStep:
    if isinstance(step, ParallelStep):
        return compile_parallel(step, declared, loop)
    return compile_standard(step, declared, loop)


def _loop(step: LoopStep, declared: Declared) -> CompiledLoop:
    if isinstance(step.body, str):
        message = f'The pinned loop "{step.id}" names its body. Start a new session.'
        raise InvalidDefinitionError(message)
    return CompiledLoop(
        loop_id=LoopId(step.id),
        title=step.title,
        rule=_rule(step, step.body),
        max_iterations=step.loop.max_iterations,
        body=tuple(_work(inner, declared, step) for inner in step.body),
        run_condition=condition(step.run_condition),
        confirmation=confirmation(step.require_confirmation),
        iteration_var=step.loop.iteration_var,
        item_var=step.loop.item_var,
        index_var=step.loop.index_var,
    )


def _rule(step: LoopStep, body: tuple[BodyStep, ...]) -> LoopRule:
    loop = step.loop
    if loop.type == "for":
        return Counted(loop.count if loop.count is not None else 0)
    if loop.type == "forEach":
        return ForEach(loop.items or "")
    until = loop.type == "until"
    match loop.condition_source:
        case ArtifactConditionSource(loop_id=declared_id):
            return ArtifactDecides(declared_id)
        case ContextConditionSource(condition=stated):
            return WhileCondition(condition(stated), until)
        case None:
            if any(_steers(inner) for inner in body):
                return ArtifactDecides(step.id)
            return WhileCondition(condition(loop.condition), until)


def _steers(step: BodyStep) -> bool:
    if not isinstance(step, StandardStep) or step.output_contract is None:
        return False
    return step.output_contract.contract_ref == _LOOP_CONTROL


def _reference(reference: ReferenceDefinition) -> Reference:
    return Reference(
        reference_id=reference.id,
        title=reference.title,
        source=reference.source,
        purpose=reference.purpose,
        authoritative=reference.authoritative,
        resolve_from=reference.resolve_from,
    )
