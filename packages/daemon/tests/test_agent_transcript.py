"""Is the conversation rebuilt from the log alone, in a form the Messages API takes?"""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_daemon.agent.blocks import decoded, encoded
from workrail_daemon.agent.pruning import pruned
from workrail_daemon.agent.transcript import Transcript
from workrail_daemon.models.protocol import (
    Message,
    ModelMessage,
    Opaque,
    Said,
    Text,
    ToolResult,
    ToolUse,
    UserMessage,
)
from workrail_daemon.testing.written_log import WrittenLog
from workrail_engine.errors import CorruptSessionError


def assert_valid(messages: tuple[Message, ...]) -> None:
    """What the Messages API demands of a conversation whose last word is the user's."""
    assert isinstance(messages[0], UserMessage)
    assert isinstance(messages[-1], UserMessage)
    for before, after in pairwise(messages):
        assert type(before) is not type(after)
        if isinstance(before, ModelMessage):
            assert isinstance(after, UserMessage)
            called = [block.id for block in before.blocks if isinstance(block, ToolUse)]
            results = after.blocks[: len(called)]
            assert [
                block.tool_use_id for block in results if isinstance(block, ToolResult)
            ] == called
            assert not any(isinstance(block, ToolResult) for block in after.blocks[len(called) :])
    for message in messages:
        assert message.blocks
        assert all(not isinstance(block, Text) or block.text.strip() for block in message.blocks)


def test_a_conversation_is_told_again_as_it_was() -> None:
    log = WrittenLog()
    log.told("Do the first step.")
    log.answered(1, Text("I look."), ToolUse("a", "Read", {"filePath": "x"}))
    log.finished(1, 1, "Read", "1\tx")
    log.told("Keep it short.", turn=1, source="operator")
    assert log.transcript.messages() == (
        UserMessage((Text("Do the first step."),)),
        ModelMessage((Text("I look."), ToolUse("a", "Read", {"filePath": "x"}))),
        UserMessage((ToolResult("a", "1\tx"), Text("Keep it short."))),
    )
    assert log.transcript.turn == 1


@pytest.mark.rule("AGENT-40")
def test_results_come_in_the_order_of_the_calls_and_before_other_words() -> None:
    log = WrittenLog()
    log.told("Go.")
    log.answered(1, ToolUse("a", "Read", {}), ToolUse("b", "Grep", {}))
    log.told("A word in between.", turn=1, message=2, source="operator")
    log.finished(1, 2, "Grep", "second")
    log.told("The first word.", turn=1, message=1, source="operator")
    log.finished(1, 1, "Read", "first", "refused")
    assert log.transcript.messages()[-1] == UserMessage(
        (
            ToolResult("a", "first", is_error=True),
            ToolResult("b", "second"),
            Text("The first word."),
            Text("A word in between."),
        )
    )


def test_calls_without_a_result_are_pending_and_it_is_known_which_were_begun() -> None:
    log = WrittenLog()
    log.told("Go.")
    log.answered(1, ToolUse("a", "Read", {}), ToolUse("b", "Bash", {}), ToolUse("c", "Read", {}))
    log.finished(1, 1, "Read", "x")
    log.began(1, 2, "Bash")
    pending = log.transcript.pending
    assert [(call.number, call.use.name, call.begun) for call in pending] == [
        (2, "Bash", True),
        (3, "Read", False),
    ]


def test_a_call_nobody_recorded_the_end_of_is_still_answered() -> None:
    log = WrittenLog()
    log.told("Go.")
    log.answered(1, ToolUse("a", "Bash", {}))
    log.answered(2, Text("Well?"))
    log.told("Go on.", turn=2, source="nudge")
    assert_valid(log.transcript.messages())
    assert not log.transcript.pending


def test_answers_without_words_or_calls_leave_no_trace() -> None:
    log = WrittenLog()
    log.told("Go.")
    log.answered(1)
    log.told("Say something.", turn=1, source="nudge")
    log.answered(2, Text("  \n"), Opaque({"type": "thinking", "thinking": "hm", "signature": "s"}))
    log.told("Really.", turn=2, source="nudge")
    assert log.transcript.messages() == (
        UserMessage((Text("Go."), Text("Say something."), Text("Really."))),
    )


def test_a_thought_stays_where_a_call_follows_it() -> None:
    thought = Opaque({"type": "thinking", "thinking": "hm", "signature": "s"})
    log = WrittenLog()
    log.told("Go.")
    log.answered(1, thought, ToolUse("a", "Read", {}))
    assert log.transcript.messages()[1] == ModelMessage((thought, ToolUse("a", "Read", {})))


def test_two_answers_in_a_row_become_one() -> None:
    log = WrittenLog()
    log.told("Go.")
    log.answered(1, Text("One."))
    log.answered(2, Text("Two."))
    assert log.transcript.messages()[-1] == ModelMessage((Text("One."), Text("Two.")))


