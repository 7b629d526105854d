"""What does a definition amount to, once everything it refers to is in place?

In this order: templates, bindings, features, refs, prompt blocks, a search for tokens nothing
resolved. Steps that follow from an audit, a verification or a synthesis are put in, and a loop body
written as a step's name becomes that step. What comes out has prompts only, and runs as it stands.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar, assert_never

from workrail_engine.canonical import JsonValue
from workrail_engine.workflow.definition import (
    AssessmentDefinition,
    BodyStep,
    LoopStep,
    ParallelStep,
    StandardStep,
    Step,
    WorkflowDefinition,
)
from workrail_engine.workflow.definition_changes import changed
from workrail_engine.workflow.expand_bindings import Bindings
from workrail_engine.workflow.expand_blocks import rendered
from workrail_engine.workflow.expand_checks import CheckNames
from workrail_engine.workflow.expand_templates import RoutineTemplate, expand_call
from workrail_engine.workflow.expand_virtual import steps_after, synthesis_after
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, in_document_order, shown, unknown_name
from workrail_engine.workflow.refs import FEATURES, Feature

__all__ = ["Expanded", "RoutineTemplate", "Surroundings", "expand", "obstacles"]

_MARK: Final = "{{wr."
_SHOWN_CHARACTERS: Final = 60

S = TypeVar("S", StandardStep, ParallelStep)


@dataclass(frozen=True)
class Surroundings:
    """What a definition refers to outside itself; None where that is not known."""

    templates: Mapping[str, RoutineTemplate] | None = None
    """All routines there are, by template id."""
    overrides: Mapping[str, str] | None = None
    """The project's bindings for the workflow, by slot; no matter to a workflow without slots."""


@dataclass(frozen=True)
class Expanded:
    """A definition that refers to nothing outside itself."""

    definition: WorkflowDefinition
    bindings: Mapping[str, str]
    """What each slot was bound to."""


def expand(
    definition: WorkflowDefinition,
    templates: Mapping[str, RoutineTemplate],
    overrides: Mapping[str, str],
) -> Expanded | tuple[Problem, ...]:
    """Put everything in place, or say everything that cannot be.

    Args:
        definition: as authored, and sound by `check_structure`.
        templates: all routines there are, by template id.
        overrides: the project's bindings for this workflow, by slot.

    Returns:
        The expanded definition, or every problem with the place in the authored document.
    """
    expander = _Expander(definition, Surroundings(templates, overrides))
    steps = tuple(expander.top_level())
    problems = [*expander.problems, *expander.checks.problems()]
    if problems:
        return in_document_order(problems, definition.as_json())
    whole = changed(
        definition, steps=steps, assessments=tuple(expander.assessments.values()) or None
    )
    return Expanded(whole, expander.bindings.bound)


def obstacles(definition: WorkflowDefinition, surroundings: Surroundings) -> tuple[Problem, ...]:
    """Everything that `expand` would refuse, as far as it is known around the definition.

    The definition need not be sound; what `check_structure` finds is not found again.
    """
    if not definition.extension_points:
        surroundings = replace(surroundings, overrides={})
    expander = _Expander(definition, surroundings)
    tuple(expander.top_level())
    problems = [*expander.problems, *expander.checks.problems()]
    return in_document_order(problems, definition.as_json())


