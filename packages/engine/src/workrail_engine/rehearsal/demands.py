"""What would satisfy what a step demands, as far as that can be told without a model?

Notes with the texts and the length the criteria ask for, an example of each contract, levels that
trigger no consequence. Patterns and schemas cannot be satisfied in general; there the author of a
test says what to send.
"""

from collections.abc import Iterator
from typing import assert_never

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.workflow.compiled import (
    Assessment,
    CompiledLoop,
    CompiledStep,
    CompiledWorkflow,
)
from workrail_engine.workflow.contracts import CONTRACTS
from workrail_engine.workflow.criteria import (
    Check,
    Contains,
    Criteria,
    EveryPart,
    FitsSchema,
    HasLength,
    Matches,
    Otherwise,
    Rule,
    Rules,
    SomePart,
)

_ITEMS: JsonValue = ["one", "two"]


def all_steps(workflow: CompiledWorkflow) -> Iterator[CompiledStep]:
    """Every step, those of loop bodies included."""
    for entry in workflow.steps:
        if isinstance(entry, CompiledLoop):
            yield from entry.body
        else:
            yield entry


def notes_for(step: CompiledStep) -> str:
    """Notes that hold the texts and have the length a step asks for."""
    wanted = list(_demands(step.criteria)) if step.criteria is not None else []
    notes = "\n".join(["I did what the step asks.", *(text for text, _ in wanted if text)])
    least = max((length for _, length in wanted), default=0)
    return notes.ljust(least, ".")


def artifacts_for(step: CompiledStep, pass_number: int | None, passes: int) -> Iterator[JsonObject]:
    """What a step's contract and assessments demand.

    Args:
        step: the pending step.
        pass_number: the pass it is in, from 1; None outside loops.
        passes: in which pass to leave a loop that asks.
    """
    if step.output_contract is not None:
        contract = CONTRACTS[step.output_contract.contract_ref]
        if contract.kind == "wr.loop_control":
            enough = pass_number is None or pass_number >= passes
            yield {"kind": contract.kind, "decision": "stop" if enough else "continue"}
        else:
            yield contract.example
    for assessment in step.assessments:
        yield assessed(assessment, step)


def assessed(assessment: Assessment, step: CompiledStep) -> JsonObject:
    """An assessment artifact whose levels trigger none of the step's consequences, where possible."""
    avoided = {item.level for item in step.consequences}
    levels = {
        dimension.dimension_id: next(
            (level for level in reversed(dimension.levels) if level not in avoided),
            dimension.levels[-1],
        )
        for dimension in assessment.dimensions
    }
    return {
        "kind": "wr.assessment",
        "assessmentId": assessment.assessment_id,
        "dimensions": levels,
    }


def missing_value(message: str) -> JsonValue:
    """A value for a context variable a loop cannot do without, by what the refusal says."""
    return 2 if "whole number" in message else _ITEMS


def _demands(criteria: Criteria) -> Iterator[tuple[str, int]]:
    """Texts that must be there, and least lengths."""
    match criteria:
        case Rule(check=check):
            yield _demand(check)
        case Otherwise():
            return
        case Rules(rules):
            for rule in rules:
                yield from _demands(rule)
        case EveryPart(parts) | SomePart(parts):
            for part in parts:
                yield from _demands(part)
        case _:
            assert_never(criteria)


def _demand(check: Check) -> tuple[str, int]:
    match check:
        case Contains(value):
            return value, 0
        case HasLength(least=least):
            return "", least or 0
        case Matches() | FitsSchema():
            return "", 0
        case _:
            assert_never(check)
