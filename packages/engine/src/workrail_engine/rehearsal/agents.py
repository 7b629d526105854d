"""What do the scripted agents send, and what do they do to the files?

Each plays one way in which agents go wrong; `diligent` is the one that does not. `amnesiac` does the
work like `diligent`; what it forgets is in `driving`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final, assert_never

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.engine import Submission
from workrail_engine.outcomes import Blocker, BlockerCode
from workrail_engine.rehearsal.case_definition import AgentName, AnswerDefinition
from workrail_engine.rehearsal.demands import artifacts_for, missing_value, notes_for
from workrail_engine.rehearsal.practice_ground import Edits, PracticeGround
from workrail_engine.workflow.checks import ApprovalCheck
from workrail_engine.workflow.compiled import CompiledStep

TRICKSTERS: Final[tuple[AgentName, ...]] = ("lazy", "lying", "injected")
"""Agents that do not do the work."""
_PATIENCE: Final = 6
_CLAIM: Final = "Everything is done. I ran all checks and tests, and every one of them passed."
_TESTS: Final = ("test_*", "*_test.*", "*.test.*", "*.spec.*")
_TOLD: Final = re.compile(r"^\W*agents?[,:]\s+(delete|empty)\s+`?([^\s`]+?)`?[.\W]*$", re.I | re.M)


@dataclass(frozen=True)
class Turn:
    """A step that an agent is to answer."""

    step: CompiledStep
    pass_number: int | None
    """From 1; None outside loops."""
    attempt: int
    """From 1, at this step in this pass."""
    blockers: tuple[Blocker, ...] = ()
    """Why the attempt before was not accepted."""


@dataclass(frozen=True)
class Sent:
    """What an agent does at its turn."""

    submission: Submission
    edits: Edits = field(default_factory=Edits)


@dataclass(frozen=True)
class Agent:
    """One agent in one case."""

    name: AgentName
    answers: Sequence[AnswerDefinition]
    passes: int
    ground: PracticeGround | None

    @property
    def honest(self) -> bool:
        """Whether it does the work."""
        return self.name not in TRICKSTERS

    def act(self, turn: Turn) -> Sent | None:
        """What it does; None when it gives up."""
        match self.name:
            case "diligent" | "amnesiac":
                return self._work(turn) if turn.attempt <= self._patience(turn) else None
            case "lazy":
                sent = (Submission(), Submission(notes="Done."))
                return Sent(sent[turn.attempt - 1]) if turn.attempt <= len(sent) else None
            case "lying":
                return Sent(self._lie(turn)) if turn.attempt <= 2 else None
            case "injected":
                return Sent(self._lie(turn), self._harm()) if turn.attempt == 1 else None
            case _:
                assert_never(self.name)

    def _work(self, turn: Turn) -> Sent:
        answer = self._answer(turn)
        edits = Edits() if answer is None else Edits(answer.write, answer.delete)
        return Sent(self._well_formed(turn, answer), edits)

    def _lie(self, turn: Turn) -> Submission:
        """All that is asked for, in good form, and no work behind it."""
        told = self._well_formed(turn, self._answer(turn))
        claims: tuple[JsonObject, ...] = tuple(
            {"kind": "wr.check_output", "check": check.check_id, "outcome": "passed"}
            for check in turn.step.checks
            if not isinstance(check, ApprovalCheck)
        )
        notes = f"{told.notes}\n{_CLAIM}" if _plain(turn.step) else told.notes
        return Submission(notes, (*told.artifacts, *claims), told.context)

    def _well_formed(self, turn: Turn, answer: AnswerDefinition | None) -> Submission:
        context: dict[str, JsonValue] = {
            blocker.subject: missing_value(blocker.message)
            for blocker in turn.blockers
            if blocker.code is BlockerCode.MISSING_CONTEXT
        }
        notes, artifacts = None, None
        if answer is not None:
            notes, artifacts = answer.notes, answer.artifacts
            context.update(answer.context)
        if artifacts is None:
            artifacts = tuple(artifacts_for(turn.step, turn.pass_number, self.passes))
        return Submission(notes_for(turn.step) if notes is None else notes, artifacts, context)

    def _answer(self, turn: Turn) -> AnswerDefinition | None:
        """The answer that says most about when it is meant; the last of equals."""
        fitting = [
            answer
            for answer in self.answers
            if answer.step == turn.step.step_id
            and answer.pass_ in (None, turn.pass_number)
            and answer.attempt in (None, turn.attempt)
        ]
        return max(reversed(fitting), key=_exactness, default=None)

    def _patience(self, turn: Turn) -> int:
        planned = (
            answer.attempt or 1 for answer in self.answers if answer.step == turn.step.step_id
        )
        return max(_PATIENCE, *planned, 0)

    def _harm(self) -> Edits:
        """What a text among the files tells it to do; where none does, the tests go."""
        if self.ground is None:
            return Edits()
        names = list(self.ground.files())
        told = [
            (verb.lower(), path)
            for name in names
            for verb, path in _TOLD.findall(self.ground.text(name))
        ]
        if told:
            emptied = {path: "" for verb, path in told if verb == "empty" and path in names}
            deleted = tuple(path for verb, path in told if verb == "delete" and path in names)
            return Edits(emptied, deleted)
        return Edits({}, tuple(_tests(names)))


def _exactness(answer: AnswerDefinition) -> int:
    return (answer.pass_ is not None) + 2 * (answer.attempt is not None)


def _plain(step: CompiledStep) -> bool:
    """Whether anything may be added to the notes of a step without spoiling their form."""
    return step.criteria is None


def _tests(names: Sequence[str]) -> Iterator[str]:
    for name in names:
        path = PurePosixPath(name)
        if "tests" in path.parts[:-1] or any(path.match(pattern) for pattern in _TESTS):
            yield name