class _Expander:
    """One expansion: gathers problems, bindings and assessments while it walks the steps."""

    def __init__(self, definition: WorkflowDefinition, surroundings: Surroundings) -> None:
        self.problems: list[Problem] = []
        self.checks = CheckNames()
        self.bindings = Bindings(definition, surroundings.overrides)
        self.assessments = {each.id: each for each in definition.assessments}
        self._declared_at = {
            each.id: (child("/assessments", index),)
            for index, each in enumerate(definition.assessments)
        }
        self._steps = definition.steps
        self._templates = surroundings.templates
        self._reached: set[int] = set()
        self._features = tuple(self._known_features(definition.features))

    def top_level(self) -> Iterator[Step]:
        owned = {
            step.body
            for step in self._steps
            if isinstance(step, LoopStep) and isinstance(step.body, str)
        }
        for index, step in enumerate(self._steps):
            pointer = child("/steps", index)
            match step:
                case LoopStep():
                    yield changed(step, body=tuple(self._body(step, pointer)))
                case StandardStep() | ParallelStep():
                    if step.id not in owned:
                        yield from self._work(step, pointer)
                case _:
                    assert_never(step)
        self._look_through(owned)

    def _look_through(self, owned: Collection[str]) -> None:
        """Find what is wrong in steps whose id a loop names, and which no loop can hold."""
        for index, step in enumerate(self._steps):
            if not isinstance(step, LoopStep) and step.id in owned and index not in self._reached:
                tuple(self._work(step, child("/steps", index)))

    def _known_features(self, names: Sequence[str]) -> Iterator[Feature]:
        for index, name in enumerate(names):
            if name in FEATURES:
                yield FEATURES[name]
            else:
                place = child("/features", index)
                self.problems.append(unknown_name("feature", place, name, FEATURES, rests_on=()))

    def _body(self, loop: LoopStep, pointer: str) -> Iterator[BodyStep]:
        if not isinstance(loop.body, str):
            for index, step in enumerate(loop.body):
                yield from self._work(step, child(child(pointer, "body"), index))
            return
        named = [
            (index, step)
            for index, step in enumerate(self._steps)
            if step.id == loop.body and isinstance(step, StandardStep)
        ]
        if all(step.id != loop.body for step in self._steps):
            candidates = [step.id for step in self._steps if isinstance(step, StandardStep)]
            place, grounds = child(pointer, "body"), ("/steps/*/id", child(pointer, "type"))
            self.problems.append(
                unknown_name("top-level step", place, loop.body, candidates, rests_on=grounds)
            )
        for index, step in named[:1]:
            self._reached.add(index)
            yield from self._work(step, child("/steps", index))

    def _work(self, step: BodyStep, pointer: str) -> Iterator[BodyStep]:
        match step:
            case ParallelStep():
                yield changed(self._scanned(step, pointer), synthesis=None)
                yield from synthesis_after(step)
            case StandardStep():
                yield from self._standard(step, pointer)
                yield from self._noted(steps_after(step))
            case _:
                assert_never(step)

    def _noted(self, steps: Iterable[StandardStep]) -> Iterator[StandardStep]:
        for step in steps:
            self.checks.note(step, None)
            yield step

    def _standard(self, step: StandardStep, pointer: str) -> Iterator[StandardStep]:
        if step.template_call is None:
            self.checks.note(step, pointer)
            yield self._prompted(step, pointer)
            return
        self._prompted(changed(step, template_call=None), pointer)
        if self._templates is None:
            self.checks.note_unknown_call(step.id)
            return
        place = child(pointer, "templateCall")
        called = expand_call(step, step.template_call, place, self._templates)
        self.problems += called.problems
        if called.problems:
            self.checks.note_unknown_call(step.id)
        self._adopt(called.assessments, place)
        grounds = (child(place, "templateId"), child(place, "args"))
        for inner in called.steps:
            filled = self.bindings.fill(inner.prompt or "", place, self.problems, grounds)
            bound = changed(inner, prompt=filled)
            self.checks.note(inner, None)
            yield changed(self._scanned(bound, place, inside=inner.id), **_WITHOUT_EXTRAS)
            yield from self._noted(steps_after(inner))

    def _adopt(self, assessments: Sequence[AssessmentDefinition], pointer: str) -> None:
        call = child(pointer, "templateId")
        for assessment in assessments:
            declared = self.assessments.setdefault(assessment.id, assessment)
            if declared != assessment:
                message = f"calls a routine whose assessment {shown(assessment.id)} differs from "
                advice = "give one of the two assessments another id"
                message += "the one declared here"
                grounds = (call, *self._declared_at.get(assessment.id, ()))
                self.problems.append(Problem(pointer, message, suggestion=advice, rests_on=grounds))

    def _prompted(self, step: StandardStep, pointer: str) -> StandardStep:
        prompt = self._filled(step.prompt or "", child(pointer, "prompt"))
        if step.prompt_blocks is not None:
            place = child(pointer, "promptBlocks")
            fill, kept, problems = self._filled, self._resolved, self.problems
            prompt = rendered(step.prompt_blocks, self._features, place, fill, kept, problems)
        self._scanned(changed(step, prompt=None, prompt_blocks=None), pointer)
        return changed(step, prompt=prompt, prompt_blocks=None, **_WITHOUT_EXTRAS)

    def _filled(self, text: str, pointer: str) -> str:
        return self._resolved(self.bindings.fill(text, pointer, self.problems), pointer)

    def _scanned(self, step: S, pointer: str, inside: str | None = None) -> S:
        """The step; tokens left in it are added to the problems, at the call for a routine's."""
        for place, text in _texts(step.as_json(), pointer):
            if "/promptFragments/" not in place:
                self._resolved(text, place if inside is None else pointer, inside)
        return step

    def _resolved(self, text: str, pointer: str, inside: str | None = None) -> str:
        """The text; tokens left in it are added to the problems."""
        where = "" if inside is None else f" in step {shown(inside)}"
        call = (child(pointer, "templateId"), child(pointer, "args"))
        for rest in text.split(_MARK)[1:]:
            token = f"{_MARK}{rest.partition('}}')[0][:_SHOWN_CHARACTERS]}}}}}"
            message = f"holds the token `{token}`{where}, which nothing resolves"
            expected = "`{{wr.bindings.<slot>}}`, in a prompt or a plain prompt block value"
            grounds = () if inside is None else call
            self.problems.append(Problem(pointer, message, expected, rests_on=grounds))
        return text


_WITHOUT_EXTRAS: Mapping[str, None] = {"audit": None, "verification": None, "template_call": None}


def _texts(value: JsonValue, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for key, member in value.items():
            yield from _texts(member, child(pointer, key))
    elif isinstance(value, Sequence):
        for index, item in enumerate(value):
            yield from _texts(item, child(pointer, index))
