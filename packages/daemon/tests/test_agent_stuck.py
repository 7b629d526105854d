"""Is a run that gets nowhere told from one that works or waits?"""

from collections.abc import Mapping

import pytest

from workrail_daemon.agent.stuck import Stuck, judged
from workrail_daemon.agent.stuck_rules import StuckSettings
from workrail_daemon.models.protocol import Text, ToolUse
from workrail_daemon.testing.written_log import WrittenLog
from workrail_engine.agent_events import Noticed, RunEnded, Usage
from workrail_engine.ids import NodeId

SETTINGS = StuckSettings()


@pytest.fixture
def log() -> WrittenLog:
    begun = WrittenLog()
    begun.told("Go.")
    return begun


def judge(
    log: WrittenLog, settings: StuckSettings = SETTINGS, most_turns: int = 200
) -> Stuck | None:
    return judged(log.transcript, log.entries, settings, most_turns)


def reason(log: WrittenLog, most_turns: int = 200) -> str | None:
    """The reason and level of the verdict, which is put into the log as the loop does."""
    stuck = judge(log, most_turns=most_turns)
    if stuck is None:
        return None
    log.write(stuck.noticed(log.node))
    if stuck.level == "warn":
        log.told(stuck.nudge, turn=log.transcript.turn, source="nudge")
    return f"{stuck.level} {stuck.evidence.reason}"


def talk(log: WrittenLog, tokens: int) -> None:
    log.answered(log.transcript.turn + 1, Text("Well."), usage=Usage(output=tokens))
    log.told("Go on.", turn=log.transcript.turn, source="nudge")


CI: Mapping[str, str] = {"command": "gh run view 7"}


@pytest.mark.rule("AGENT-46")
def test_five_polls_with_changing_output_are_not_stuck(log: WrittenLog) -> None:
    for done in range(5):
        log.used("Bash", CI, f"{done} of 5 jobs done")
        assert judge(log) is None


@pytest.mark.rule("AGENT-46")
def test_the_same_call_with_the_same_result_three_times_is_warned_of(log: WrittenLog) -> None:
    for _ in range(2):
        log.used("Bash", CI, "queued")
        assert judge(log) is None
    log.used("Bash", CI, "queued")
    stuck = judge(log)
    assert stuck is not None
    assert stuck.level == "warn"
    assert stuck.said == (
        "The same call was made 3 times in a row, with the same result: Bash gh run view 7."
    )
    assert stuck.said in stuck.nudge
    assert stuck.noticed(NodeId(1)).facts == {
        "reason": "repeats",
        "level": "warn",
        "times": 3,
        "calls": ["Bash gh run view 7"],
    }


@pytest.mark.rule("AGENT-46")
def test_a_b_a_b_with_equal_results_is_stuck(log: WrittenLog) -> None:
    for _ in range(2):
        log.used("Read", {"filePath": "a"}, "A")
        assert judge(log) is None
        log.used("Bash", {"command": "make"}, "failed")
    assert reason(log) == "warn cycle"


@pytest.mark.parametrize("period", [3, 4])
def test_longer_rounds_are_found(log: WrittenLog, period: int) -> None:
    for number in range(2 * period):
        assert judge(log) is None
        log.used("Read", {"filePath": str(number % period)}, "same")
    assert reason(log) == "warn cycle"


def test_a_round_whose_results_change_is_not_stuck(log: WrittenLog) -> None:
    for number in range(6):
        log.used("Edit", {"file_path": "a", "new_string": str(number)}, "done")
        log.used("Bash", {"command": "make"}, "failed")
        assert judge(log) is None


def test_writing_other_things_to_the_same_file_is_not_the_same_call(log: WrittenLog) -> None:
    for number in range(4):
        turn = log.transcript.turn + 1
        log.answered(turn, ToolUse("w", "Write", {"filePath": "x", "content": str(number)}))
        log.finished(turn, 1, "Write", "written", said="x, 1 byte")
        assert judge(log) is None


def test_a_long_output_is_compared_whole(log: WrittenLog) -> None:
    for turn in range(1, 4):
        log.answered(turn, ToolUse("w", "Bash", {"command": "make"}))
        log.finished(turn, 1, "Bash", f"cut; see output:{turn}:1", whole="all of it")
    assert reason(log) == "warn repeats"


