"""What does a search find, and where in a session?"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from workrail_engine.ids import NodeId
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.session.state import Status

Spot: TypeAlias = Literal["goal", "notes", "artifact", "title"]


@dataclass(frozen=True)
class Piece:
    """A part of a snippet; `hit` where it is a word that was looked for."""

    text: str
    hit: bool


@dataclass(frozen=True)
class Finding:
    """A text of a session that speaks of the words."""

    spot: Spot
    """`title` is the name of a step, and told only where nothing else of the session speaks."""
    node_id: NodeId | None
    """Where it was written, or the node that waits on the step; None for the goal."""
    step_title: str | None
    """Of the step the node waits on; None where it waits on none."""
    at: str | None
    snippet: tuple[Piece, ...]


@dataclass(frozen=True)
class FoundSession:
    """A session and its texts that speak of the words, at most five."""

    summary: SessionSummary
    findings: tuple[Finding, ...]
    more: bool


@dataclass(frozen=True)
class SearchAsk:
    """What is looked for; None leaves a condition out. Days are `YYYY-MM-DD`, UTC."""

    words: str
    limit: int = 20
    before: str | None = None
    """`next_before` of the page before."""
    status: Status | None = None
    workflow: str | None = None
    repository: str | None = None
    branch: str | None = None
    since: str | None = None
    until: str | None = None
    """Sessions that changed on or after, on or before that day."""
    artifact: str | None = None
    """Only sessions with an artifact of this kind; `any` for one of whatever kind."""


@dataclass(frozen=True)
class SearchPage:
    """Sessions that speak of the words, newest change first."""

    found: tuple[FoundSession, ...]
    total: int
    more: bool
    next_before: str | None
