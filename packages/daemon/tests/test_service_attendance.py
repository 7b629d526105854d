"""Who counts as being there to work on a run?"""

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workrail_daemon.service.attendance import FRESH, Attendance
from workrail_daemon.service.lock import FILE, Held, held, locked
from workrail_daemon.service.process import holder_here
from workrail_engine.errors import StoreUnavailableError
from workrail_engine.ids import SessionId
from workrail_engine.projections.driving import Driver, SeenDriver
from workrail_engine.projections.runs import RunState, RunView, Spent

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOLDER = holder_here("store", 3, NOW.isoformat())
HERE = Attendance(Held(HOLDER, NOW.timestamp()), shared=False)
NOBODY = Attendance(None, shared=False)
ELSEWHERE = Attendance(None, shared=True)
RUN = RunView(
    session_id=SessionId("sess_a"),
    state="running",
    priority=0,
    lane=None,
    worker="far:7",
    epoch=1,
    crashes=0,
    rest=None,
    wish=None,
    outcome=None,
    said=None,
    doing=None,
    spent=Spent(),
    parent=None,
    depth=0,
    options={},
    ordered_at=NOW.isoformat(),
    began_at=None,
    ended_at=None,
)


def heard(ago: timedelta, process: int = 7) -> tuple[SeenDriver, ...]:
    return (SeenDriver(Driver("daemon", "far", process, 0), (NOW - ago).isoformat()),)


@pytest.mark.parametrize("state", ["running", "queued", "parked"])
def test_without_a_daemon_nobody_works_on_a_run_in_a_file(state: RunState) -> None:
    run = replace(RUN, state=state)

    assert not NOBODY.attends(run, heard(timedelta(0)), NOW)
    assert HERE.attends(run, (), NOW)


def test_a_run_that_is_over_needs_nobody() -> None:
    assert NOBODY.attends(replace(RUN, state="ended"), (), NOW)


def test_in_a_shared_store_the_worker_of_a_run_must_have_been_heard_of_lately() -> None:
    assert ELSEWHERE.attends(RUN, heard(FRESH / 2), NOW)
    assert not ELSEWHERE.attends(RUN, heard(FRESH * 2), NOW)
    assert not ELSEWHERE.attends(RUN, heard(FRESH / 2, process=8), NOW)
    assert ELSEWHERE.attends(replace(RUN, state="queued"), (), NOW)


@pytest.mark.rule("DAEMON-4")
def test_the_lock_tells_its_holder_until_it_is_let_go(tmp_path: Path) -> None:
    assert held(tmp_path) is None
    with locked(tmp_path, HOLDER) as lock:
        os.utime(tmp_path / FILE, (0, 0))
        lock.beat()
        found = held(tmp_path)
        assert found is not None
        assert found.holder == HOLDER
        assert found.beat_at > 0
        assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert held(tmp_path) is None


@pytest.mark.rule("DAEMON-4")
def test_a_file_that_was_left_behind_holds_nobody_up(tmp_path: Path) -> None:
    with locked(tmp_path, HOLDER):
        left = (tmp_path / FILE).read_text()
    (tmp_path / FILE).write_text(left)

    assert held(tmp_path) is None
    with locked(tmp_path, HOLDER):
        assert held(tmp_path) is not None


def test_a_home_that_cannot_be_written_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(StoreUnavailableError, match="WORKRAIL_HOME"),
        locked(tmp_path / "file" / "home", HOLDER),
    ):
        pass
