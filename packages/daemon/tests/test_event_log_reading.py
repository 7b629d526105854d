"""Does whoever reads the daemon's log see every line once, in order, also those to come?"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, get_args

import pytest

from workrail_daemon.event_log.kinds import KINDS
from workrail_daemon.event_log.mirror import mirror
from workrail_daemon.event_log.reading import Wanted, follow, lines
from workrail_daemon.event_log.writing import FOLDER, EventLog
from workrail_engine.agent_events import (
    AGENT_EVENTS,
    AgentEvent,
    ArtifactSaved,
    Content,
    Incident,
    MessageGiven,
    Noticed,
    RunBegun,
    RunEnded,
    RunParked,
    ToolBegun,
    ToolFinished,
    TurnTaken,
    Usage,
)
from workrail_engine.ids import Digest, NodeId, SessionId

SESSION: Final = SessionId("sess_" + "a" * 26)
NODE: Final = NodeId(1)
CONTENT: Final = Content(Digest("sha256:" + "0" * 64), 12)
FACTS: Final[tuple[tuple[AgentEvent, tuple[str, ...]], ...]] = (
    (RunBegun(NODE, 1, "host:1", "m/x", "bubblewrap", CONTENT), ("session_started",)),
    (
        TurnTaken(NODE, 1, "m/x", "tool_use", None, ("Read",), CONTENT, Usage(1, 2, 3, 4), 5, 6, 1),
        ("llm_turn_completed",),
    ),
    (ToolBegun(NODE, 1, 1, "Bash", "ls"), ("tool_called",)),
    (ToolFinished(NODE, 1, 1, "Bash", "ok", "ls", CONTENT, None, 3), ("tool_completed",)),
    (ToolFinished(NODE, 1, 1, "Bash", "error", "ls", CONTENT, None, 3), ("tool_failed",)),
    (
        ToolFinished(NODE, 2, 1, "complete_step", "ok", "", CONTENT, None, 3),
        ("tool_completed", "step_advanced"),
    ),
    (MessageGiven(NODE, 1, 1, "nudge", "Go on."), ("message_given",)),
    (ArtifactSaved(NODE, 1, 1, "plan", "text/plain", CONTENT), ("artifact_saved",)),
    (RunParked(NODE, "budget", "Used up.", None, ()), ("session_parked",)),
    (RunEnded(NODE, "completed", "Complete."), ("session_completed",)),
    (RunEnded(NODE, "stuck", "In circles."), ("session_failed",)),
)


class Time:
    """A clock that goes on by a second each time it is looked at."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture(name="time")
def time_that_goes_on() -> Time:
    return Time()


@pytest.fixture(name="log")
def log_of_a_new_home(tmp_path: Path, time: Time) -> EventLog:
    return EventLog(tmp_path, time, most_bytes=400)


def numbers(home: Path, wanted: Wanted) -> list[object]:
    return [line["number"] for line in lines(home, wanted)]


def test_lines_are_found_by_session_kind_and_time(tmp_path: Path, log: EventLog) -> None:
    log.write("daemon_started", number=1)
    log.write("tool_called", "sess_a", number=2)
    log.write("tool_called", "sess_b", number=3)
    log.write("tool_failed", "sess_b", number=4)
    assert numbers(tmp_path, Wanted()) == [1, 2, 3, 4]
    assert numbers(tmp_path, Wanted(sessions=["sess_b"])) == [3, 4]
    assert numbers(tmp_path, Wanted(kinds=["tool_called"])) == [2, 3]
    assert numbers(tmp_path, Wanted(since="2026-01-31T12:00:03Z")) == [3, 4]


def test_what_is_no_line_is_passed_over(tmp_path: Path, log: EventLog) -> None:
    log.write("daemon_started", number=1)
    with (tmp_path / FOLDER / "2026-01-31.jsonl").open("ab") as file:
        file.write(b"no line\n[1]\n\xff\n")
    log.write("daemon_stopped", number=2)
    with (tmp_path / FOLDER / "2026-01-31.jsonl").open("ab") as file:
        file.write(b'{"kind": "to')
    assert numbers(tmp_path, Wanted()) == [1, 2]


def test_a_home_without_a_log_has_no_lines(tmp_path: Path) -> None:
    assert list(lines(tmp_path, Wanted())) == []


@pytest.mark.rule("LOG-5")
def test_following_survives_full_files_new_days_and_files_whose_time_is_over(
    tmp_path: Path, log: EventLog, time: Time
) -> None:
    folder = tmp_path / FOLDER

    def write(*several: int, days: int = 0) -> None:
        time.now += timedelta(days=days)
        for number in several:
            log.write("daemon_heartbeat", number=number, said="x" * 150)

    def old_files_go() -> None:
        for file in folder.glob("2026-01-31*.jsonl"):
            file.unlink()

    def append(piece: bytes) -> None:
        with (folder / "2026-02-01.jsonl").open("ab") as file:
            file.write(piece)

    acts: list[Callable[[], None]] = [
        lambda: write(1),
        lambda: write(2, 3, 4),
        lambda: write(5, days=1),
        old_files_go,
        lambda: append(b'{"kind":"daemon_heartbeat",'),
        lambda: append(b'"number":99}\n'),
        lambda: write(6),
    ]
    coming = iter(acts)

    def wait() -> bool:
        act = next(coming, None)
        if act is not None:
            act()
        return act is not None

    log.write("daemon_started", number=0)
    found = [line["number"] for line in follow(tmp_path, Wanted(), wait)]
    assert found == [0, 1, 2, 3, 4, 5, 99, 6]


@pytest.mark.rule("LOG-6")
@pytest.mark.parametrize(("event", "kinds"), FACTS)
def test_every_fact_of_a_run_is_told(
    tmp_path: Path, log: EventLog, event: AgentEvent, kinds: tuple[str, ...]
) -> None:
    mirror(log, SESSION, event)
    found = list(lines(tmp_path, Wanted(sessions=[SESSION])))
    assert tuple(line["kind"] for line in found) == kinds


@pytest.mark.rule("LOG-6")
@pytest.mark.parametrize("what", get_args(Incident))
def test_every_incident_of_a_run_is_told(tmp_path: Path, log: EventLog, what: Incident) -> None:
    mirror(log, SESSION, Noticed(NODE, what, "Something happened.", {"more": 1}))
    (line,) = lines(tmp_path, Wanted())
    assert line["kind"] in KINDS
    assert (line["said"], line["facts"]) == ("Something happened.", {"more": 1})


def test_the_facts_above_are_of_every_sort() -> None:
    assert {type(event) for event, _ in FACTS} | {Noticed} == set(AGENT_EVENTS)
