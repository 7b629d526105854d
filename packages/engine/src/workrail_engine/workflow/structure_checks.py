"""Can the checks of a step be carried out as they are written, and do they contradict each other?

Whether the names in `fresh` lead anywhere is seen where a definition is expanded, with its routines.
"""

from collections.abc import Iterator, Sequence
from typing import Final, assert_never

from workrail_engine.canonical import JsonObject
from workrail_engine.workflow.definition_checks import (
    ApprovalCheckDefinition,
    ArtifactCheckDefinition,
    CheckDefinition,
    CommandCheckDefinition,
    DiffCheckDefinition,
    FileRuleDefinition,
    FilesCheckDefinition,
    ProjectCheckDefinition,
)
from workrail_engine.workflow.definition_conditions import ConfirmationRule
from workrail_engine.workflow.definition_steps import StandardStep
from workrail_engine.workflow.expand_virtual import verification_check_id
from workrail_engine.workflow.inside_paths import globs, outside
from workrail_engine.workflow.notes_checks import UncheckableError, matches, schema_problems
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, one_of, shown
from workrail_engine.workflow.structure_command import command_problems, verification_problems

_MOST: Final = 20


def check_problems(step: StandardStep, pointer: str) -> Iterator[Problem]:
    """What is wrong with the checks of a step, and with the command of its verification."""
    if step.verification is not None and step.verification.command is not None:
        place = f"{pointer}/verification/command"
        yield from verification_problems(step.verification.command, place)
    for field, names in (("checks", step.checks), ("fresh", step.fresh)):
        if names is not None and step.template_call is not None:
            message = "is not possible on a step with templateCall"
            advice = "put it on a step of the routine, or on the step after this one"
            grounds = (f"{pointer}/templateCall",)
            yield Problem(child(pointer, field), message, None, advice, grounds)
    yield from _fresh(step, f"{pointer}/fresh")
    if step.checks is None:
        return
    yield from _number(step.checks, f"{pointer}/checks")
    yield from _approvals(step, step.checks, pointer)
    for index, check in enumerate(step.checks):
        yield from _check(check, f"{pointer}/checks/{index}")


def named_checks(step: StandardStep, pointer: str) -> Iterator[tuple[str, str]]:
    """The ids of the checks a step brings about, each after its place."""
    for index, check in enumerate(step.checks or ()):
        yield f"{pointer}/checks/{index}/id", check.id
    if step.verification is not None and step.verification.command is not None:
        yield f"{pointer}/verification/command", verification_check_id(step.id)


def _number(checks: Sequence[CheckDefinition], pointer: str) -> Iterator[Problem]:
    if not checks:
        advice = "add a check, or remove it"
        yield Problem(pointer, "is empty", "at least 1 entry", advice, (pointer,))
    elif len(checks) > _MOST:
        message = f"has {len(checks)} entries"
        yield Problem(pointer, message, f"at most {_MOST} entries", rests_on=(pointer,))


def _fresh(step: StandardStep, pointer: str) -> Iterator[Problem]:
    if step.fresh is None:
        return
    if not step.fresh:
        advice = "name a check, or remove it"
        yield Problem(pointer, "is empty", "at least 1 entry", advice, (pointer,))
    for index, name in enumerate(step.fresh):
        if name in step.fresh[:index]:
            message = f"repeats {shown(name)}"
            yield Problem(child(pointer, index), message, None, "remove it", (pointer,))


def _approvals(
    step: StandardStep, checks: Sequence[CheckDefinition], pointer: str
) -> Iterator[Problem]:
    places = [
        f"{pointer}/checks/{index}"
        for index, check in enumerate(checks)
        if isinstance(check, ApprovalCheckDefinition)
    ]
    grounds = (f"{pointer}/checks",)
    for place in places[1:]:
        message = "is the second approval of this step"
        yield Problem(place, message, "one approval", "join the two, or use two steps", grounds)
    if len(places) == 1 and not isinstance(checks[-1], ApprovalCheckDefinition):
        message = "is an approval with other checks after it; a person is asked last"
        yield Problem(places[0], message, None, "move it to the end of checks", grounds)
    confirmation = step.require_confirmation
    if (
        places
        and isinstance(confirmation, ConfirmationRule)
        and confirmation.kind == "human_approval"
    ):
        message = "asks for the approval that requireConfirmation asks for already"
        advice = "keep one of the two"
        yield Problem(places[0], message, None, advice, (f"{pointer}/requireConfirmation",))


def _check(check: CheckDefinition, pointer: str) -> Iterator[Problem]:
    match check:
        case CommandCheckDefinition():
            yield from command_problems(check, pointer)
        case FilesCheckDefinition():
            for index, rule in enumerate(check.files):
                yield from _rule(rule, f"{pointer}/files/{index}")
        case DiffCheckDefinition():
            yield from _diff(check, pointer)
        case ArtifactCheckDefinition():
            yield from _schema(check.schema_, f"{pointer}/schema")
        case ProjectCheckDefinition() | ApprovalCheckDefinition():
            pass
        case _:
            assert_never(check)


def _rule(rule: FileRuleDefinition, pointer: str) -> Iterator[Problem]:
    yield from outside(f"{pointer}/path", rule.path)
    given = {
        "matches": rule.matches,
        "lacks": rule.lacks,
        "parses": rule.parses,
        "schema": rule.schema_,
    }
    if rule.absent:
        for name in (name for name, value in given.items() if value is not None):
            message = "says what is in a file that must not be there"
            advice = f"remove {name} or absent"
            yield Problem(child(pointer, name), message, None, advice, (f"{pointer}/absent",))
    for name, pattern in (("matches", rule.matches), ("lacks", rule.lacks)):
        yield from _regex(pattern, child(pointer, name))
    if rule.schema_ is not None:
        place = f"{pointer}/schema"
        if rule.parses not in ("json", "yaml", "toml") and not rule.absent:
            message = "needs `parses`: what it describes has to be read first"
            expected = one_of(("parses: json", "parses: yaml", "parses: toml"))
            yield Problem(place, message, expected, rests_on=(f"{pointer}/parses",))
        yield from _schema(rule.schema_, place)


def _regex(pattern: str | None, pointer: str) -> Iterator[Problem]:
    if pattern is None:
        return
    try:
        matches(pattern, "m", "")
    except UncheckableError as error:
        yield Problem(pointer, str(error), "a regular expression", rests_on=())


def _schema(schema: JsonObject, pointer: str) -> Iterator[Problem]:
    try:
        schema_problems(schema, None)
    except UncheckableError as error:
        yield Problem(pointer, str(error), "a JSON Schema", rests_on=(pointer,))


def _diff(check: DiffCheckDefinition, pointer: str) -> Iterator[Problem]:
    bounds = (check.max_files, check.max_lines)
    if not (check.allowed or check.protected or check.must_change or bounds != (None, None)):
        message = "bounds nothing: a diff check without a bound always passes"
        expected = "at least one of allowed, protected, maxFiles, maxLines, mustChange"
        yield Problem(pointer, message, expected, "add a bound", (pointer,))
    if check.must_change and 0 in bounds:
        message = "can never pass: something must change, and nothing may"
        yield Problem(f"{pointer}/mustChange", message, None, "remove one of the two", (pointer,))
    yield from globs(f"{pointer}/allowed", check.allowed)
    yield from globs(f"{pointer}/protected", check.protected)
