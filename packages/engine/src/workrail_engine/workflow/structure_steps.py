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
            yield Problem(place, "holds a `{{wr.` token; fragments cannot", suggestion=advice)
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
        yield Problem(pointer, f"step {shown(step.id)} has no prompt", expected, "add a prompt")
    for extra in given[1:]:
        message = f"stands beside {given[0]}; a step has only one of them"
        yield Problem(child(pointer, extra), message, expected, f"keep {extra} or {given[0]}")


def _nothing_in(pointer: str, *fields: str) -> Problem:
    wanted = " or ".join(fields)
    return Problem(pointer, "says nothing", f"{wanted}, or both", f"add {wanted}, or remove it")


def _contract(contract: OutputContractDefinition | None, pointer: str) -> Iterator[Problem]:
    if contract is not None and contract.contract_ref not in CONTRACTS:
        yield unknown_name("contract", f"{pointer}/contractRef", contract.contract_ref, CONTRACTS)


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
        yield Problem(pointer, message, missing, f"add {missing}")


def _regex(rule: ValidationRule, pointer: str) -> Iterator[Problem]:
    if rule.pattern is None:
        return
    try:
        matches(rule.pattern, rule.flags or "", "")
    except UncheckableError as error:
        yield Problem(child(pointer, "pattern"), str(error), "a regular expression")


def _length(rule: ValidationRule, pointer: str) -> Iterator[Problem]:
    if rule.min is not None and rule.max is not None and rule.min > rule.max:
        message = f"no text has at least {rule.min} and at most {rule.max} characters"
        yield Problem(pointer, message, "min not above max", "swap min and max")
