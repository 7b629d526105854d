"""Which loops can only end by their limit?"""

from collections.abc import Iterator, Sequence

from workrail_engine.workflow.compile_steps import condition
from workrail_engine.workflow.conditions import variables
from workrail_engine.workflow.definition_steps import (
    ArtifactConditionSource,
    LoopStep,
    StandardStep,
    Step,
)
from workrail_engine.workflow.lint_conditions import never_holds
from workrail_engine.workflow.lint_variables import texts_of, words_in
from workrail_engine.workflow.placed_steps import body_steps
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.structure_loops import LOOP_CONTROL


def endless(steps: Sequence[Step]) -> Iterator[tuple[str, str]]:
    """The place of each loop that only its limit ends, and why it is so."""
    for index, step in enumerate(steps):
        if isinstance(step, LoopStep) and step.loop.type in ("while", "until"):
            reason = _reason(step, body_steps(step, steps))
            if reason is not None:
                yield f"{child('/steps', index)}/loop", reason


def _reason(loop: LoopStep, body: Sequence[Step]) -> str | None:
    if any(not isinstance(step, StandardStep) or step.template_call for step in body):
        return None
    source = loop.loop.condition_source
    steered = any(
        isinstance(step, StandardStep)
        and step.output_contract is not None
        and step.output_contract.contract_ref == LOOP_CONTROL
        for step in body
    )
    words = words_in(text for step in body for text in texts_of(step))
    if isinstance(source, ArtifactConditionSource):
        said = steered or bool(words & {"loop_control", "wr.loop_control"})
        return None if said else "no step of it submits a wr.loop_control artifact"
    if source is None and steered:
        return None
    stated = condition(loop.loop.condition if source is None else source.condition)
    if loop.loop.type == "until" and never_holds(stated):
        return "what it waits for never holds"
    if loop.loop.type == "while" and stated is None:
        return "its condition always holds"
    own = {loop.loop.iteration_var, loop.loop.item_var, loop.loop.index_var}
    read = set(variables(stated))
    if read and read.isdisjoint(words | own):
        return f"no text of its steps speaks of {', '.join(sorted(read))}"
    return None
