"""Where do the steps of a definition stand?"""

from collections.abc import Sequence
from dataclasses import dataclass

from workrail_engine.workflow.definition_steps import BodyStep, LoopStep, StandardStep
from workrail_engine.workflow.definition_steps import Step as AnyStep
from workrail_engine.workflow.pointers import child


@dataclass(frozen=True)
class PlacedStep:
    """A step, its pointer, and the loop that holds it inline."""

    step: AnyStep
    pointer: str
    loop: LoopStep | None = None


def placed_steps(steps: Sequence[AnyStep]) -> tuple[PlacedStep, ...]:
    """Every step in document order: top-level ones, and after each loop those of its inline body."""
    placed: list[PlacedStep] = []
    for index, step in enumerate(steps):
        pointer = child("/steps", index)
        placed.append(PlacedStep(step, pointer))
        if isinstance(step, LoopStep):
            body = child(pointer, "body")
            placed += [
                PlacedStep(inner, child(body, place), step)
                for place, inner in enumerate(inline_body(step))
            ]
    return tuple(placed)


def inline_body(loop: LoopStep) -> tuple[BodyStep, ...]:
    """The steps written inside a loop; none when its body names a top-level step."""
    return () if isinstance(loop.body, str) else loop.body


def body_steps(loop: LoopStep, top_level: Sequence[AnyStep]) -> tuple[AnyStep, ...]:
    """The steps a loop repeats, whether written inside it or named by it."""
    if not isinstance(loop.body, str):
        return loop.body
    return tuple(step for step in top_level if step.id == loop.body)


def standard_steps(placed: Sequence[PlacedStep]) -> tuple[tuple[StandardStep, str], ...]:
    """The ordinary steps among these, with their pointers."""
    return tuple(
        (place.step, place.pointer) for place in placed if isinstance(place.step, StandardStep)
    )
