"""What in a sound workflow is likely not what its author wants?

A workflow can be valid and still let an agent through on its word alone, wait for a variable nobody
sets, or hold steps that are never come to. Only what is certain is told.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from workrail_engine.workflow.command_line import arguments
from workrail_engine.workflow.compile_steps import condition
from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.definition_checks import (
    CheckDefinition,
    CommandCheckDefinition,
    ProjectCheckDefinition,
)
from workrail_engine.workflow.definition_conditions import ConfirmationRule
from workrail_engine.workflow.definition_steps import LoopStep, StandardStep
from workrail_engine.workflow.expand_templates import RoutineTemplate
from workrail_engine.workflow.lint_conditions import both_needed, never_holds
from workrail_engine.workflow.lint_freshness import passed_once
from workrail_engine.workflow.lint_loops import endless
from workrail_engine.workflow.lint_tools import idle_names
from workrail_engine.workflow.lint_variables import unasked_variables
from workrail_engine.workflow.placed_steps import PlacedStep, placed_steps, standard_steps
from workrail_engine.workflow.pointers import child

WarningCode: TypeAlias = Literal[
    "agent-word-only",
    "unasked-variable",
    "endless-loop",
    "unreachable-step",
    "unprotected-tests",
    "check-not-kept-fresh",
    "idle-tool-name",
]

_RUNNERS: Final = frozenset(
    ("pytest", "tox", "nox", "unittest", "jest", "vitest", "mocha", "rspec", "phpunit", "ctest")
)
_TEST_WORDS: Final = frozenset({"test", "tests", "check", "verify"})
_TEST_BUILDERS: Final = frozenset(
    ("make", "npm", "pnpm", "yarn", "bun", "go", "cargo", "mvn", "gradle", "gradlew", "dotnet")
)


@dataclass(frozen=True)
class LintWarning:
    """One thing that is likely not what the author wants."""

    code: WarningCode
    pointer: str
    message: str
    why: str
    """What comes of it."""
    advice: str


def lint(
    definition: WorkflowDefinition, templates: Mapping[str, RoutineTemplate], *, each: bool
) -> tuple[LintWarning, ...]:
    """Every warning about a definition without problems.

    Args:
        definition: as authored.
        templates: the routines it may call, by template id.
        each: whether every step that has only the agent's word is told by itself.
    """
    placed = placed_steps(definition.steps)
    found = [
        *_words_only(placed, each=each),
        *_unreachable(placed),
        *_unprotected(placed),
        *_not_kept_fresh(definition),
        *_idle_tool_names(definition),
    ]
    for pointer, name in unasked_variables(definition, templates):
        message = f"reads the variable {name}, which no text asks for and nothing sets"
        why = "it stays unset, so what depends on it goes one way only"
        advice = "ask for it in the prompt of an earlier step, or correct the name"
        found.append(LintWarning("unasked-variable", pointer, message, why, advice))
    for pointer, reason in endless(definition.steps):
        message = f"can only end by its limit: {reason}"
        why = "every run goes on to maxIterations, whatever was found"
        advice = "let a step of the body change what the loop waits for, or use a for loop"
        found.append(LintWarning("endless-loop", pointer, message, why, advice))
    return tuple(found)


def _words_only(placed: Sequence[PlacedStep], *, each: bool) -> Iterator[LintWarning]:
    bare = [(step, place) for step, place in standard_steps(placed) if not _gated(step)]
    why = "an agent that says it is done has done it, as far as anyone can tell"
    advice = "give it checks, or at least an outputContract or validationCriteria"
    if each or len(bare) == 1:
        for step, place in bare:
            message = f"step {step.id} has no gate but the agent's word"
            yield LintWarning("agent-word-only", place, message, why, advice)
    elif bare:
        names = ", ".join(step.id for step, _ in bare)
        message = f"{len(bare)} steps have no gate but the agent's word: {names}"
        yield LintWarning("agent-word-only", bare[0][1], message, why, advice)


def _gated(step: StandardStep) -> bool:
    """Whether something besides the agent's word stands behind a step; of a call it is not known."""
    confirmation = step.require_confirmation
    asked = isinstance(confirmation, ConfirmationRule) and confirmation.kind == "human_approval"
    checked = step.verification is not None and step.verification.command is not None
    required = step.output_contract is not None and step.output_contract.required
    checks = [check for check in step.checks or () if not _may_go_unchecked(check)]
    others = (checks, step.fresh, step.assessment_refs, step.validation_criteria)
    return asked or checked or required or any(others) or step.template_call is not None


def _may_go_unchecked(check: CheckDefinition) -> bool:
    return isinstance(check, ProjectCheckDefinition) and check.optional


def _not_kept_fresh(definition: WorkflowDefinition) -> Iterator[LintWarning]:
    for one in passed_once(definition.steps):
        message = f"check {one.check_id} is passed once, and no later step wants it fresh"
        why = f"a change of files after step {one.step_id} is not noticed"
        other = ", or bound the change there again" if one.bounds_change else ""
        advice = f"name it in fresh of a later step, best of the last one{other}"
        yield LintWarning("check-not-kept-fresh", one.pointer, message, why, advice)


def _idle_tool_names(definition: WorkflowDefinition) -> Iterator[LintWarning]:
    for one in idle_names(definition):
        if one.meant is None:
            message = f"allows {one.name}, which the tools of the workflow leave out"
            why = "a step can only take away, so it may not be used here either"
            advice = "allow it for the workflow, or remove it here"
        else:
            message = f"allows {one.name}, and the daemon has no such tool"
            why = "an agent that needs the tool does without"
            advice = f'did you mean "{one.meant}"?'
        yield LintWarning("idle-tool-name", one.pointer, message, why, advice)


def _unreachable(placed: Sequence[PlacedStep]) -> Iterator[LintWarning]:
    for place in placed:
        around = place.loop and place.loop.run_condition
        own = condition(place.step.run_condition)
        never = never_holds(both_needed((condition(around), own)))
        uncounted = isinstance(place.step, LoopStep) and place.step.loop.count == 0
        if never and not (place.loop and never_holds(condition(around))):
            where, reason = child(place.pointer, "runCondition"), "its condition contradicts itself"
        elif uncounted:
            where, reason = f"{place.pointer}/loop/count", "it repeats 0 times"
        else:
            continue
        message = f"step {place.step.id} is never come to: {reason}"
        why = "what it demands is never demanded"
        yield LintWarning("unreachable-step", where, message, why, "mend it, or remove the step")


def _unprotected(placed: Sequence[PlacedStep]) -> Iterator[LintWarning]:
    for step, pointer in standard_steps(placed):
        for index, check in enumerate(step.checks or ()):
            if (
                isinstance(check, CommandCheckDefinition)
                and not check.protect
                and (check.report is not None or _runs_tests(arguments(check.run)))
            ):
                message = f"check {check.id} runs tests and protects no file"
                why = "an agent that weakens a test passes it"
                advice = "name the tests and their settings in protect"
                place = f"{pointer}/checks/{index}"
                yield LintWarning("unprotected-tests", place, message, why, advice)


def _runs_tests(argv: Sequence[str]) -> bool:
    names = [argument.rpartition("/")[2].lower() for argument in argv]
    built = names[0] in _TEST_BUILDERS and not _TEST_WORDS.isdisjoint(names[1:])
    return built or not _RUNNERS.isdisjoint(names)
