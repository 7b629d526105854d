"""What stands above every view of a session: its facts, its states, and commands to copy?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workrail_console.integrity import IntegrityBook
from workrail_console.liveness import LivenessJudge
from workrail_console.session_views.asked import VIEWS, Asked, ViewName
from workrail_console.session_views.run_panel import RunPanel, run_panel
from workrail_console.standing import Integrity, Standing, standing
from workrail_engine.ids import SessionId
from workrail_engine.ports import Clock
from workrail_engine.projections.listing import ListedSession
from workrail_engine.projections.run_lines import RunLine
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
    run: RunPanel | None
    """Of a session that is driven without a person."""


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
        views=tuple(
            _views(forked=forked, children=detail.children, run=_has_turns(reader, listed))
        ),
        commands=tuple(_commands(detail, listed.run)),
        attempts=0 if reason is None else reason.attempts,
        nodes_in_all=window.nodes_in_all,
        forked=forked,
        run=None if listed.run is None else run_panel(reader, judges.clock, listed.run),
    )


def _standing(reader: Reader, judges: Judges, listed: ListedSession, *, check: bool) -> Standing:
    summary = listed.summary
    alive = judges.liveness.of(summary.status, listed.drivers, listed.run)
    whole = _integrity(reader, judges.integrity, summary, check=check)
    return standing(listed, alive, whole, judges.clock.now())


def _integrity(
    reader: Reader, book: IntegrityBook, summary: SessionSummary, *, check: bool
) -> Integrity:
    known = book.of(summary.session_id, summary.event_count)
    if check or (known.word == "unchecked" and summary.event_count <= _CHECKED_AT_ONCE):
        return book.check(reader, summary.session_id, summary.event_count, summary.goal)
    return known


def _views(*, forked: bool, children: tuple[SessionSummary, ...], run: bool) -> Iterable[ViewName]:
    """A straight line is told better by the outline than by a graph; no run has no turns."""
    shown = {"graph": forked or bool(children), "turns": run}
    return (name for name in VIEWS if shown.get(name, True))


def _has_turns(reader: Reader, listed: ListedSession) -> bool:
    """Whether a run left facts; those of a copied session came along without a run."""
    if listed.run is not None:
        return True
    return listed.summary.origin == "daemon" and bool(
        reader.journal.read(listed.summary.session_id, most=1)
    )


def _commands(detail: SessionDetail, run: RunLine | None) -> Iterable[Command]:
    summary = detail.summary
    name: SessionId = summary.session_id
    if run is not None:
        yield Command("See how its run goes", f"worktrain status {name}")
        if run.view.state != "ended":
            yield Command("Say something to the agent", f'worktrain session steer {name} "…"')
            yield Command("End the run", f"worktrain session kill {name}")
    match summary.status:
        case "waiting":
            yield Command("Look at it and approve", f"workrail approve {name}")
            yield Command("Send it back", f"workrail reject {name}")
        case "running" | "blocked" if run is None:
            yield Command("Tell your agent to go on", f"Use WorkRail to resume session {name}")
        case "completed":
            proved = f"workrail proof export {name} --out proofs.jsonl"
            yield Command("Take its proofs along", proved)
        case _:
            pass
    yield Command("Read it in a terminal", f"workrail session show {name}")
    yield Command("Check its record", f"workrail session verify {name}")
