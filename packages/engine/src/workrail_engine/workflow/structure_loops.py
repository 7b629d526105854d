"""Can every loop run: does it know when to go on, and what to repeat?"""

from collections.abc import Iterator, Sequence
from typing import Final

from workrail_engine.workflow.contracts import CONTRACTS
from workrail_engine.workflow.definition_steps import (
    ArtifactConditionSource,
    LoopStep,
    StandardStep,
    Step,
)
from workrail_engine.workflow.placed_steps import body_steps
from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, shown, unknown_name

LOOP_CONTROL: Final = "wr.contracts.loop_control"


def loop_problems(steps: Sequence[Step]) -> Iterator[Problem]:
    """What is wrong with the loops among the top-level steps."""
    owners: dict[str, tuple[str, str]] = {}
    for index, step in enumerate(steps):
        if not isinstance(step, LoopStep):
            continue
        pointer = child("/steps", index)
        yield from _rule(step, pointer, steps)
        yield from _condition_source(step, pointer)
        if isinstance(step.body, str):
            yield from _named_body(step.body, pointer, steps)
            owner, first = owners.setdefault(step.body, (step.id, pointer))
            if first != pointer:
                message = f"step {shown(step.body)} is already the body of loop {shown(owner)}"
                advice = "give each loop a step of its own"
                grounds = (child(pointer, "type"), child(first, "type"), child(first, "body"))
                yield Problem(child(pointer, "body"), message, None, advice, grounds)


def _rule(step: LoopStep, pointer: str, steps: Sequence[Step]) -> Iterator[Problem]:
    loop = step.loop
    match loop.type:
        case "while" | "until":
            decided = loop.condition or loop.condition_source or _is_steered(step, steps)
            missing = None if decided else "condition or conditionSource"
        case "for":
            missing = "count" if loop.count is None else None
        case "forEach":
            missing = "items" if loop.items is None else None
    if missing is not None:
        message = f"a loop of type {loop.type} needs {missing}"
        grounds = tuple(_deciding(step, pointer, steps))
        yield Problem(child(pointer, "loop"), message, missing, f"add {missing}", grounds)


def _deciding(step: LoopStep, pointer: str, steps: Sequence[Step]) -> Iterator[str]:
    """The places that decide whether a loop knows when to go on."""
    yield child(pointer, "type")
    for field in ("type", "condition", "conditionSource", "count", "items"):
        yield f"{pointer}/loop/{field}"
    if step.loop.type not in ("while", "until"):
        return
    if isinstance(step.body, str):
        yield from (child(pointer, "body"), "/steps/*/id", "/steps/*/type")
    for owner, inner in _placed_body(step, pointer, steps):
        yield child(owner, "type")
        if not isinstance(inner, StandardStep):
            yield from (child(owner, "parallelDelegations"), child(owner, "synthesis"))
        yield f"{owner}/outputContract/contractRef"


def _placed_body(step: LoopStep, pointer: str, steps: Sequence[Step]) -> Iterator[tuple[str, Step]]:
    """The steps a loop repeats, with their pointers."""
    if isinstance(step.body, str):
        for index, each in enumerate(steps):
            if each.id == step.body:
                yield child("/steps", index), each
        return
    for index, each in enumerate(step.body):
        yield f"{pointer}/body/{index}", each


def _is_steered(step: LoopStep, steps: Sequence[Step]) -> bool:
    """Whether a step of the body submits the artifact that decides about the loop."""
    return any(
        isinstance(inner, StandardStep)
        and inner.output_contract is not None
        and inner.output_contract.contract_ref == LOOP_CONTROL
        for inner in body_steps(step, steps)
    )


def _condition_source(step: LoopStep, pointer: str) -> Iterator[Problem]:
    source = step.loop.condition_source
    if not isinstance(source, ArtifactConditionSource) or source.contract_ref == LOOP_CONTROL:
        return
    place = f"{pointer}/loop/conditionSource/contractRef"
    if source.contract_ref not in CONTRACTS:
        yield unknown_name("contract", place, source.contract_ref, [LOOP_CONTROL], rests_on=())
        return
    message = f"artifacts of {source.contract_ref} do not say whether a loop goes on"
    yield Problem(place, message, LOOP_CONTROL, f"use {LOOP_CONTROL}", ())


def _named_body(name: str, loop: str, steps: Sequence[Step]) -> Iterator[Problem]:
    """What is wrong with the top-level step that the loop at a pointer names."""
    pointer, kind = child(loop, "body"), child(loop, "type")
    target = next((step for step in steps if step.id == name), None)
    if target is None:
        candidates = [step.id for step in steps if isinstance(step, StandardStep)]
        grounds = ("/steps/*/id", kind)
        yield unknown_name("top-level step", pointer, name, candidates, rests_on=grounds)
        return
    place = child("/steps", steps.index(target))
    grounds = (kind, place)
    if not isinstance(target, StandardStep):
        message = (
            f"step {shown(name)} is of type {target.type}; a loop can name ordinary steps only"
        )
        advice = "write the steps of the body into the loop"
        yield Problem(pointer, message, suggestion=advice, rests_on=grounds)
        return
    forbidden = {
        "runCondition": target.run_condition,
        "audit": target.audit,
        "verification": target.verification,
    }
    for field, value in forbidden.items():
        if value is not None:
            message = "is not possible on a step that a loop names as its body"
            advice = "write the step into the loop's body, or put this on the loop"
            yield Problem(child(place, field), message, suggestion=advice, rests_on=grounds)
