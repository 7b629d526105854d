"""What does a definition amount to, once everything it refers to is in place?

In this order: templates, bindings, features, refs, prompt blocks, a search for tokens nothing
resolved. Steps that follow from an audit, a verification or a synthesis are put in, and a loop body
written as a step's name becomes that step. What comes out has prompts only, and runs as it stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, assert_never

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
from workrail_engine.workflow.expand_templates import RoutineTemplate, expand_call
from workrail_engine.workflow.expand_virtual import steps_after, synthesis_after
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, in_document_order, shown, unknown_name
from workrail_engine.workflow.refs import FEATURES, Feature

__all__ = ["Expanded", "RoutineTemplate", "expand"]

S = TypeVar("S", StandardStep, ParallelStep)


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
    expander = _Expander(definition, templates, overrides)
    steps = tuple(expander.top_level())
    problems = expander.problems
    if problems:
        return in_document_order(problems, definition.as_json())
    whole = changed(
        definition, steps=steps, assessments=tuple(expander.assessments.values()) or None
    )
    return Expanded(whole, expander.bindings.bound)


class _Expander:
    """One expansion: gathers problems, bindings and assessments while it walks the steps."""

    def __init__(
        self,
        definition: WorkflowDefinition,
        templates: Mapping[str, RoutineTemplate],
        overrides: Mapping[str, str],
    ) -> None:
        self.problems: list[Problem] = []
        self.bindings = Bindings(definition, overrides)
        self.assessments = {each.id: each for each in definition.assessments}
        self._steps = definition.steps
        self._templates = templates
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

    def _known_features(self, names: Sequence[str]) -> Iterator[Feature]:
        for index, name in enumerate(names):
            if name in FEATURES:
                yield FEATURES[name]
            else:
                place = child("/features", index)
                self.problems.append(unknown_name("feature", place, name, FEATURES))

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
        if not named:
            candidates = [step.id for step in self._steps if isinstance(step, StandardStep)]
            place = child(pointer, "body")
            self.problems.append(unknown_name("top-level step", place, loop.body, candidates))
        for index, step in named[:1]:
            yield from self._work(step, child("/steps", index))

    def _work(self, step: BodyStep, pointer: str) -> Iterator[BodyStep]:
        match step:
            case ParallelStep():
                yield changed(self._scanned(step, pointer), synthesis=None)
                yield from synthesis_after(step)
            case StandardStep():
                yield from self._standard(step, pointer)
                yield from steps_after(step)
            case _:
                assert_never(step)

    def _standard(self, step: StandardStep, pointer: str) -> Iterator[StandardStep]:
        if step.template_call is None:
            yield self._prompted(step, pointer)
            return
        place = child(pointer, "templateCall")
        self._scanned(changed(step, template_call=None), pointer)
        called = expand_call(step, step.template_call, place, self._templates)
        if isinstance(called, tuple):
            self.problems += called
            return
        self._adopt(called.assessments, place)
        for inner in called.steps:
            filled = self.bindings.fill(inner.prompt or "", place, self.problems)
            bound = changed(inner, prompt=filled)
            yield changed(self._scanned(bound, place, inside=inner.id), **_WITHOUT_EXTRAS)
            yield from steps_after(inner)

    def _adopt(self, assessments: Sequence[AssessmentDefinition], pointer: str) -> None:
        for assessment in assessments:
            declared = self.assessments.setdefault(assessment.id, assessment)
            if declared != assessment:
                message = f"calls a routine whose assessment {shown(assessment.id)} differs from "
                advice = "give one of the two assessments another id"
                self.problems.append(
                    Problem(pointer, f"{message}the one declared here", suggestion=advice)
                )

    def _prompted(self, step: StandardStep, pointer: str) -> StandardStep:
        if step.prompt_blocks is not None:
            place = child(pointer, "promptBlocks")
            fill = self.bindings.fill
            prompt = rendered(step.prompt_blocks, self._features, place, fill, self.problems)
        else:
            place = child(pointer, "prompt")
            prompt = self.bindings.fill(step.prompt or "", place, self.problems)
        plain = changed(step, prompt=prompt, prompt_blocks=None)
        return changed(self._scanned(plain, pointer), **_WITHOUT_EXTRAS)

    def _scanned(self, step: S, pointer: str, inside: str | None = None) -> S:
        """The step; tokens left in it are added to the problems, at the call for a routine's."""
        for place, text in _texts(step.as_json(), pointer):
            if "{{wr." in text and "/promptFragments/" not in place:
                at, where = (
                    (place, "") if inside is None else (pointer, f" in step {shown(inside)}")
                )
                token = text[text.index("{{wr.") :].partition("}}")[0]
                message = f"holds the token `{token}}}}}`{where}, which nothing resolves"
                expected = "`{{wr.bindings.<slot>}}`, in a prompt or a plain prompt block value"
                self.problems.append(Problem(at, message, expected))
        return step


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
