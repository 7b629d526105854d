"""Does a single step say what it needs to, and nothing that contradicts itself?"""

from collections.abc import Iterator
from typing import Final

from workrail_engine.workflow.contracts import CONTRACTS
from workrail_engine.workflow.definition_conditions import (
    CriteriaForm,
    ValidationComposition,
    ValidationRule,
)
from workrail_engine.workflow.definition_parts import OutputContractDefinition
from workrail_engine.workflow.definition_steps import ParallelStep, StandardStep
from workrail_engine.workflow.notes_checks import UncheckableError, matches
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, shown, unknown_name

_PROMPT_FORMS: Final = ("prompt", "promptBlocks", "templateCall")


def standard_step_problems(step: StandardStep, pointer: str) -> Iterator[Problem]:
    """What is wrong within an ordinary step, its assessments and functions apart."""
    yield from _prompt_forms(step, pointer)
    for index, fragment in enumerate(step.prompt_fragments or ()):
        if "{{wr." in fragment.text:
            place = f"{pointer}/promptFragments/{index}/text"
            advice = "move this text into the prompt, or write the value out"
            message = "holds a `{{wr.` token; fragments cannot"
            yield Problem(place, message, suggestion=advice, rests_on=())
    if step.audit is not None and step.audit.prompt is None and step.audit.rubric is None:
        yield _nothing_in(f"{pointer}/audit", "prompt", "rubric")
    verification = step.verification
    if verification and verification.command is None and verification.prompt is None:
        yield _nothing_in(f"{pointer}/verification", "command", "prompt")
    yield from _contract(step.output_contract, f"{pointer}/outputContract")
    if step.validation_criteria is not None:
        yield from _criteria(step.validation_criteria, f"{pointer}/validationCriteria")


def parallel_step_problems(step: ParallelStep, pointer: str) -> Iterator[Problem]:
    """What is wrong within a parallel step."""
    synthesis = step.synthesis
    if synthesis is None:
        return
    if synthesis.prompt is None and synthesis.output_contract is None:
        yield _nothing_in(f"{pointer}/synthesis", "prompt", "outputContract")
    yield from _contract(synthesis.output_contract, f"{pointer}/synthesis/outputContract")


def _prompt_forms(step: StandardStep, pointer: str) -> Iterator[Problem]:
    values = (step.prompt, step.prompt_blocks, step.template_call)
    given = [form for form, value in zip(_PROMPT_FORMS, values, strict=True) if value is not None]
    expected = "exactly one of prompt, promptBlocks, templateCall"
    if not given:
        message = f"step {shown(step.id)} has no prompt"
        absent = tuple(child(pointer, name) for name in ("type", *_PROMPT_FORMS))
        yield Problem(pointer, message, expected, "add a prompt", absent)
    for extra in given[1:]:
        message = f"stands beside {given[0]}; a step has only one of them"
        advice = f"keep {extra} or {given[0]}"
        yield Problem(child(pointer, extra), message, expected, advice, ())


def _nothing_in(pointer: str, *fields: str) -> Problem:
    wanted = " or ".join(fields)
    advice = f"add {wanted}, or remove it"
    return Problem(pointer, "says nothing", f"{wanted}, or both", advice, (pointer,))


def _contract(contract: OutputContractDefinition | None, pointer: str) -> Iterator[Problem]:
    if contract is not None and contract.contract_ref not in CONTRACTS:
        place, name = f"{pointer}/contractRef", contract.contract_ref
        yield unknown_name("contract", place, name, CONTRACTS, rests_on=())


def _criteria(criteria: CriteriaForm, pointer: str) -> Iterator[Problem]:
    if isinstance(criteria, ValidationComposition):
        yield from _composition(criteria, pointer)
        return
    for index, rule in enumerate(criteria):
        yield from _rule(rule, child(pointer, index))


def _composition(composition: ValidationComposition, pointer: str) -> Iterator[Problem]:
    members = [
        *((f"{pointer}/and/{index}", each) for index, each in enumerate(composition.and_ or ())),
        *((f"{pointer}/or/{index}", each) for index, each in enumerate(composition.or_ or ())),
    ]
    if composition.not_ is not None:
        members.append((f"{pointer}/not", composition.not_))
    for place, member in members:
        if isinstance(member, ValidationComposition):
            yield from _composition(member, place)
        else:
            yield from _rule(member, place)


def _rule(rule: ValidationRule, pointer: str) -> Iterator[Problem]:
    match rule.type:
        case "contains":
            missing = "value" if rule.value is None else None
        case "regex":
            missing = "pattern" if rule.pattern is None else None
            yield from _regex(rule, pointer)
        case "length":
            missing = "min or max" if rule.min is None and rule.max is None else None
            yield from _length(rule, pointer)
        case "schema":
            missing = "schema" if rule.schema_ is None else None
    if missing is not None:
        message = f"a rule of type {rule.type} needs {missing}"
        yield Problem(pointer, message, missing, f"add {missing}", (pointer,))


def _regex(rule: ValidationRule, pointer: str) -> Iterator[Problem]:
    if rule.pattern is None:
        return
    try:
        matches(rule.pattern, rule.flags or "", "")
    except UncheckableError as error:
        place, expected = child(pointer, "pattern"), "a regular expression"
        yield Problem(place, str(error), expected, rests_on=(pointer,))


def _length(rule: ValidationRule, pointer: str) -> Iterator[Problem]:
    if rule.min is not None and rule.max is not None and rule.min > rule.max:
        message = f"no text has at least {rule.min} and at most {rule.max} characters"
        yield Problem(pointer, message, "min not above max", "swap min and max", (pointer,))
