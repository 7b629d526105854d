"""Do the checks that a step wants fresh lie on the way to it, and what are they called by then?

What a routine brings has names that begin with the calling step, so this is known only where all
steps are in place.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from workrail_engine.workflow.definition_changes import changed
from workrail_engine.workflow.definition_checks import ApprovalCheckDefinition, CheckDefinition
from workrail_engine.workflow.definition_steps import StandardStep
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, shown, unknown_name

_NAMES: Final = tuple(
    f"{steps}/{place}"
    for steps in ("/steps/*", "/steps/*/body/*")
    for place in ("id", "checks/*/id", "verification/command", "templateCall/templateId")
)
"""What decides which checks there are."""


def prefixed(step: StandardStep, caller: str) -> dict[str, object]:
    """The checks of a routine's step as they are called where the routine was called from.

    Args:
        step: the step, as the routine has it.
        caller: the id of the calling step.
    """
    checks = tuple(changed(each, id=f"{caller}.{each.id}") for each in step.checks or ())
    fresh = tuple(f"{caller}.{name}" for name in step.fresh or ())
    return {"checks": checks or None, "fresh": fresh or None}


@dataclass(frozen=True)
class _Wish:
    step_id: str
    name: str
    pointer: str
    order: int


@dataclass(frozen=True)
class _Declared:
    check: CheckDefinition
    step_id: str
    pointer: str | None
    order: int


class CheckNames:
    """The checks of a definition, noted step by step in the order they are come to."""

    def __init__(self) -> None:
        """Start with none."""
        self._known: dict[str, _Declared] = {}
        self._wishes: list[_Wish] = []
        self._calls: list[str] = []
        self._order = 0

    def note(self, step: StandardStep, pointer: str | None) -> None:
        """Take down what a step declares and wants.

        Args:
            step: the step, in place.
            pointer: where it is written; None for one that was put in, whose wishes are sound.
        """
        self._order += 1
        for check in step.checks or ():
            declared = _Declared(check, step.id, pointer, self._order)
            self._known.setdefault(check.id, declared)
        if pointer is not None:
            for index, name in enumerate(step.fresh or ()):
                place = child(f"{pointer}/fresh", index)
                self._wishes.append(_Wish(step.id, name, place, self._order))

    def note_unknown_call(self, step_id: str) -> None:
        """Take down that the steps a call stands for are not known."""
        self._calls.append(f"{step_id}.")

    def problems(self) -> Iterator[Problem]:
        """Everything that is wanted and is not on the way."""
        for wish in self._wishes:
            known = self._known.get(wish.name)
            if known is not None:
                yield from _unfit(wish, known)
            elif not wish.name.startswith(tuple(self._calls)):
                earlier = [
                    name
                    for name, each in self._known.items()
                    if each.order < wish.order
                    and not isinstance(each.check, ApprovalCheckDefinition)
                ]
                what = "check of an earlier step named"
                yield unknown_name(what, wish.pointer, wish.name, earlier, rests_on=_NAMES)


def _unfit(wish: _Wish, known: _Declared) -> Iterator[Problem]:
    name = shown(wish.name)
    grounds = _NAMES if known.pointer is None else (f"{known.pointer}/checks",)
    if isinstance(known.check, ApprovalCheckDefinition):
        message = f"names {name}, which is an approval; what was approved is not asked again"
        advice = "remove it; to ask again, give this step an approval"
        yield Problem(wish.pointer, message, "the id of another check", advice, grounds)
    elif known.step_id == wish.step_id:
        message = f"names {name}, which is a check of this step and is run anyway"
        yield Problem(wish.pointer, message, None, "remove it", grounds)
    elif known.order > wish.order:
        message = f"names {name}, a check of step {shown(known.step_id)}, which comes later"
        yield Problem(wish.pointer, message, "a check of an earlier step", None, grounds)
