"""An agent without a model: it completes any workflow by sending what each step demands.

It reads the compiled workflow, as a diligent agent reads its prompts: notes that satisfy the
criteria, an example of each contract, levels that trigger no consequence, loops left after a number
of passes, context a loop cannot do without.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.engine import Answered, Engine, StartRequest, Submission
from workrail_engine.errors import MissingContextError
from workrail_engine.ids import Digest
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    BlockerCode,
    Completed,
    StepReady,
    Waiting,
)
from workrail_engine.rehearsal.demands import all_steps, artifacts_for, missing_value, notes_for
from workrail_engine.workflow.compiled import CompiledStep, CompiledWorkflow

STEP_LIMIT = 2_000


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
    approved: list[str] = field(default_factory=list[str])
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
                case Waiting():
                    journey.approved.append(outcome.approval_id)
                    outcome = self._approved(outcome)
                    continue
                case _:
                    assert_never(outcome)
            outcome = self.engine.advance(outcome.token, sent)
        message = f"{workflow.workflow_id} did not end within {STEP_LIMIT} calls"
        raise AssertionError(message)

    def _approved(self, outcome: Waiting) -> AdvanceOutcome:
        """A person approves, by a way the agent does not have."""
        given = Answered("approved", Digest(outcome.digest), "a person", "test")
        return self.engine.approvals.answer(outcome.approval_id, given)

    def _start(
        self, workflow: CompiledWorkflow, workspace: Path | None, goal: str
    ) -> StepReady | Completed:
        context = dict(self.context)
        for _ in range(20):
            request = StartRequest(workflow.workflow_id, goal, workspace, context=context)
            try:
                return self.engine.start(request)
            except MissingContextError as error:
                context[error.variable] = missing_value(str(error))
        message = f"{workflow.workflow_id} kept asking for context"
        raise AssertionError(message)

    def _output(self, step: CompiledStep, pass_number: int | None) -> Submission:
        return Submission(
            notes=notes_for(step),
            artifacts=tuple(artifacts_for(step, pass_number, self.passes)),
            context=self.context,
        )

    def _mended(self, blocked: Blocked) -> Submission:
        context = {
            blocker.subject: missing_value(blocker.message)
            for blocker in blocked.blockers
            if blocker.code is BlockerCode.MISSING_CONTEXT
        }
        return Submission(context=context)