def test_ids_of_calls_that_a_model_used_twice_or_wrongly_are_replaced() -> None:
    log = WrittenLog()
    log.told("Go.")
    log.answered(
        1, ToolUse("same", "Read", {}), ToolUse("same", "Read", {}), ToolUse("", "Read", {})
    )
    for call in (1, 2, 3):
        log.finished(1, call, "Read", str(call))
    log.answered(2, ToolUse("same", "Read", {}))
    log.finished(2, 1, "Read", "4")
    assert_valid(log.transcript.messages())
    ids = [call.use.id for call in log.transcript.calls]
    assert ids == ["same", "turn_1_call_2", "turn_1_call_3", "turn_2_call_1"]


def test_an_empty_result_says_that_it_is_empty() -> None:
    log = WrittenLog()
    log.told("Go.")
    log.used("Bash", {"command": "true"}, "")
    assert log.transcript.messages()[-1] == UserMessage((ToolResult("call_1", "(nothing)"),))


def test_steps_are_counted_by_what_was_accepted() -> None:
    log = WrittenLog()
    log.told("Go.")
    assert log.transcript.begins_step
    log.used("complete_step", {"notes": "?"}, "Something is missing.", "error")
    assert (log.transcript.steps_completed, log.transcript.begins_step) == (0, False)
    log.completed_step()
    assert (log.transcript.steps_completed, log.transcript.begins_step) == (1, True)


def test_a_step_begins_once_nothing_of_the_one_before_is_pending() -> None:
    log = WrittenLog()
    log.told("Go.")
    log.answered(1, ToolUse("a", "complete_step", {}), ToolUse("b", "Read", {}))
    log.finished(1, 1, "complete_step", "The next step.")
    assert not log.transcript.begins_step
    log.finished(1, 2, "Read", "x")
    assert log.transcript.begins_step


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
blocks = st.one_of(
    st.builds(Text, st.text()),
    st.builds(ToolUse, st.text(), st.text(), st.dictionaries(st.text(), json_values, max_size=3)),
    st.builds(
        Opaque,
        st.fixed_dictionaries({"type": st.sampled_from(["thinking", "other"]), "x": json_values}),
    ),
)


@given(st.lists(blocks, max_size=5))
def test_blocks_come_back_as_they_were_kept(said: list[Said]) -> None:
    assert decoded(encoded(said)) == tuple(said)


def test_half_a_character_and_a_huge_number_survive() -> None:
    said = (Text("half \ud83d of it"), ToolUse("a", "Read", {"offset": 10**40}))
    assert decoded(encoded(said)) == said


@pytest.mark.parametrize("content", [b"{", b"{}", b"[1]", b"\xff"])
def test_a_turn_that_is_no_list_of_blocks_is_a_damaged_session(content: bytes) -> None:
    with pytest.raises(CorruptSessionError, match="session verify"):
        decoded(content)


moves = st.lists(
    st.one_of(
        st.tuples(st.just("calls"), st.integers(1, 3)),
        st.tuples(st.just("words"), st.sampled_from(["", " ", "Well."])),
        st.tuples(st.just("step"), st.integers(1, 900)),
    ),
    max_size=12,
)


def _play(log: WrittenLog, move: tuple[str, int | str]) -> None:
    turn = log.transcript.turn + 1
    match move:
        case ("calls", int(count)):
            log.answered(turn, *(ToolUse("again", "Read", {}) for _ in range(count)))
            for call in range(count, 0, -1):
                log.finished(turn, call, "Read", "y" * 500 * call)
        case ("step", int(size)):
            log.completed_step("z" * size)
        case _:
            log.answered(turn, Text(str(move[1])))
    log.told("Go on.", turn=turn, source="nudge")


@given(moves, st.integers(50, 3000))
@pytest.mark.rule("AGENT-41")
def test_any_run_makes_a_valid_conversation_that_only_grows_but_where_a_step_begins(
    played: list[tuple[str, int | str]], budget: int
) -> None:
    log = WrittenLog()
    log.told("Go.")
    before = log.transcript.messages()
    for move in played:
        _play(log, move)
        pruning = pruned(log.transcript, budget)
        if pruning is not None:
            assert move[0] == "step"
            log.write(pruning.noticed(log.node))
            assert pruned(log.transcript, budget) != pruning
        messages = log.transcript.messages()
        assert_valid(messages)
        if pruning is None:
            # The last message may have been joined by further words; all before it stands.
            assert messages[: len(before) - 1] == before[:-1]
            assert messages[len(before) - 1].blocks[: len(before[-1].blocks)] == before[-1].blocks
        before = messages


@given(moves)
def test_the_conversation_told_fact_by_fact_is_that_of_the_whole_log(
    played: list[tuple[str, int | str]],
) -> None:
    log = WrittenLog()
    log.told("Go.")
    transcript = Transcript()
    for move in played:
        _play(log, move)
    for entry in log.entries:
        transcript = transcript.after(entry.event, log.read)
    assert transcript == log.transcript
