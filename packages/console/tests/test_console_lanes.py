"""Where the bars of a work unit lie."""

from dataclasses import replace

from workrail_console.lanes import AXIS, Bar, laid_out
from workrail_engine.ids import SessionId
from workrail_engine.projections.listing import ListedSession
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.projections.work_unit import UnitLine, WorkUnit

ROOT = SessionId("sess_" + "a" * 26)
SUMMARY = SessionSummary(
    session_id=ROOT,
    workflow_id="wr.x",
    workflow_name="X",
    goal="All of it",
    status="running",
    step_title=None,
    steps_completed=0,
    event_count=1,
    origin="mcp",
    parent_session_id=None,
    repository=None,
    branch=None,
    created_at="2026-11-22T10:00:00Z",
    updated_at="2026-11-22T11:00:00Z",
)


def line(start: str, end: str) -> UnitLine:
    listed = ListedSession(
        summary=replace(SUMMARY, created_at=start, updated_at=end),
        marks=(),
        marks_left_out=0,
        retries=0,
        reason=None,
        last_note=None,
        children={},
        drivers=(),
    )
    return UnitLine(listed, 0, None, {}, start, end, critical=False)


def bars(*lines: UnitLine) -> list[Bar | None]:
    return [row.bar for row in laid_out(WorkUnit(ROOT, lines, 0, cycle=False))]


def test_bars_share_one_axis_from_the_first_start_to_the_last_change() -> None:
    found = bars(
        line("2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"),
        line("2026-11-22T10:30:00Z", "2026-11-22T10:45:00Z"),
    )

    assert found == [Bar(0, AXIS), Bar(500, 250)]


def test_a_short_session_at_the_very_end_can_still_be_seen_within_the_axis() -> None:
    found = bars(
        line("2026-11-22T10:00:00Z", "2026-11-22T11:00:00Z"),
        line("2026-11-22T11:00:00Z", "2026-11-22T11:00:00Z"),
    )

    bar = found[1]
    assert bar is not None
    assert bar.length > 0
    assert bar.start + bar.length <= AXIS


def test_a_session_without_times_has_no_bar_and_a_unit_of_one_moment_fills_the_axis() -> None:
    assert bars(line("", "")) == [None]
    moment = "2026-11-22T10:00:00Z"
    assert bars(line(moment, moment), line(moment, "")) == [Bar(0, AXIS), None]
