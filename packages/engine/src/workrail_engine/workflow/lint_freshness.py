"""Which checks are passed once, and never looked at again before the run ends?

A check speaks of the files as they were when its step was completed. Where no later step wants it
fresh, or looks at the same again, what is changed after it is noticed by nobody.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workrail_engine.workflow.command_line import arguments
from workrail_engine.workflow.definition_checks import (
    ApprovalCheckDefinition,
    ArtifactCheckDefinition,
    CheckDefinition,
    CommandCheckDefinition,
    DiffCheckDefinition,
    FilesCheckDefinition,
    ProjectCheckDefinition,
)
from workrail_engine.workflow.definition_steps import LoopStep, StandardStep
from workrail_engine.workflow.definition_steps import Step as AnyStep
from workrail_engine.workflow.expand_virtual import verification_check_id
from workrail_engine.workflow.placed_steps import body_steps, placed_steps


@dataclass(frozen=True)
class PassedOnce:
    """A check that nothing keeps."""

    check_id: str
    step_id: str
    pointer: str
    bounds_change: bool
    """Whether it bounds what has changed, so that a later step may need another bound."""


@dataclass(frozen=True)
class _Declared:
    check_id: str
    pointer: str
    looks_at: object
    """Equal for checks that look at the same; None where a later change is none of its business."""
    bounds_change: bool = False


def passed_once(steps: Sequence[AnyStep]) -> Iterator[PassedOnce]:
    """Every check of files that later steps neither want fresh nor repeat, in the order of the run."""
    run = list(_in_order(steps))
    for index, (step, pointer) in enumerate(run):
        later = run[index + 1 :]
        if not isinstance(step, StandardStep) or not later:
            continue
        wanted = {
            name for one, _ in later if isinstance(one, StandardStep) for name in one.fresh or ()
        }
        again = [
            check.looks_at
            for one, place in later
            if isinstance(one, StandardStep)
            for check in _declared(one, place)
        ]
        for check in _declared(step, pointer):
            if (
                check.looks_at is not None
                and check.check_id not in wanted
                and check.looks_at not in again
            ):
                yield PassedOnce(check.check_id, step.id, check.pointer, check.bounds_change)


def _in_order(steps: Sequence[AnyStep]) -> Iterator[tuple[AnyStep, str]]:
    """Every step that is completed by itself, as a run comes to them, with its pointer."""
    pointers = {place.step.id: place.pointer for place in placed_steps(steps)}
    named = {
        step.body for step in steps if isinstance(step, LoopStep) and isinstance(step.body, str)
    }
    for step in steps:
        if isinstance(step, LoopStep):
            yield from ((one, pointers[one.id]) for one in body_steps(step, steps))
        elif step.id not in named:
            yield step, pointers[step.id]


def _declared(step: StandardStep, pointer: str) -> Iterator[_Declared]:
    for index, check in enumerate(step.checks or ()):
        yield _Declared(
            check.id,
            f"{pointer}/checks/{index}",
            _subject(check),
            isinstance(check, DiffCheckDefinition),
        )
    if step.verification is not None and step.verification.command is not None:
        command = ("command", arguments(step.verification.command), ".")
        check_id = verification_check_id(step.id)
        yield _Declared(check_id, f"{pointer}/verification/command", command)


def _subject(check: CheckDefinition) -> object:
    match check:
        case CommandCheckDefinition():
            exits = (check.exits,) if isinstance(check.exits, int) else check.exits
            # One that has to fail shows a state that is meant to pass.
            return ("command", arguments(check.run), check.in_) if 0 in exits else None
        case ProjectCheckDefinition():
            return ("project", check.command)
        case FilesCheckDefinition():
            return ("files", check.files)
        case DiffCheckDefinition():
            return "diff"
        case ArtifactCheckDefinition() | ApprovalCheckDefinition():
            return None
