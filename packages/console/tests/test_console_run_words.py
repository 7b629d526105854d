"""How a run stands, in words, with what helps it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from workrail_console.run_words import in_short, money, run_standing, spent_words
from workrail_engine.ids import SessionId
from workrail_engine.projections.run_lines import RunLine, RunMark
from workrail_engine.projections.runs import Doing, RunView, Spent

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ID = SessionId("sess_" + "a" * 26)
PLAIN = RunView(
    session_id=ID,
    state="running",
    priority=0,
    lane=None,
    worker="here:1",
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
    ordered_at="2026-11-22T11:50:00Z",
    began_at=None,
    ended_at=None,
)


def line(**changes: Any) -> RunLine:
    return RunLine(replace(PLAIN, **changes), None, None, ())


@pytest.mark.rule("CON-200")
@pytest.mark.parametrize(
    ("run", "word", "command"),
    [
        (line(state="queued"), "queued", None),
        (line(), "getting ready", None),
        (line(doing=Doing("thinking", "2026-11-22T11:59:57Z")), "thinking for 3 s", None),
        (line(doing=Doing("in Bash", "2026-11-22T11:59:48Z")), "in Bash for 12 s", None),
        (line(wish="cancel"), "getting ready, to be cancelled", None),
        (line(overdue=True), "driver lost", None),
        (line(state="parked", rest="child"), "waits for child", None),
        (line(state="parked", rest="approval"), "waits for approval", f"workrail approve {ID}"),
        (line(state="parked", rest="operator"), "asks you", "worktrain inbox"),
        (
            replace(line(state="parked", rest="operator"), question=7),
            "asks you",
            'worktrain answer 7 "…"',
        ),
        (line(state="parked", rest="paused"), "paused", f"worktrain session resume {ID}"),
        (line(state="parked", rest="drained"), "rests until a daemon starts", None),
        (line(state="parked", rest="rate_limit"), "rests (model busy)", None),
        (
            line(state="parked", rest="budget"),
            "out of budget",
            f"worktrain session raise {ID} --usd 5",
        ),
        (
            line(state="parked", rest="budget", said=f"`worktrain session raise {ID} --turns 50`"),
            "out of budget",
            f"worktrain session raise {ID} --turns 50",
        ),
        (line(state="ended", outcome="completed"), "completed", None),
        (line(state="ended", outcome="stuck"), "stuck", f"worktrain session retry {ID}"),
        (line(state="ended", outcome="incomplete"), "incomplete", f"worktrain session retry {ID}"),
        (line(state="ended", outcome="error"), "error", f"worktrain session retry {ID}"),
        (line(state="ended", outcome="cancelled"), "cancelled", f"worktrain session retry {ID}"),
    ],
)
def test_each_state_of_a_run_has_a_word_and_where_it_helps_a_command(
    run: RunLine, word: str, command: str | None
) -> None:
    found = run_standing(run, NOW)

    assert (found.word, found.command) == (word, command)
    assert found.sign


@pytest.mark.rule("CON-200")
def test_a_run_whose_model_is_busy_says_until_when_it_rests() -> None:
    resting = replace(line(state="parked", rest="rate_limit"), until="2026-11-22T12:05:00Z")
    later = replace(resting, until="2026-11-29T12:05:00Z")

    assert run_standing(resting, NOW).word.startswith("rests until ")
    assert "2026-11-2" not in run_standing(resting, NOW).word
    assert "2026-11-2" in run_standing(later, NOW).word


@pytest.mark.parametrize(
    "said",
    [
        "`worktrain session raise sess_" + "b" * 26 + " --usd 500`",
        f"`worktrain session raise {ID} --usd 5; rm -rf ~`",
        f"`sudo worktrain session raise {ID} --usd 5`",
    ],
)
def test_no_other_command_than_the_plain_one_for_this_session_is_taken_from_a_sentence(
    said: str,
) -> None:
    found = run_standing(line(state="parked", rest="budget", said=said), NOW)

    assert found.command == f"worktrain session raise {ID} --usd 5"


@pytest.mark.rule("CON-201")
def test_what_was_healed_and_what_went_in_circles_is_a_badge_with_its_evidence() -> None:
    healed = RunMark("self_heal_succeeded", "Back after 41 s.", "2026-11-22T11:59:00Z", False)
    warned = RunMark("stuck", "Bash, 3 times.", "2026-11-22T11:59:30Z", True)
    run = replace(line(), marks=(healed, warned))

    found = run_standing(run, NOW)
    ended = run_standing(replace(run, view=replace(PLAIN, state="ended", outcome="stuck")), NOW)

    assert [(badge.word, badge.said) for badge in found.badges] == [
        ("self-healed", "Back after 41 s."),
        ("nearly stuck", "Bash, 3 times."),
    ]
    assert [badge.word for badge in ended.badges] == ["self-healed"]


def test_what_was_used_is_short_and_says_nothing_of_what_is_nothing() -> None:
    assert spent_words(Spent(turns=1)) == "1 turn"
    assert spent_words(Spent(12, 9_000, 310, 32_300, 4)) == "12 turns · 9.3k tokens · $0.0323"
    assert [money(cost) for cost in (0, 99, 1_500_000)] == ["", "$0.0001", "$1.50"]
    assert [in_short(n) for n in (999, 1_000, 123_456, 2_500_000)] == [
        "999",
        "1.0k",
        "123k",
        "2.5M",
    ]
