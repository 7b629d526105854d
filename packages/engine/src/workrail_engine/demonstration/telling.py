"""How is a made-up session told to the engine?"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from workrail_engine.canonical import JsonObject
from workrail_engine.demonstration.agent_life import Life, begin_life
from workrail_engine.demonstration.ground import Ground
from workrail_engine.demonstration.made_up_time import TaleClock
from workrail_engine.demonstration.tale import Drive, Tale, Then, Turn
from workrail_engine.engine import Answered, Engine, StartRequest, Submission
from workrail_engine.errors import InvalidInputError
from workrail_engine.ids import Digest, SessionId
from workrail_engine.outcomes import AdvanceOutcome, Blocked, Completed, StepReady, Waiting
from workrail_engine.projections.driving import Driver

_Outcome: TypeAlias = StepReady | Blocked | Waiting | Completed
_PERSON = "ada"


@dataclass
class Teller:
    """Tells tales, each a turn at a time."""

    engine: Engine
    ground: Ground
    sessions: dict[str, str] = field(default_factory=dict[str, str])
    """Ids of the sessions that have parts, by what the parts call them."""
    lives: list[Life] = field(default_factory=list[Life])
    """Runs whose end is not told yet: what they wait for has to be there first."""

    def begin(self, tale: Tale, driver: Driver | None) -> "Telling":
        """Start the session of a tale."""
        workspace = self.ground.workspace(tale.repository, tale.branch)
        request = StartRequest(
            workflow_id=tale.workflow,
            goal=tale.goal,
            workspace=workspace,
            parent_session_id=None if tale.part_of is None else self.sessions[tale.part_of],
            context=dict(tale.context),
            origin=tale.origin,
        )
        outcome = self.engine.start(request)
        if tale.name is not None:
            self.sessions[tale.name] = outcome.session_id
        telling = Telling(self, tale, workspace, outcome, driver)
        telling.be_heard()
        return telling


@dataclass
class Telling:
    """A tale that is being told."""

    teller: Teller
    tale: Tale
    workspace: Path | None
    outcome: _Outcome
    driver: Driver | None
    tokens: list[str] = field(default_factory=list[str])
    """The token each turn was sent with."""

    @property
    def session_id(self) -> str:
        """The session that is made."""
        return self.outcome.session_id

    def be_heard(self) -> None:
        """Note who drives the session now."""
        if self.driver is not None:
            self.teller.engine.driven_by(self.session_id, self.driver)

    def take(self, turn: Turn) -> None:
        """Do what a turn says.

        Raises:
            InvalidInputError: it does not come out as the tale says.
        """
        self.teller.ground.write(self.workspace, turn.write)
        outcome = self._carried_out(turn)
        came_to = _word(outcome)
        if came_to != turn.then:
            told = "; ".join(one.message for one in getattr(outcome, "blockers", ()))
            message = (
                f'"{self.tale.goal}", turn {len(self.tokens)}: it is {came_to}, and the tale says '
                f"{turn.then}. {told}"
            )
            raise InvalidInputError(message)
        self.outcome = outcome

    def _carried_out(self, turn: Turn) -> AdvanceOutcome:
        engine, now = self.teller.engine, self.outcome
        if isinstance(now, Waiting) and turn.verdict is not None:
            given = Answered(turn.verdict, Digest(now.digest), _PERSON, "terminal", turn.notes)
            return engine.approvals.answer(now.approval_id, given)
        token = "" if isinstance(now, Completed) else now.token
        if turn.back_to is not None:
            back = engine.rehydrate(self.tokens[turn.back_to - 1])
            token = "" if isinstance(back, Completed) else back.token
        sent = Submission(turn.notes, tuple(turn.artifacts), {**turn.context, **_lists(turn)})
        if turn.checkpoint:
            engine.checkpoint(token, replace(sent, artifacts=()))
            return now
        self.tokens.append(token)
        return engine.advance(token, sent)


def each_turn(tale: Tale) -> Iterator[Turn]:
    """The turns, those that happen several times one by one."""
    for turn in tale.turns:
        for number in range(1, turn.times + 1):
            notes = None if turn.notes is None else turn.notes.replace("{n}", str(number))
            yield turn.model_copy(update={"notes": notes, "times": 1})


def tell(
    teller: Teller, clock: TaleClock, tale: Tale, now: datetime, driver: Driver | None
) -> None:
    """Tell a whole tale of the past.

    Raises:
        InvalidInputError: it does not come out as it says.
    """
    clock.set(now - timedelta(hours=tale.hours_ago))
    telling = teller.begin(tale, driver)
    life = None if tale.run is None else _life(teller, clock, tale.run, telling)
    for turn in each_turn(tale):
        clock.pass_minutes(turn.minutes)
        if life is not None:
            life.live(turn.agent)
        if not turn.only_agent:
            telling.take(turn)
    if life is not None:
        life.at = clock.now()
        teller.lives.append(life)
    telling.be_heard()


def _life(teller: Teller, clock: TaleClock, drive: Drive, telling: Telling) -> Life:
    parent = None if telling.tale.part_of is None else teller.sessions[telling.tale.part_of]
    above = None if parent is None else SessionId(parent)
    return begin_life(teller.engine, clock, drive, SessionId(telling.session_id), above)


def _lists(turn: Turn) -> JsonObject:
    return {
        name: [f"{name}_{number:03}" for number in range(1, count + 1)]
        for name, count in turn.many.items()
    }


def _word(outcome: AdvanceOutcome) -> Then:
    match outcome:
        case StepReady():
            return "ready"
        case Blocked():
            return "blocked"
        case Waiting():
            return "waiting"
        case Completed():
            return "completed"
