"""Nothing an agent reads is cut without a word."""

import json
import re
from dataclasses import replace

import pytest

from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    Blocker,
    BlockerCode,
    Recap,
    Requirement,
    StepReady,
    StepView,
)
from workrail_mcp_server.present_step import present
from workrail_mcp_server.present_text import REPLY_LIMIT, Raw, call, shortened, within_reply

SESSION = "sess_abcdefghijklmnopqrstuvwxyz"
TOKEN = "ct_AAAAAAAAAAAAAAAAAAAAAAAA"
PLAIN = StepView(
    step_id="look",
    title="Look around",
    text="Read the code that handles login.\n\nList what you find.",
    number=2,
    total=7,
    loop=None,
    requirements=(Requirement(kind="notes", text="notes"),),
    confirmation=None,
)
RETURNING = Recap(text="", omitted=0, context={}, branch_note=None)


@pytest.mark.rule("MCP-5")
@pytest.mark.parametrize("blocked", [False, True])
def test_a_step_too_long_for_one_reply_can_be_read_to_its_end_by_following_the_calls(
    blocked: bool,
) -> None:
    text = " ".join(f"word {number}" for number in range(15_000))
    view = replace(PLAIN, text=text)
    outcome: AdvanceOutcome = StepReady(SESSION, TOKEN, view)
    if blocked:
        missing = Blocker(BlockerCode.MISSING_NOTES, "notes", "None.", "Send notes.")
        outcome = Blocked(SESSION, TOKEN, view, (missing,), (), recap=RETURNING)
    offset, read = 0, ""
    while True:
        reply = present(outcome, offset)
        assert len(reply) <= REPLY_LIMIT
        following = re.search(
            r'continue_workflow {"continueToken": "(.*)", "offset": (\d+)}', reply
        )
        body = reply.split("\n\n")[1]
        assert text.startswith(read + body)
        read += body
        if following is None:
            break
        assert following[1] == TOKEN
        offset = int(following[2])

    assert read == text
    assert reply.endswith(f'complete_step {{"token": "{TOKEN}", "notes": "…"}}')


def test_an_offset_past_the_end_of_a_step_says_how_long_the_step_is() -> None:
    assert present(StepReady(SESSION, TOKEN, PLAIN), 1_000) == (
        "# Look around\n"
        "Step 2 of about 7\n"
        "\n"
        "[The text of this step has 54 characters; nothing stands at 1,000.]\n"
        "\n"
        'Next: complete_step {"token": "ct_AAAAAAAAAAAAAAAAAAAAAAAA", "notes": "…"}'
    )


@pytest.mark.rule("MCP-5")
def test_whatever_does_not_fit_a_reply_is_said_where_it_is_missing() -> None:
    reply = within_reply("a" * 30_000 + "b" * 30_000)

    assert len(reply) == REPLY_LIMIT
    assert (
        "\n\n[10,000 characters or more are left out here: too long for one answer.]\n\n" in reply
    )
    assert within_reply("a" * REPLY_LIMIT) == "a" * REPLY_LIMIT


def test_a_call_is_its_tool_and_json_with_placeholders_standing_for_themselves() -> None:
    assert call("t", {"a": 'say "é"', "b": Raw("{…}"), "c": [1]}) == (
        't {"a": "say \\"é\\"", "b": {…}, "c": [1]}'
    )
    assert json.loads(call("t", {"a": 'say "é"'})[2:]) == {"a": 'say "é"'}


def test_a_shortened_text_is_one_line_and_shows_that_it_was_cut() -> None:
    assert shortened("a\n b", 10) == "a b"
    assert shortened("abcdef ghi", 8) == "abcdef…"
