"""An agent without a model: it completes any workflow by sending what each step demands.

It reads the compiled workflow, as a diligent agent reads its prompts: notes that satisfy the
criteria, an example of each contract, levels that trigger no consequence, loops left after a number
of passes, context a loop cannot do without.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.errors import MissingContextError
from workrail_engine.outcomes import AdvanceOutcome, Blocked, BlockerCode, Completed, StepReady
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

STEP_LIMIT = 2_000
_ITEMS: JsonValue = ["one", "two"]


@dataclass(frozen=True)
class Visit:
    """A step the agent was handed."""

    step_id: str
    pass_number: int | None
    text: str


@dataclass
class Journey:
    """What driving a workflow came to."""

    session_id: str = ""
    visits: list[Visit] = field(default_factory=list[Visit])
    blocked: list[BlockerCode] = field(default_factory=list[BlockerCode])
    notices: list[str] = field(default_factory=list[str])
    completed: Completed | None = None


@dataclass(frozen=True)
class Agent:
    """Drives workflows on one engine.

    Args:
        passes: in which pass to leave a loop that asks the agent.
        context: what to send with the start and with every step.
    """

    engine: Engine
    passes: int = 2
    context: JsonObject = field(default_factory=dict[str, JsonValue])

    def drive(
        self, workflow: CompiledWorkflow, workspace: Path | None = None, goal: str = "Try it."
    ) -> Journey:
        """Run a workflow to its end; fails when it does not end within a bounded number of steps."""
        journey = Journey()
        outcome: AdvanceOutcome = self._start(workflow, workspace, goal)
        journey.session_id = outcome.session_id
        steps: dict[str, CompiledStep] = {step.step_id: step for step in all_steps(workflow)}
        for _ in range(STEP_LIMIT):
            journey.notices.extend(outcome.notices)
            match outcome:
                case Completed():
                    journey.completed = outcome
                    return journey
                case StepReady():
                    loop = outcome.step.loop
                    number = None if loop is None else loop.number
                    journey.visits.append(Visit(outcome.step.step_id, number, outcome.step.text))
                    sent = self._output(steps[outcome.step.step_id], number)
                case Blocked():
                    journey.blocked.extend(blocker.code for blocker in outcome.blockers)
                    sent = self._mended(outcome)
                case _:
                    assert_never(outcome)
            outcome = self.engine.advance(outcome.token, sent)
        message = f"{workflow.workflow_id} did not end within {STEP_LIMIT} calls"
        raise AssertionError(message)

    def _start(
        self, workflow: CompiledWorkflow, workspace: Path | None, goal: str
    ) -> StepReady | Completed:
        context = dict(self.context)
        for _ in range(20):
            request = StartRequest(workflow.workflow_id, goal, workspace, context=context)
            try:
                return self.engine.start(request)
            except MissingContextError as error:
                context[error.variable] = _wanted(str(error))
        message = f"{workflow.workflow_id} kept asking for context"
        raise AssertionError(message)

    def _output(self, step: CompiledStep, pass_number: int | None) -> Submission:
        return Submission(
            notes=notes_for(step),
            artifacts=tuple(self._artifacts(step, pass_number)),
            context=self.context,
        )

    def _artifacts(self, step: CompiledStep, pass_number: int | None) -> Iterator[JsonObject]:
        if step.output_contract is not None:
            contract = CONTRACTS[step.output_contract.contract_ref]
            if contract.kind == "wr.loop_control":
                enough = pass_number is None or pass_number >= self.passes
                yield {"kind": contract.kind, "decision": "stop" if enough else "continue"}
            else:
                yield contract.example
        for assessment in step.assessments:
            yield assessed(assessment, step)

    def _mended(self, blocked: Blocked) -> Submission:
        context = {
            blocker.subject: _wanted(blocker.message)
            for blocker in blocked.blockers
            if blocker.code is BlockerCode.MISSING_CONTEXT
        }
        return Submission(context=context)


def all_steps(workflow: CompiledWorkflow) -> Iterator[CompiledStep]:
    """Every step, those of loop bodies included."""
    for entry in workflow.steps:
        if isinstance(entry, CompiledLoop):
            yield from entry.body
        else:
            yield entry


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


def notes_for(step: CompiledStep) -> str:
    """Notes that satisfy the texts and lengths a step asks for.

    Patterns and schemas cannot be satisfied in general; such a step stays blocked, and says so.
    """
    wanted = list(_demands(step.criteria)) if step.criteria is not None else []
    notes = "\n".join(["I did what the step asks.", *(text for text, _ in wanted if text)])
    least = max((length for _, length in wanted), default=0)
    return notes.ljust(least, ".")


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


def _wanted(message: str) -> JsonValue:
    return 2 if "whole number" in message else _ITEMS
