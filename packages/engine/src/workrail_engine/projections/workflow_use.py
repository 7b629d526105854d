"""How is a workflow used?"""

from dataclasses import dataclass

from workrail_engine.projections.catalog import StepOutline
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.session.state import Status


@dataclass(frozen=True)
class UsedDefinition:
    """A definition as some runs have it pinned."""

    workflow_hash: str
    name: str
    sessions: int
    first_at: str
    last_at: str


@dataclass(frozen=True)
class WorkflowUse:
    """What the store's sessions say of a workflow, by its id."""

    workflow_id: str
    name: str
    """As the newest run has it."""
    sessions: int
    by_status: dict[Status, int]
    last_at: str
    median_seconds: float | None
    """From start to completion, over the newest 200 complete runs; None where none is."""


@dataclass(frozen=True)
class RetriedStep:
    """A step, and how often attempts at it were refused."""

    step_id: str
    title: str | None
    refused: int
    sessions: int


@dataclass(frozen=True)
class WorkflowStory:
    """Everything the console says of one workflow."""

    use: WorkflowUse
    definitions: tuple[UsedDefinition, ...]
    """Newest use first."""
    retried: tuple[RetriedStep, ...]
    """Most refused first, at most 10, over the newest 200 runs."""
    recent: tuple[SessionSummary, ...]
    """The newest 10 runs."""


@dataclass(frozen=True)
class PinnedDefinition:
    """One definition, as it is stored."""

    workflow_hash: str
    document: str
    """Its JSON, indented."""
    steps: tuple[StepOutline, ...]
    """Empty where this release cannot compile it."""
    problem: str | None
    """Why it cannot."""
