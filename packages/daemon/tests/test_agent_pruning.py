"""Is room made for the step at hand, and is nothing lost that it needs?"""

import pytest

from workrail_daemon.agent.pruning import estimated_tokens, pruned
from workrail_daemon.agent.transcript import Transcript
from workrail_daemon.models.protocol import ToolResult, ToolUse, UserMessage
from workrail_daemon.testing.written_log import WrittenLog
from workrail_engine.agent_events import Noticed, Usage
from workrail_engine.ids import NodeId

BIG = "x" * 12_340


@pytest.fixture
def three_steps() -> WrittenLog:
    """Two steps with a long result each are completed, and the third has begun."""
    log = WrittenLog()
    log.told("The first step.")
    log.used("Read", {"filePath": "src/x.py"}, BIG)
    log.completed_step("The second step. " + "s" * 1000)
    log.used("Bash", {"command": "make"}, BIG, "error")
    log.used("Read", {"filePath": "short"}, "short")
    log.completed_step("The third step. " + "s" * 1000)
    return log


def _results(transcript: Transcript) -> list[str]:
    return [
        block.text
        for message in transcript.messages()
        for block in message.blocks
        if isinstance(block, ToolResult)
    ]


@pytest.mark.rule("AGENT-42")
def test_results_of_completed_steps_are_left_out_and_the_step_at_hand_is_not(
    three_steps: WrittenLog,
) -> None:
    pruning = pruned(three_steps.transcript, 100)
    assert pruning is not None
    three_steps.write(pruning.noticed(NodeId(3)))
    first, second, bash, short, third = _results(three_steps.transcript)
    assert (
        first == "[result of Read src/x.py, 12,340 characters, left out; read it again if needed]"
    )
    assert second == "[the text of a step that is completed by now, 1,017 characters, left out]"
    assert bash.startswith("[result of Bash make, 12,340 characters")
    assert short == "short"
    assert third.startswith("The third step. ")
    results = three_steps.transcript.messages()[6]
    assert isinstance(results, UserMessage)
    assert results.blocks[0] == ToolResult("call_3", bash, is_error=True)


def test_the_oldest_step_makes_room_first(three_steps: WrittenLog) -> None:
    pruning = pruned(three_steps.transcript, 6500)
    assert pruning is not None
    assert (pruning.results, pruning.before.turn) == (1, 2)
    assert pruning.tokens == estimated_tokens(three_steps.transcript)
    assert pruning.noticed(NodeId(3)).said == ("1 old result left out, 12,261 characters.")


def test_nothing_is_left_out_in_the_middle_of_a_step(three_steps: WrittenLog) -> None:
    three_steps.used("Read", {"filePath": "y"}, BIG)
    assert pruned(three_steps.transcript, 100) is None


@pytest.fixture
def long_step() -> WrittenLog:
    """One step is completed; the second one takes thirty long results and goes on."""
    log = WrittenLog()
    log.told("The first step.")
    log.used("Read", {"filePath": "src/x.py"}, BIG)
    log.completed_step("The second step. " + "s" * 1000)
    for number in range(30):
        log.used("Bash", {"command": f"make {number}"}, BIG)
    return log


@pytest.mark.rule("AGENT-54")
def test_a_step_that_would_not_fit_into_any_request_leaves_out_its_oldest_results(
    long_step: WrittenLog,
) -> None:
    assert pruned(long_step.transcript, 60_000) is None
    assert pruned(long_step.transcript, 60_000, most=100_000) is None
    pruning = pruned(long_step.transcript, 60_000, most=90_000)
    assert pruning is not None
    long_step.write(pruning.noticed(NodeId(2)))
    assert estimated_tokens(long_step.transcript) <= 36_000
    results = _results(long_step.transcript)
    assert results[1].startswith("The second step.")
    assert results[2] == (
        "[result of Bash make 0, 12,340 characters, left out; "
        'read_artifact with name "output:3:1" shows it]'
    )
    assert results[-11:] == [BIG] * 11
    long_step.completed_step("The third step.")
    assert _results(long_step.transcript)[1].startswith("[the text of a step that is completed")


def test_the_results_of_the_last_calls_always_stay(long_step: WrittenLog) -> None:
    pruning = pruned(long_step.transcript, 100, most=1000)
    assert pruning is not None
    long_step.write(pruning.noticed(NodeId(2)))
    assert [text for text in _results(long_step.transcript) if text == BIG] == [BIG] * 11
    assert pruned(long_step.transcript, 100, most=1000) is None


def test_nothing_is_left_out_while_there_is_room(three_steps: WrittenLog) -> None:
    assert pruned(three_steps.transcript, 100_000) is None


def test_what_was_left_out_stays_so_whatever_the_settings_are(three_steps: WrittenLog) -> None:
    pruning = pruned(three_steps.transcript, 6500)
    assert pruning is not None
    three_steps.write(pruning.noticed(NodeId(3)))
    assert pruned(three_steps.transcript, 1_000_000) is None
    assert _results(three_steps.transcript)[0].startswith("[result of Read src/x.py")
    assert _results(three_steps.transcript)[2] == BIG


def test_a_second_pruning_goes_on_where_the_first_one_ended(three_steps: WrittenLog) -> None:
    first = pruned(three_steps.transcript, 6500)
    assert first is not None
    three_steps.write(first.noticed(NodeId(3)))
    three_steps.used("Read", {"filePath": "y"}, BIG)
    three_steps.completed_step("The fourth step.")
    second = pruned(three_steps.transcript, 6500)
    assert second is not None
    assert second.before > first.before
    assert second.results == 2  # the step's text and what make said; src/x.py was left out before


def test_a_malformed_note_of_a_pruning_changes_nothing(three_steps: WrittenLog) -> None:
    pruning = pruned(three_steps.transcript, 6500)
    assert pruning is not None
    three_steps.write(pruning.noticed(NodeId(3)))
    before = three_steps.transcript.messages()
    three_steps.write(Noticed(NodeId(3), "context_pruned", "?", {"before": {"turn": "x"}}))
    assert three_steps.transcript.messages() == before


def test_the_number_of_tokens_is_what_the_model_counted_and_what_came_since() -> None:
    log = WrittenLog()
    log.told("x" * 400)
    assert estimated_tokens(log.transcript, beside=4000) == 1100
    usage = Usage(input=10, output=3, cache_read=2000, cache_write=90)
    log.answered(1, ToolUse("a", "Read", {}), usage=usage)
    log.finished(1, 1, "Read", "y" * 4000)
    assert estimated_tokens(log.transcript, beside=4000) == 2100 + (4000 + len("Read{}")) // 4


def test_a_pruning_is_counted_before_the_model_is_asked_again(three_steps: WrittenLog) -> None:
    before = estimated_tokens(three_steps.transcript)
    pruning = pruned(three_steps.transcript, 100)
    assert pruning is not None
    three_steps.write(pruning.noticed(NodeId(3)))
    after = estimated_tokens(three_steps.transcript)
    assert after < before - 6000