def test_calls_that_wait_for_something_outside_are_given_more_time(log: WrittenLog) -> None:
    for _ in range(9):
        log.used("Bash", {"command": "sleep 60; gh run view 7"}, "queued", ms=60_000)
        assert judge(log) is None
    log.used("Bash", {"command": "sleep 60; gh run view 7"}, "queued", ms=60_000)
    assert reason(log) == "warn repeats"


def test_an_interrupted_call_says_nothing_of_the_agent(log: WrittenLog) -> None:
    for _ in range(4):
        log.used("Bash", {"command": "make"}, "interrupted", "interrupted")
    assert judge(log) is None


@pytest.mark.rule("AGENT-47")
def test_evidence_after_a_warning_ends_the_run_and_only_fresh_evidence_counts(
    log: WrittenLog,
) -> None:
    for _ in range(3):
        log.used("Bash", CI, "queued")
    assert reason(log) == "warn repeats"
    for _ in range(2):
        assert judge(log) is None
        log.used("Bash", CI, "queued")
    log.used("Bash", CI, "queued")
    assert reason(log) == "abort repeats"
    assert judge(log) is None


def test_where_nobody_ends_it_the_next_evidence_is_as_grave(log: WrittenLog) -> None:
    said: list[str | None] = []
    for _ in range(9):
        log.used("Bash", CI, "queued")
        said.append(reason(log))
    assert said == [None, None, "warn repeats"] + 2 * [None, None, "abort repeats"]


@pytest.mark.rule("AGENT-47")
def test_a_completed_step_begins_the_count_anew(log: WrittenLog) -> None:
    for _ in range(3):
        log.used("Bash", CI, "queued")
    assert reason(log) == "warn repeats"
    log.used("Bash", CI, "queued")
    log.used("Bash", CI, "queued")
    log.completed_step()
    log.used("Bash", CI, "queued")
    assert judge(log) is None
    log.used("Bash", CI, "queued")
    log.used("Bash", CI, "queued")
    assert reason(log) == "warn repeats"


def test_a_warning_is_forgotten_after_a_while(log: WrittenLog) -> None:
    for _ in range(3):
        log.used("Bash", CI, "queued")
    assert reason(log) == "warn repeats"
    for number in range(25):
        log.used("Read", {"filePath": str(number)}, "x")
    for _ in range(3):
        log.used("Bash", CI, "queued")
    assert reason(log) == "warn repeats"


def test_the_words_of_an_operator_begin_the_count_anew(log: WrittenLog) -> None:
    log.used("Bash", CI, "queued")
    log.used("Bash", CI, "queued")
    log.told("Go on looking.", turn=2, source="operator")
    log.used("Bash", CI, "queued")
    assert judge(log) is None


def test_a_run_that_a_person_takes_up_again_begins_anew(log: WrittenLog) -> None:
    log.write(Noticed(log.node, "issue_reported", "No way.", {"severity": "fatal"}))
    assert reason(log) == "abort fatal_issue"
    log.write(RunEnded(log.node, "stuck", "No way."))
    log.used("Read", {"filePath": "x"}, "x")
    assert judge(log) is None


@pytest.mark.parametrize(
    ("severity", "expected"), [("error", None), ("fatal", "abort fatal_issue")]
)
def test_an_issue_the_agent_calls_fatal_ends_the_run_at_once(
    log: WrittenLog, severity: str, expected: str | None
) -> None:
    log.write(Noticed(log.node, "issue_reported", "No key.", {"severity": severity}))
    stuck = judge(log)
    assert (stuck.said if stuck else None) == (
        "The agent reported a fatal issue: No key." if expected else None
    )
    assert reason(log) == expected


def test_what_came_before_a_person_took_the_run_up_again_does_not_count(log: WrittenLog) -> None:
    for _ in range(3):
        log.used("Bash", CI, "queued")
    assert reason(log) == "warn repeats"
    log.used("Bash", CI, "queued")
    log.used("Bash", CI, "queued")
    log.write(RunEnded(log.node, "cancelled", "It was cancelled."))
    log.used("Bash", CI, "queued")
    assert judge(log) is None
    log.used("Bash", CI, "queued")
    log.used("Bash", CI, "queued")
    assert reason(log) == "warn repeats"


