"""Is a definition that the schema accepts also consistent in itself?

Names are unique, everything referred to is there, and no step contradicts itself. Features, refs,
templates and bindings are checked where they are expanded.
"""

from collections.abc import Iterable, Iterator, Sequence

from workrail_engine.canonical import JsonValue, canonical_bytes
from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.definition_parts import AssessmentDefinition
from workrail_engine.workflow.definition_steps import ParallelStep
from workrail_engine.workflow.placed_steps import PlacedStep, placed_steps, standard_steps
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, in_document_order, shown
from workrail_engine.workflow.structure_assessments import assessment_problems
from workrail_engine.workflow.structure_checks import check_problems, named_checks
from workrail_engine.workflow.structure_functions import function_problems
from workrail_engine.workflow.structure_loops import loop_problems
from workrail_engine.workflow.structure_steps import parallel_step_problems, standard_step_problems
from workrail_engine.workflow.structure_tools import tool_problems


def check_structure(definition: WorkflowDefinition) -> tuple[Problem, ...]:
    """Every inconsistency of a definition, once each, with the place to mend; empty when sound."""
    placed = placed_steps(definition.steps)
    found: list[Problem] = [
        *_repeated_names(definition, placed),
        *_repeated_texts(definition, placed),
        *function_problems(definition, placed),
        *loop_problems(definition.steps),
        *tool_problems(definition, placed),
    ]
    for step, pointer in standard_steps(placed):
        found += standard_step_problems(step, pointer)
        found += assessment_problems(step, pointer, definition.assessments)
        found += check_problems(step, pointer)
    for place in placed:
        if isinstance(place.step, ParallelStep):
            found += parallel_step_problems(place.step, place.pointer)
    return in_document_order(found, definition.as_json())


def _repeated_names(
    definition: WorkflowDefinition, placed: Sequence[PlacedStep]
) -> Iterator[Problem]:
    yield from _repeated("step id", [(f"{p.pointer}/id", p.step.id) for p in placed])
    slots = [
        (f"/extensionPoints/{index}/slotId", point.slot_id)
        for index, point in enumerate(definition.extension_points)
    ]
    yield from _repeated("slot id", slots)
    references = [
        (f"/references/{index}/id", reference.id)
        for index, reference in enumerate(definition.references)
    ]
    yield from _repeated("reference id", references)
    yield from _repeated_assessment_names(definition.assessments)
    checks = [
        each for step, pointer in standard_steps(placed) for each in named_checks(step, pointer)
    ]
    yield from _repeated("check id", checks)
    for step, pointer in standard_steps(placed):
        fragments = [
            (f"{pointer}/promptFragments/{index}/id", fragment.id)
            for index, fragment in enumerate(step.prompt_fragments or ())
        ]
        yield from _repeated("fragment id", fragments)


def _repeated_assessment_names(assessments: Sequence[AssessmentDefinition]) -> Iterator[Problem]:
    names = [
        (f"/assessments/{index}/id", assessment.id) for index, assessment in enumerate(assessments)
    ]
    yield from _repeated("assessment id", names)
    for index, assessment in enumerate(assessments):
        pointer = f"/assessments/{index}/dimensions"
        dimensions = [
            (f"{pointer}/{place}/id", dimension.id)
            for place, dimension in enumerate(assessment.dimensions)
        ]
        yield from _repeated("dimension id", dimensions)
        for place, dimension in enumerate(assessment.dimensions):
            yield from _repeated_items(f"{pointer}/{place}/levels", dimension.levels, "level")


def _repeated_texts(
    definition: WorkflowDefinition, placed: Sequence[PlacedStep]
) -> Iterator[Problem]:
    yield from _repeated_items("/preconditions", definition.preconditions, "precondition")
    prompts = definition.clarification_prompts
    yield from _repeated_items("/clarificationPrompts", prompts, "question")
    yield from _repeated_items("/metaGuidance", definition.meta_guidance, "guidance")
    yield from _repeated_items("/features", definition.features, "feature")
    for step, pointer in standard_steps(placed):
        refs = step.assessment_refs or ()
        yield from _repeated_items(f"{pointer}/assessmentRefs", refs, "assessment")
    for place in placed:
        if isinstance(place.step, ParallelStep):
            delegations = [each.as_json() for each in place.step.parallel_delegations]
            where = f"{place.pointer}/parallelDelegations"
            yield from _repeated_items(where, delegations, "delegation", rests_on=(where,))


def _repeated_items(
    pointer: str, items: Sequence[JsonValue], what: str, *, rests_on: tuple[str, ...] = ()
) -> Iterator[Problem]:
    placed = [(child(pointer, place), item) for place, item in enumerate(items)]
    return _repeated(what, placed, rests_on=rests_on)


def _repeated(
    what: str, items: Iterable[tuple[str, JsonValue]], *, rests_on: tuple[str, ...] = ()
) -> Iterator[Problem]:
    """A problem for each value that was there before, at the later place."""
    first: dict[bytes, str] = {}
    for pointer, value in items:
        earlier = first.setdefault(canonical_bytes(value), pointer)
        if earlier != pointer:
            message = f"repeats the {what} {shown(value)}, which is already at {earlier}"
            advice = "change or remove one of the two"
            yield Problem(pointer, message, suggestion=advice, rests_on=(*rests_on, earlier))
