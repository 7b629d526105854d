"""What stands above every view of a session: its facts, its states, and commands to copy?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workrail_console.integrity import IntegrityBook
from workrail_console.liveness import LivenessJudge
from workrail_console.session_views.asked import VIEWS, Asked, ViewName
from workrail_console.standing import Integrity, Standing, standing
from workrail_engine.ids import SessionId
from workrail_engine.ports import Clock
from workrail_engine.projections.listing import ListedSession
from workrail_engine.projections.session_detail import SessionDetail
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.projections.session_window import OutlineLine, SessionWindow
from workrail_engine.reader import Reader

_CHECKED_AT_ONCE = 500
"""Records of at most so many events are checked before their page is made."""


@dataclass(frozen=True)
class Judges:
    """What is asked about a session beside the store."""

    clock: Clock
    liveness: LivenessJudge
    integrity: IntegrityBook


@dataclass(frozen=True)
class Command:
    """Something to copy, and what it is for."""

    purpose: str
    text: str


@dataclass(frozen=True)
class Header:
    """What every view of a session says first."""

    summary: SessionSummary
    workflow_hash: str
    standing: Standing
    children: tuple[SessionSummary, ...]
    views: tuple[ViewName, ...]
    """Those that have something to show."""
    commands: tuple[Command, ...]
    attempts: int
    """Attempts at the pending step that were refused."""
    nodes_in_all: int
    forked: bool
    """Whether a branch was left."""


def header(
    reader: Reader,
    judges: Judges,
    asked: Asked,
    window: SessionWindow,
    outline: Sequence[OutlineLine],
) -> Header:
    """The header of a session.

    Args:
        reader: of the store.
        judges: what else is asked.
        asked: what the address asks for.
        window: any part of the session.
        outline: all its nodes.
    """
    detail = window.detail
    forked = any(not line.on_tip_branch and line.kind != "checkpoint" for line in outline)
    listed = reader.overview.line(detail.summary.session_id)
    reason = listed.reason
    return Header(
        summary=detail.summary,
        workflow_hash=detail.workflow_hash,
        standing=_standing(reader, judges, listed, check=asked.check),
        children=detail.children,
        views=tuple(_views(forked=forked, children=detail.children)),
        commands=tuple(_commands(detail)),
        attempts=0 if reason is None else reason.attempts,
        nodes_in_all=window.nodes_in_all,
        forked=forked,
    )


def _standing(reader: Reader, judges: Judges, listed: ListedSession, *, check: bool) -> Standing:
    summary = listed.summary
    alive = judges.liveness.of(summary.status, listed.drivers)
    whole = _integrity(reader, judges.integrity, summary, check=check)
    return standing(listed, alive, whole, judges.clock.now())


def _integrity(
    reader: Reader, book: IntegrityBook, summary: SessionSummary, *, check: bool
) -> Integrity:
    known = book.of(summary.session_id, summary.event_count)
    if check or (known.word == "unchecked" and summary.event_count <= _CHECKED_AT_ONCE):
        return book.check(reader, summary.session_id, summary.event_count, summary.goal)
    return known


def _views(*, forked: bool, children: tuple[SessionSummary, ...]) -> Iterable[ViewName]:
    """A straight line is told better by the outline than by a graph."""
    return (name for name in VIEWS if name != "graph" or forked or children)


def _commands(detail: SessionDetail) -> Iterable[Command]:
    summary = detail.summary
    name: SessionId = summary.session_id
    match summary.status:
        case "waiting":
            yield Command("Look at it and approve", f"workrail approve {name}")
            yield Command("Send it back", f"workrail reject {name}")
        case "running" | "blocked":
            yield Command("Tell your agent to go on", f"Use WorkRail to resume session {name}")
        case "completed":
            proved = f"workrail proof export {name} --out proofs.jsonl"
            yield Command("Take its proofs along", proved)
    yield Command("Read it in a terminal", f"workrail session show {name}")
    yield Command("Check its record", f"workrail session verify {name}")
