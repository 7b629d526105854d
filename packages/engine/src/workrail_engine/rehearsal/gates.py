"""What stopped an agent, in a few words?"""

from collections.abc import Iterable, Iterator
from typing import Final

from workrail_engine.outcomes import Blocker, BlockerCode

APPROVAL: Final = "approval"
TOKENS: Final = "tokens"

_WORDS: Final = {
    BlockerCode.MISSING_NOTES: "notes",
    BlockerCode.INVALID_NOTES: "criteria",
    BlockerCode.APPROVAL_REJECTED: APPROVAL,
    BlockerCode.CHECK_FAILED: "check {}",
    BlockerCode.CHECK_ERROR: "check {}",
    BlockerCode.MISSING_ARTIFACT: "artifact {}",
    BlockerCode.INVALID_ARTIFACT: "artifact {}",
    BlockerCode.WRONG_LOOP: "artifact {}",
    BlockerCode.MISSING_ASSESSMENT: "assessment {}",
    BlockerCode.INVALID_ASSESSMENT: "assessment {}",
    BlockerCode.ASSESSMENT_FOLLOWUP: "assessment {}",
    BlockerCode.MISSING_CONTEXT: "context {}",
    BlockerCode.INVALID_CONTEXT: "context {}",
    BlockerCode.EVALUATION_ERROR: "criteria",
}


def gates_of(blockers: Iterable[Blocker]) -> Iterator[str]:
    """The gates that some reasons to block stand for."""
    for blocker in blockers:
        yield _WORDS[blocker.code].format(blocker.subject)
