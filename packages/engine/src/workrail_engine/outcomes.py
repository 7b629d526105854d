"""What a command can answer.

Callers `match` on these unions and end with `assert_never`. Everything here is a plain value that a
presenter turns into text; nothing here needs the store any more.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from workrail_engine.canonical import JsonObject, JsonValue


class Recorded(StrEnum):
    """How the answer relates to what is recorded."""

    NOW = "now"
    """This call recorded it."""
    BEFORE = "before"
    """The same call was made before; this is its recorded answer and nothing was written."""
    BEFORE_DIFFERENT = "before_different"
    """The token was used before with another payload: the recorded answer, the new payload unused."""


class BlockerCode(StrEnum):
    """Why an attempt was blocked; each is for the agent to mend."""

    MISSING_NOTES = "MISSING_NOTES"
    INVALID_NOTES = "INVALID_NOTES"
    MISSING_ARTIFACT = "MISSING_ARTIFACT"
    INVALID_ARTIFACT = "INVALID_ARTIFACT"
    MISSING_ASSESSMENT = "MISSING_ASSESSMENT"
    INVALID_ASSESSMENT = "INVALID_ASSESSMENT"
    ASSESSMENT_FOLLOWUP = "ASSESSMENT_FOLLOWUP"
    MISSING_CONTEXT = "MISSING_CONTEXT"
    INVALID_CONTEXT = "INVALID_CONTEXT"
    WRONG_LOOP = "WRONG_LOOP"
    EVALUATION_ERROR = "EVALUATION_ERROR"
    APPROVAL_REJECTED = "APPROVAL_REJECTED"
    CHECK_FAILED = "CHECK_FAILED"
    CHECK_ERROR = "CHECK_ERROR"


@dataclass(frozen=True)
class Blocker:
    """One thing that is missing or wrong in an attempt."""

    code: BlockerCode
    subject: str
    """What it is about: a contract, an assessment's dimension, a context key, `notes`."""
    message: str
    remedy: str
    example: JsonValue = None
    """Something that would be accepted, where one can be given."""


@dataclass(frozen=True)
class Requirement:
    """One thing the pending step demands, or holds its agent to."""

    kind: Literal["notes", "criterion", "artifact", "assessment", "context", "check", "tools"]
    text: str
    required: bool = True
    example: JsonValue = None


@dataclass(frozen=True)
class LoopPass:
    """Which pass through a loop this is."""

    loop_id: str
    title: str
    number: int
    """From 1."""
    limit: int
    """The most passes there can be."""


@dataclass(frozen=True)
class StepTools:
    """What an agent may do in a step. It takes away from what a run may do, and adds nothing."""

    allowed: tuple[str, ...] | None = None
    """Names of tools; None: all."""
    writable: tuple[tuple[str, ...], ...] = ()
    """Lists of globs: a file that may be changed is named by each of them; none: any file may."""
    network: bool = True
    """Whether what the run may reach can be reached."""


@dataclass(frozen=True)
class StepView:
    """A pending step, ready to be shown."""

    step_id: str
    title: str
    text: str
    """All authored text, context tokens replaced."""
    number: int
    """How many steps this branch has been handed, this one included; from 1."""
    total: int
    """About how many there will be; never less than `number`."""
    loop: LoopPass | None
    requirements: tuple[Requirement, ...]
    confirmation: str | None
    """When to ask a person before completing the step, in words; None: no need."""
    model_tier: str | None = None
    tools: StepTools | None = None
    """None: whatever the run may do."""


@dataclass(frozen=True)
class ReferenceView:
    """A document the workflow refers to."""

    title: str
    purpose: str
    source: str
    authoritative: bool
    path: str | None
    """Where it lies on this machine; None when it was not found."""


