"""What is wrong with tests that only their workflow can tell?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from workrail_engine.rehearsal.case_definition import (
    CODES,
    AnswerDefinition,
    CaseDefinition,
    CaseFileDefinition,
)
from workrail_engine.rehearsal.demands import all_steps
from workrail_engine.workflow.checks import ApprovalCheck
from workrail_engine.workflow.compiled import CompiledLoop, CompiledWorkflow
from workrail_engine.workflow.inside_paths import outside
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, shown, unknown_name


@dataclass(frozen=True)
class _Names:
    """What a case may speak of."""

    steps: frozenset[str]
    repeated: frozenset[str]
    """Steps of loops."""
    loops: frozenset[str]
    checks: frozenset[str]


def case_problems(
    definition: CaseFileDefinition, workflow: CompiledWorkflow, folder: Path
) -> Iterator[Problem]:
    """Every name that the workflow does not have, and every folder that is not there.

    Args:
        definition: the tests.
        workflow: what they are about.
        folder: where the file of tests lies.
    """
    names = _names(workflow)
    seen: dict[str, int] = {}
    for index, case in enumerate(definition.cases):
        place = f"/cases/{index}"
        if case.name in seen:
            message = f"is the name of case {seen[case.name] + 1} too: {shown(case.name)}"
            yield Problem(f"{place}/name", message, suggestion="give each case a name of its own")
        seen.setdefault(case.name, index)
        yield from _case(place, case, names, folder)


def _names(workflow: CompiledWorkflow) -> _Names:
    loops = [entry for entry in workflow.steps if isinstance(entry, CompiledLoop)]
    steps = list(all_steps(workflow))
    return _Names(
        steps=frozenset(step.step_id for step in steps),
        repeated=frozenset(step.step_id for loop in loops for step in loop.body),
        loops=frozenset(loop.loop_id for loop in loops),
        checks=frozenset(
            check.check_id
            for step in steps
            for check in step.checks
            if not isinstance(check, ApprovalCheck)
        ),
    )


def _case(place: str, case: CaseDefinition, names: _Names, folder: Path) -> Iterator[Problem]:
    if case.files is not None and not (folder / case.files).is_dir():
        message = f"is no folder beside this file: {shown(case.files)}"
        yield Problem(
            f"{place}/files", message, suggestion="name a folder, from this file's folder"
        )
    for index, answer in enumerate(case.answers):
        yield from _answer(f"{place}/answers/{index}", answer, case, names)
    yield from _known("check", f"{place}/checks", case.checks, names.checks)
    yield from _known("step", f"{place}/approvals", case.approvals, names.steps)
    yield from _expectation(f"{place}/expect", case, names)


def _answer(
    place: str, answer: AnswerDefinition, case: CaseDefinition, names: _Names
) -> Iterator[Problem]:
    if answer.step not in names.steps:
        yield unknown_name("step", f"{place}/step", answer.step, names.steps)
    elif answer.pass_ is not None and answer.step not in names.repeated:
        yield Problem(
            f"{place}/pass", f"the step {shown(answer.step)} is in no loop", None, "remove it"
        )
    for path in answer.write:
        yield from outside(child(f"{place}/write", path), path)
    for index, path in enumerate(answer.delete):
        yield from outside(f"{place}/delete/{index}", path)
    if case.files is None and (answer.write or answer.delete):
        field = "write" if answer.write else "delete"
        message = "needs a folder to work in, and the case has no `files`"
        yield Problem(f"{place}/{field}", message, None, "add `files` to the case, or remove it")


def _expectation(place: str, case: CaseDefinition, names: _Names) -> Iterator[Problem]:
    expect = case.expect
    for index, label in enumerate(expect.path or ()):
        yield from _label(f"{place}/path/{index}", label, names)
    for index, name in enumerate(expect.skipped or ()):
        if name not in names.steps | names.loops:
            known = names.steps | names.loops
            yield unknown_name("step or loop", f"{place}/skipped/{index}", name, known)
    yield from _listed("step", f"{place}/waits", expect.waits or (), names.steps)
    yield from _listed("check", f"{place}/failedChecks", expect.failed_checks or (), names.checks)
    for step, codes in (expect.blocks or {}).items():
        where = child(f"{place}/blocks", step)
        if step not in names.steps:
            yield unknown_name("step", where, step, names.steps)
        yield from _listed("reason to block", where, codes, CODES)


def _label(pointer: str, label: str, names: _Names) -> Iterator[Problem]:
    """A step of the path: `plan`, or `fix#2` for the second pass of its loop."""
    step, mark, number = label.partition("#")
    if step not in names.steps:
        yield unknown_name("step", pointer, step, names.steps)
    elif (step in names.repeated) != bool(mark) or (mark and not number.isdecimal()):
        wanted = f"{step}#1, with the number of the pass" if step in names.repeated else step
        yield Problem(pointer, f"is not how this step is named: {shown(label)}", wanted)


def _known(
    what: str, pointer: str, used: Iterable[str], known: frozenset[str]
) -> Iterator[Problem]:
    for name in used:
        if name not in known:
            yield unknown_name(what, child(pointer, name), name, known)


def _listed(
    what: str, pointer: str, used: Sequence[str], known: Iterable[str]
) -> Iterator[Problem]:
    for index, name in enumerate(used):
        if name not in known:
            yield unknown_name(what, child(pointer, index), name, known)
