"""How does one scripted agent get through one workflow?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never

from workrail_engine.engine import Answered, Engine, ResumeRequest, StartRequest, Submission
from workrail_engine.errors import InvalidInputError, InvalidTokenError
from workrail_engine.ids import Digest
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    Completed,
    Found,
    NothingFound,
    StepReady,
    Waiting,
)
from workrail_engine.rehearsal.agents import Agent, Sent, Turn
from workrail_engine.rehearsal.case_definition import Verdict
from workrail_engine.rehearsal.course import label
from workrail_engine.rehearsal.demands import all_steps
from workrail_engine.rehearsal.gates import TOKENS, gates_of
from workrail_engine.rehearsal.practice_ground import Edits, PracticeGround
from workrail_engine.rehearsal.rehearsed_checks import RehearsedChecks
from workrail_engine.rehearsal.stage import Stage
from workrail_engine.workflow.compiled import CompiledStep, CompiledWorkflow

_CALLS: Final = 2_000
_INVENTED: Final = "ct_" + "a" * 24
_Pending: TypeAlias = StepReady | Blocked


@dataclass(frozen=True)
class Met:
    """How a step met what an agent tried there."""

    step_id: str
    gates: tuple[str, ...]
    """What stopped it; nothing: it was believed."""


@dataclass(frozen=True)
class Cast:
    """Who acts in a run."""

    agent: Agent
    double: Agent | None = None
    """Does the work at a step where the agent is stopped, so that the next step is met too."""
    verdicts: Mapping[str, Sequence[Verdict]] = field(default_factory=dict[str, Sequence[Verdict]])
    """What the approver says at a step, one after the other; nothing: no answer."""


@dataclass
class _Place:
    """The step that is being answered."""

    step: CompiledStep
    pass_number: int | None
    attempt: int = 0
    double_on: bool = False
    gates: list[str] = field(default_factory=list[str])
    edits: list[Edits] = field(default_factory=list[Edits])
    """What the double did to the files."""

    @property
    def name(self) -> str:
        return label(self.step.step_id, None if self.pass_number is None else self.pass_number - 1)


@dataclass
class Driving:
    """One run of one workflow."""

    stage: Stage
    engine: Engine
    workflow: CompiledWorkflow
    checks: RehearsedChecks
    cast: Cast
    session_id: str | None = None
    met: list[Met] = field(default_factory=list[Met])
    _place: _Place | None = None
    _honest: list[Edits] = field(default_factory=list[Edits])
    _old_token: str | None = None
    _answered: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def _ground(self) -> PracticeGround | None:
        return self.cast.agent.ground

    def go(self, request: StartRequest) -> str:
        """Run to the end, or as far as the agent gets.

        Returns:
            Why it went no further, in words.
        """
        steps: dict[str, CompiledStep] = {one.step_id: one for one in all_steps(self.workflow)}
        try:
            outcome: AdvanceOutcome = self.engine.start(request)
            self.session_id = outcome.session_id
            for _ in range(_CALLS):
                match outcome:
                    case Completed():
                        self._leave()
                        return "it completed"
                    case StepReady() | Blocked():
                        self._arrive(outcome, steps)
                        following = self._act(outcome)
                    case Waiting():
                        following = self._decide(outcome)
                    case _:
                        assert_never(outcome)
                if following is None:
                    return self._stopped(outcome)
                outcome = following
        except InvalidInputError as error:
            return f"the engine refused what was sent{self._where()}: {error}"
        return f"it had not ended after {_CALLS} calls"

    def _arrive(self, outcome: _Pending, steps: Mapping[str, CompiledStep]) -> None:
        if isinstance(outcome, Blocked) and self._place is not None:
            if not self._place.double_on:
                self._place.gates.extend(gates_of(outcome.blockers))
            return
        self._leave()
        loop = outcome.step.loop
        number = None if loop is None else loop.number
        self._place = _Place(steps[outcome.step.step_id], number)

    def _leave(self) -> None:
        """Note how the step that was left met the agent, and what it would have taken honestly."""
        place = self._place
        if place is None:
            return
        if place.double_on:
            self._honest.extend(place.edits)
        else:
            if not self.cast.agent.honest:
                self.met.append(Met(place.step.step_id, ()))
            if self.cast.double is not None:
                worked = self.cast.double.act(Turn(place.step, place.pass_number, 1))
                self._honest.extend([worked.edits] if worked is not None else [])

    def _act(self, outcome: _Pending) -> AdvanceOutcome | None:
        place = self._standing()
        place.attempt += 1
        blockers = outcome.blockers if isinstance(outcome, Blocked) else ()
        actor = self.cast.agent
        if place.double_on and self.cast.double is not None:
            actor = self.cast.double
        sent = actor.act(Turn(place.step, place.pass_number, place.attempt, blockers))
        if sent is None and not place.double_on and self.cast.double is not None:
            actor, sent = self.cast.double, self._taken_over(place, self.cast.double, outcome)
        if sent is None:
            return None
        return self._send(actor, outcome.token, sent)

    def _taken_over(self, place: _Place, double: Agent, outcome: _Pending) -> Sent | None:
        """The agent is stopped here: the double does the work, on files as they should be."""
        self.met.append(Met(place.step.step_id, tuple(dict.fromkeys(place.gates))))
        place.double_on, place.attempt = True, 1
        if self._ground is not None:
            self._ground.set_back(self._honest)
        blockers = outcome.blockers if isinstance(outcome, Blocked) else ()
        return double.act(Turn(place.step, place.pass_number, 1, blockers))

    def _send(self, actor: Agent, token: str, sent: Sent) -> AdvanceOutcome:
        place = self._standing()
        if self._ground is not None:
            self._ground.apply(sent.edits)
        if place.double_on:
            place.edits.append(sent.edits)
        self.checks.honest = actor.honest
        self.checks.attempt += 1
        if actor.name == "amnesiac":
            token = self._forgotten(token)
        self._old_token = token
        return self.engine.advance(token, sent.submission)

    def _forgotten(self, token: str) -> str:
        """Use an old token and an invented one, then come back by the session's id."""
        place, session_id = self._standing(), self.session_id or ""
        before = self.stage.event_count(session_id)
        for wrong in (self._old_token, _INVENTED):
            try:
                if wrong is not None:
                    self.engine.advance(wrong, Submission(notes="Again, from memory."))
            except InvalidTokenError:
                continue
        unmoved = self.stage.event_count(session_id) == before
        self.met.append(Met(place.step.step_id, (TOKENS,) if unmoved else ()))
        match self.engine.resume(ResumeRequest(session_id=session_id)):
            case Found(candidates=(only, *_)):
                back = self.engine.rehydrate(only.token)
                return token if isinstance(back, Completed) else back.token
            case Found() | NothingFound():
                return token

    def _decide(self, outcome: Waiting) -> AdvanceOutcome | None:
        """The approver's word; in a run with a double, whatever the agent sent itself is rejected."""
        place = self._standing()
        if self.cast.double is not None:
            verdict: Verdict = "approve" if place.double_on or self.cast.agent.honest else "reject"
        else:
            planned = self.cast.verdicts.get(place.step.step_id, ())
            turn = self._answered.get(place.step.step_id, 0)
            if turn >= len(planned):
                return None
            self._answered[place.step.step_id] = turn + 1
            verdict = planned[turn]
        return self.engine.approvals.answer(outcome.approval_id, _answer(verdict, outcome))

    def _stopped(self, outcome: AdvanceOutcome) -> str:
        match outcome:
            case Waiting():
                return (
                    f"it waits for approval at {self._standing().name}, and the case has no further "
                    "answer under `approvals`"
                )
            case Blocked():
                told = "; ".join(f"{one.code.value}: {one.message}" for one in outcome.blockers)
                return f"the agent gave up{self._where()}: {told}"
            case StepReady() | Completed():
                return f"the agent gave up{self._where()}"
            case _:
                assert_never(outcome)

    def _where(self) -> str:
        return "" if self._place is None else f" at {self._place.name}"

    def _standing(self) -> _Place:
        assert self._place is not None  # noqa: S101 (a step is reached before anything is sent)
        return self._place


def _answer(verdict: Verdict, outcome: Waiting) -> Answered:
    said = "approved" if verdict == "approve" else "rejected"
    return Answered(said, Digest(outcome.digest), "rehearsal", "rehearsal")
