"""Which value is the JSON of each address made from?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from workrail_console.pages.health import Alive, Health
from workrail_console.pages.proofs import ProofPage, Proofs
from workrail_console.pages.search import SearchAnswer
from workrail_console.pages.sessions import StartPage
from workrail_console.pages.step import StepPage
from workrail_console.pages.workflows import (
    DefinitionDiff,
    DefinitionPage,
    WorkflowPage,
    Workflows,
)
from workrail_console.session_views.run_panel import RunPanel
from workrail_console.standing import Standing
from workrail_engine.projections.session_detail import SessionDetail
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.projections.work_unit import WorkUnit


@dataclass(frozen=True)
class SessionView:
    """A session in one of its views, which adds what it shows."""

    view: str
    session: SessionDetail | SessionSummary
    """Whole in the story, with the nodes of one window; else its line of a list."""
    workflow_hash: str
    standing: Standing
    run: RunPanel | None
    """Of a session that is driven without a person."""


ANSWERS: Final[Mapping[str, Any]] = {
    "/health.json": Health,
    "/healthz": Alive,
    "/openapi.json": dict[str, Any],
    "/proofs.json": Proofs,
    "/proofs/{proof_id}.json": ProofPage,
    "/search.json": SearchAnswer,
    "/sessions.json": StartPage,
    "/sessions/{session_id}.json": SessionView,
    "/sessions/{session_id}/steps/{node}.json": StepPage,
    "/units/{session_id}.json": WorkUnit,
    "/workflows.json": Workflows,
    "/workflows/{workflow_id}.json": WorkflowPage,
    "/workflows/{workflow_id}/{workflow_hash}.json": DefinitionPage,
    "/workflows/{workflow_id}/{workflow_hash}/diff/{other}.json": DefinitionDiff,
}
