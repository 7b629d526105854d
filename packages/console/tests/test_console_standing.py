"""Three facts of a session, each with a word and a sentence that holds its evidence."""

import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from workrail_console.liveness import KEPT, LivenessJudge
from workrail_console.standing import Process, integrity, liveness, standing
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import Blocker, BlockerCode
from workrail_engine.projections.driving import Driver, SeenDriver
from workrail_engine.projections.listing import ListedSession, StandingReason
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.session.state import Status

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
AN_HOUR_AGO = "2026-11-22T11:00:00Z"
DRIVER = SeenDriver(Driver("mcp", "here", 4711, 1), "2026-11-22T11:59:48Z")
THERE = Process(here=True, there=True, name="claude")
ENDED = Process(here=True, there=False, name=None)
ELSEWHERE = Process(here=False, there=False, name=None)
ONE = SessionId("sess_" + "a" * 26)
BLOCKER = Blocker(
    BlockerCode.MISSING_ARTIFACT, "wr.report", "The step needs a report.", "Send one.", None
)


def listed(status: Status, reason: StandingReason | None = None) -> ListedSession:
    summary = SessionSummary(
        session_id=ONE,
        workflow_id="look",
        workflow_name="Look",
        goal="See",
        status=status,
        step_title=None if status == "completed" else "Collect evidence",
        steps_completed=1,
        event_count=7,
        origin="mcp",
        parent_session_id=None,
        repository=None,
        branch=None,
        created_at=AN_HOUR_AGO,
        updated_at=AN_HOUR_AGO,
    )
    return ListedSession(summary, ("current",), 0, 0, reason, None, {}, ())


def reason(*blockers: Blocker, attempts: int = 1, approver: str | None = None) -> StandingReason:
    return StandingReason(AN_HOUR_AGO, blockers, attempts, None, approver, None)


SEEN: list[tuple[SeenDriver | None, Process, str, str]] = [
    (DRIVER, THERE, "live", "Process 4711 (claude) is there; last call 12 s ago."),
    (
        replace(DRIVER, seen_at="2026-11-22T11:50:00Z"),
        THERE,
        "idle",
        "Process 4711 (claude) is there; last call 10 min ago.",
    ),
    (
        DRIVER,
        ENDED,
        "gone",
        "Process 4711 has ended; last call 12 s ago. The session can be resumed.",
    ),
    (
        DRIVER,
        ELSEWHERE,
        "unknown",
        "Process 4711 on here drives it; that machine cannot be seen: last call 12 s ago.",
    ),
    (None, THERE, "unknown", "No process is recorded that drives it."),
]


@pytest.mark.rule("CON-16")
@pytest.mark.parametrize(("driver", "process", "word", "sentence"), SEEN)
def test_liveness_is_what_the_process_table_says_and_never_a_guess(
    driver: SeenDriver | None, process: Process, word: str, sentence: str
) -> None:
    found = liveness(driver, process, NOW)

    assert (found.word, found.sentence) == (word, sentence)


@pytest.mark.rule("CON-16")
def test_a_complete_session_needs_nobody_to_drive_it() -> None:
    judge = LivenessJudge(FixedClock(), lambda _driver: THERE)

    assert judge.of("completed", [DRIVER]) is None
    assert judge.of("running", [DRIVER]) is not None


def test_the_machine_is_asked_once_for_many_rows_with_one_driver() -> None:
    asked: list[Driver] = []

    def look(driver: Driver) -> Process:
        asked.append(driver)
        return THERE

    judge = LivenessJudge(FixedClock(), look)
    for _ in range(50):
        judge.of("running", [DRIVER])

    assert len(asked) == 1
    assert KEPT > 0


@pytest.mark.rule("CON-16")
def test_a_process_that_got_the_number_of_one_that_ended_is_not_the_driver() -> None:
    judge = LivenessJudge(FixedClock())
    other = SeenDriver(Driver("mcp", socket.gethostname(), os.getpid(), 1), DRIVER.seen_at)

    assert judge.of_driver(other).word == "gone"


@pytest.mark.rule("CON-16")
def test_integrity_says_what_was_checked_or_that_nothing_was() -> None:
    assert integrity(None, 7).word == "unchecked"
    assert integrity((), 7).sentence == "The record is what was written: all 7 events checked."
    damaged = integrity(("event 4 has no hash", "event 5 neither"), 7)
    assert damaged.word == "damaged"
    assert damaged.sentence == "The record is damaged: event 4 has no hash (and 1 more)"
    assert len(damaged.problems) == 2


SENTENCES: list[tuple[ListedSession, str | None]] = [
    (listed("running"), None),
    (listed("completed"), None),
    (
        listed("blocked", reason(BLOCKER, attempts=3)),
        "Blocked 1 h 0 min ago at Collect evidence (attempt 3): The step needs a report.",
    ),
    (
        listed("blocked", reason(BLOCKER, BLOCKER)),
        "Blocked 1 h 0 min ago at Collect evidence: The step needs a report. And 1 more.",
    ),
    (listed("blocked"), "Blocked 1 h 0 min ago at Collect evidence."),
    (
        listed("waiting", reason(approver="human_approval")),
        "Waits for a person to approve Collect evidence, asked 1 h 0 min ago",
    ),
    (
        listed("waiting", reason(approver="coordinator_eval")),
        "Waits for a coordinator to approve Collect evidence, asked 1 h 0 min ago",
    ),
    (
        replace(listed("running"), problem="node 4 is missing"),
        "Its row cannot be told whole: node 4 is missing",
    ),
]


@pytest.mark.rule("CON-16")
@pytest.mark.parametrize(("line", "sentence"), SENTENCES)
def test_every_state_that_is_not_normal_has_a_sentence(
    line: ListedSession, sentence: str | None
) -> None:
    found = standing(line, None, integrity((), 7), NOW)

    assert found.sentence == sentence


def test_of_a_long_message_only_the_first_line_is_in_the_list() -> None:
    long = Blocker(BlockerCode.MISSING_ARTIFACT, "x", "exit code 1:\n- a\n- b", "Send:\n{}", None)

    found = standing(listed("blocked", reason(long)), None, integrity((), 7), NOW)

    assert found.sentence == "Blocked 1 h 0 min ago at Collect evidence: exit code 1…"
    assert found.remedy == "Send…"


def test_what_waits_for_a_person_has_the_command_that_answers_and_what_is_blocked_the_remedy() -> (
    None
):
    waiting = standing(listed("waiting", reason()), None, integrity((), 7), NOW)
    blocked = standing(listed("blocked", reason(BLOCKER)), None, integrity((), 7), NOW)

    assert waiting.command == f"workrail approve {ONE}"
    assert (blocked.command, blocked.remedy) == (None, "Send one.")


class FixedClock:
    def now(self) -> datetime:
        return NOW + timedelta(0)