def test_calls_that_failed_in_an_earlier_step_do_not_count(log: WrittenLog) -> None:
    for number in range(9):
        log.used("Edit", {"file_path": str(number)}, "no such text", "error")
    log.completed_step()
    log.used("Edit", {"file_path": "x"}, "done")
    assert judge(log) is None


def test_most_calls_failing_is_warned_of(log: WrittenLog) -> None:
    for number in range(10):
        outcome = "error" if number % 2 or number == 4 else "ok"
        assert judge(log) is None
        log.used("Edit", {"file_path": str(number)}, str(number), outcome)
    stuck = judge(log)
    assert stuck is not None
    assert stuck.said == "6 of the last 10 calls failed (Edit)."
    assert stuck.evidence.reason == "failures"


def test_half_of_the_calls_failing_is_not(log: WrittenLog) -> None:
    for number in range(10):
        log.used("Edit", {"file_path": str(number)}, str(number), "error" if number % 2 else "ok")
        assert judge(log) is None


def test_failing_tests_are_a_part_of_work(log: WrittenLog) -> None:
    for number in range(20):
        log.used("Bash", {"command": "make test"}, f"failed {number}", "error")
        assert judge(log) is None


def test_refused_commands_are_not(log: WrittenLog) -> None:
    for number in range(10):
        log.used("Bash", {"command": str(number)}, "not allowed", "refused")
    assert reason(log) == "warn failures"


def test_many_words_without_a_call_are_warned_of(log: WrittenLog) -> None:
    talk(log, 4001)
    talk(log, 5000)
    assert judge(log) is None
    talk(log, 8000)
    stuck = judge(log)
    assert stuck is not None
    assert stuck.said == "3 turns in a row were 17,001 tokens of words and no call of a tool."


def test_turns_without_a_call_are_warned_of(log: WrittenLog) -> None:
    for _ in range(4):
        talk(log, 10)
        assert judge(log) is None
    talk(log, 10)
    assert reason(log) == "warn idle"


def test_a_call_now_and_then_is_enough(log: WrittenLog) -> None:
    for number in range(3):
        for _ in range(4):
            talk(log, 100)
        talk(log, 5000)
        log.used("Read", {"filePath": str(number)}, "x")
        for _ in range(2):
            talk(log, 5000)
            assert judge(log) is None
        log.used("Read", {"filePath": f"again {number}"}, "x")


def _work(log: WrittenLog, turns: int) -> None:
    for _ in range(turns):
        log.used("Read", {"filePath": str(log.transcript.turn)}, "x")


@pytest.mark.rule("AGENT-48")
def test_most_turns_without_any_step_completed_are_warned_of_and_then_end_the_run(
    log: WrittenLog,
) -> None:
    _work(log, 15)
    assert reason(log, most_turns=20) is None
    _work(log, 1)
    assert reason(log, most_turns=20) == "warn no_progress"
    _work(log, 9)
    assert reason(log, most_turns=20) is None
    _work(log, 1)
    assert reason(log, most_turns=20) == "abort no_progress"


@pytest.mark.rule("AGENT-48")
def test_a_run_that_completes_steps_may_use_all_its_turns(log: WrittenLog) -> None:
    _work(log, 3)
    log.completed_step()
    _work(log, 16)
    assert reason(log, most_turns=20) is None


def test_a_step_that_takes_very_many_turns_is_warned_of(log: WrittenLog) -> None:
    _work(log, 30)
    log.completed_step()
    _work(log, 59)
    assert judge(log, most_turns=1000) is None
    _work(log, 1)
    stuck = judge(log, most_turns=1000)
    assert stuck is not None
    assert stuck.said == "60 turns went into one step, and it is not completed."


def test_thresholds_are_settings(log: WrittenLog) -> None:
    log.used("Bash", CI, "queued")
    log.used("Bash", CI, "queued")
    assert judge(log, StuckSettings(repeats=2)) is not None