@dataclass(frozen=True)
class Preamble:
    """What an agent should know of the whole workflow; given at start and on return."""

    workflow_id: str
    workflow_name: str
    goal: str
    meta_guidance: tuple[str, ...]
    preconditions: tuple[str, ...]
    clarification_prompts: tuple[str, ...]
    references: tuple[ReferenceView, ...]
    model_tier: str | None


@dataclass(frozen=True)
class Recap:
    """What a returning agent is told: newest notes first, within a budget."""

    text: str
    omitted: int
    """How many older notes did not fit."""
    context: JsonObject
    branch_note: str | None
    """Said when the position is not the newest of its session."""


@dataclass(frozen=True)
class StepReady:
    """A step is pending; the token completes it."""

    session_id: str
    token: str
    step: StepView
    notices: tuple[str, ...] = ()
    """What happened on the way here: skipped steps, loop limits, a new branch."""
    preamble: Preamble | None = None
    recap: Recap | None = None
    recorded: Recorded = Recorded.NOW


@dataclass(frozen=True)
class Blocked:
    """The attempt was recorded but not accepted; the token retries it."""

    session_id: str
    token: str
    step: StepView
    blockers: tuple[Blocker, ...]
    kept: tuple[str, ...]
    """What was sent and kept (`notes`, `artifact wr.x`, `context`): it need not be sent again."""
    notices: tuple[str, ...] = ()
    recap: Recap | None = None
    preamble: Preamble | None = None
    recorded: Recorded = Recorded.NOW


@dataclass(frozen=True)
class Waiting:
    """The attempt holds all that is demanded and waits for approval; nothing else completes it."""

    session_id: str
    token: str
    """Shows how it stands; with other content it replaces what waits."""
    approval_id: str
    """What the approver calls it."""
    approver: Literal["human_approval", "coordinator_eval"]
    digest: str
    """Of exactly what the approver is shown."""
    step_title: str
    reason: str | None
    """The condition under which approval is asked, in words; None: always."""
    held: tuple[str, ...]
    """What waits (`notes`, `artifact wr.x`)."""
    notices: tuple[str, ...] = ()
    recap: Recap | None = None
    preamble: Preamble | None = None
    recorded: Recorded = Recorded.NOW


@dataclass(frozen=True)
class Completed:
    """The run is complete and recorded as such; there is nothing left to do."""

    session_id: str
    workflow_id: str
    steps_completed: int
    notices: tuple[str, ...] = ()
    recap: Recap | None = None
    recorded: Recorded = Recorded.NOW


@dataclass(frozen=True)
class Checkpointed:
    """A durable point beside the pending step; the session has not moved."""

    session_id: str
    checkpoint_token: str
    step_token: str
    """The token that completes the step, as before."""
    step_title: str
    recorded: Recorded = Recorded.NOW


@dataclass(frozen=True)
class Candidate:
    """A session that may be the one meant, with a token to return to it."""

    session_id: str
    workflow_id: str
    workflow_name: str
    goal: str
    status: Literal["running", "blocked", "waiting", "completed"]
    step_title: str | None
    updated_at: str
    """RFC 3339, UTC."""
    branch: str | None
    repository: str | None
    snippet: str
    why: tuple[str, ...]
    token: str


@dataclass(frozen=True)
class Found:
    """Sessions that match a resume request, best first."""

    candidates: tuple[Candidate, ...]
    total: int
    """How many matched."""
    more: bool = False
    """Whether more may match: very common words are not counted to the end."""
    damaged: tuple[str, ...] = ()
    """Ids of sessions that match and cannot be returned to: their record is damaged."""


@dataclass(frozen=True)
class NothingFound:
    """No session matches; says what was looked for and how many sessions there are."""

    asked: str
    sessions: int


AdvanceOutcome: TypeAlias = StepReady | Blocked | Waiting | Completed
StartOutcome: TypeAlias = StepReady | Completed
RehydrateOutcome: TypeAlias = StepReady | Blocked | Waiting | Completed
ResumeOutcome: TypeAlias = Found | NothingFound
