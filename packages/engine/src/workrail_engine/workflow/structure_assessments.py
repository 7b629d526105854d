"""Do the assessments a step refers to exist, and can its consequences come about?"""

from collections.abc import Iterator, Sequence
from typing import Final

from workrail_engine.workflow.definition_parts import AssessmentDefinition, AssessmentTrigger
from workrail_engine.workflow.definition_steps import StandardStep
from workrail_engine.workflow.problems import Problem, unknown_name

_NAMES: Final = ("/assessments/*/id",)
_LEVELS: Final = (*_NAMES, "/assessments/*/dimensions/*/levels")


def assessment_problems(
    step: StandardStep, pointer: str, declared: Sequence[AssessmentDefinition]
) -> Iterator[Problem]:
    """What is wrong with a step's assessmentRefs and assessmentConsequences.

    Args:
        step: the step.
        pointer: where it stands.
        declared: the assessments of the workflow.
    """
    known = {assessment.id: assessment for assessment in declared}
    refs = step.assessment_refs or ()
    for index, ref in enumerate(refs):
        if ref not in known:
            place = f"{pointer}/assessmentRefs/{index}"
            yield unknown_name("assessment", place, ref, known, rests_on=_NAMES)
    consequences = step.assessment_consequences or ()
    if consequences and not refs:
        message = "can never come about: the step refers to no assessment"
        advice = "add assessmentRefs to the step"
        place = f"{pointer}/assessmentConsequences"
        absent = (f"{pointer}/assessmentRefs",)
        yield Problem(place, message, suggestion=advice, rests_on=absent)
        return
    referenced = [known[ref] for ref in refs if ref in known]
    all_known = all(ref in known for ref in refs)
    seen: set[tuple[str, str | None]] = set()
    for index, consequence in enumerate(consequences):
        place = f"{pointer}/assessmentConsequences/{index}/when"
        grounds = (*_LEVELS, f"{pointer}/assessmentRefs", place)
        if all_known:
            yield from _trigger(consequence.when, place, referenced, grounds)
        trigger = (consequence.when.any_equals_level, consequence.when.for_assessment)
        if trigger in seen:
            message = "repeats the trigger of an earlier consequence"
            advice = "join the two consequences into one"
            whole = (f"{pointer}/assessmentConsequences",)
            yield Problem(place, message, suggestion=advice, rests_on=whole)
        seen.add(trigger)


def _trigger(
    trigger: AssessmentTrigger,
    pointer: str,
    referenced: Sequence[AssessmentDefinition],
    grounds: tuple[str, ...],
) -> Iterator[Problem]:
    """What is wrong with one trigger, given the assessments the step refers to."""
    scope = trigger.for_assessment
    names = [assessment.id for assessment in referenced]
    if scope is not None and scope not in names:
        where = f"{pointer}/forAssessment"
        what = "assessment among the step's assessmentRefs named"
        yield unknown_name(what, where, scope, names, rests_on=grounds)
        return
    levels = {
        level: None
        for assessment in referenced
        if scope in (None, assessment.id)
        for dimension in assessment.dimensions
        for level in dimension.levels
    }
    if trigger.any_equals_level not in levels:
        where = f"{pointer}/anyEqualsLevel"
        level = trigger.any_equals_level
        yield unknown_name("assessment level", where, level, levels, rests_on=grounds)
