"""Which events are proved, and what does a proof of one come to?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from workrail_engine.outcomes import Blocker, BlockerCode
from workrail_engine.session.events import (
    ApprovalAnswered,
    AssessmentRecorded,
    AttemptBlocked,
    CheckRecorded,
    Event,
    RunCompleted,
)

ProofKind: TypeAlias = Literal["check", "approval", "assessment", "completion"]
ProofOutcome: TypeAlias = Literal["pass", "fail"]
Provable: TypeAlias = (
    CheckRecorded | ApprovalAnswered | AssessmentRecorded | AttemptBlocked | RunCompleted
)


@dataclass(frozen=True)
class Files:
    """The files a proof speaks of."""

    tree: str | None
    """`git:` and a tree, or `files:` and a digest; None where it is not known."""
    paths: tuple[str, ...] | None = None
    """Those that differ from the base revision, relative to the workspace; None: not known."""


def provable(event: Event) -> Provable | None:
    """The event, if it is of a kind that is proved."""
    match event:
        case CheckRecorded() | ApprovalAnswered() | AssessmentRecorded() | RunCompleted():
            return event
        case AttemptBlocked():
            return event if _sent_back(event.blockers) else None
        case _:
            return None


def kind_of(event: Provable) -> ProofKind:
    """The kind of proof an event gets."""
    match event:
        case CheckRecorded():
            return "check"
        case ApprovalAnswered():
            return "approval"
        case AssessmentRecorded() | AttemptBlocked():
            return "assessment"
        case RunCompleted():
            return "completion"


def outcome_of(event: Provable) -> ProofOutcome:
    """Whether what an event proves let the session go on."""
    match event:
        case CheckRecorded():
            held = event.outcome == "passed"
        case ApprovalAnswered():
            held = event.verdict == "approved"
        case AttemptBlocked():
            held = False
        case AssessmentRecorded() | RunCompleted():
            held = True
    return "pass" if held else "fail"


def _sent_back(blockers: Sequence[Blocker]) -> bool:
    return any(one.code is BlockerCode.ASSESSMENT_FOLLOWUP for one in blockers)
