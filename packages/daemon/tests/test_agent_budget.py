"""Is a limit held before anything is spent, and is it said how the run goes on?"""

import pytest

from workrail_daemon.agent.budget import Budget, Exceeded, Least, raised, raised_in
from workrail_daemon.options import Limits
from workrail_engine.agent_events import Noticed
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.runs import Entry, Spent

SESSION = SessionId("sess_aaaaaaaaaaaaaaaaaaaaaaaaaa")
LIMITS = Limits(minutes=10, turns=20, tokens=1000, usd=2)


def test_a_run_within_its_limits_may_take_a_turn() -> None:
    spent = Spent(turns=19, input_tokens=600, output_tokens=399, cost=1_999_999, seconds=599)
    assert Budget(LIMITS, spent).before_turn() is None


@pytest.mark.rule("AGENT-43")
@pytest.mark.parametrize(
    ("spent", "measure", "said"),
    [
        (
            Spent(turns=20),
            "turns",
            "20 turns of 20 turns used. `worktrain session raise {} --turns 50`",
        ),
        (
            Spent(seconds=600),
            "minutes",
            "10 minutes of 10 minutes used. `worktrain session raise {} --minutes 30`",
        ),
        (
            Spent(input_tokens=900, output_tokens=200),
            "tokens",
            "1,100 tokens of 1,000 tokens used. `worktrain session raise {} --tokens 500000`",
        ),
        (Spent(cost=2_000_000), "usd", "$2.00 of $2.00 used. `worktrain session raise {} --usd 5`"),
    ],
)
def test_a_limit_that_is_reached_forbids_the_next_turn(
    spent: Spent, measure: str, said: str
) -> None:
    exceeded = Budget(LIMITS, spent).before_turn()
    assert exceeded is not None
    assert exceeded.measure == measure
    assert exceeded.said(SESSION) == f"The budget is used up: {said.format(SESSION)} lets it go on."


@pytest.mark.rule("AGENT-43")
def test_a_turn_whose_input_alone_costs_too_much_is_not_begun() -> None:
    budget = Budget(LIMITS, Spent(cost=1_900_000))
    assert budget.before_turn(Least(cost=100_000)) is None
    exceeded = budget.before_turn(Least(cost=250_000))
    assert exceeded is not None
    assert exceeded == Exceeded("usd", 1.9, 2, 0.25)
    assert "$1.90 of $2.00 used, and the next turn needs $0.25 or more." in exceeded.said(SESSION)
    assert Budget(LIMITS, Spent(input_tokens=900)).before_turn(Least(tokens=101)) is not None


def test_what_has_no_limit_is_never_exceeded() -> None:
    spent = Spent(turns=1, input_tokens=10**12, cost=10**12)
    budget = Budget(Limits(), spent)
    assert budget.before_turn(Least(10**9, 10**9)) is None
    left = budget.left()
    assert left is not None
    assert (left.tokens, left.usd) == (None, None)


@pytest.mark.rule("AGENT-44")
def test_a_child_may_use_what_is_left() -> None:
    spent = Spent(turns=5, input_tokens=300, output_tokens=100, cost=500_000, seconds=90)
    assert Budget(LIMITS, spent).left() == Limits(minutes=8.5, turns=15, tokens=600, usd=1.5)


@pytest.mark.parametrize(
    "spent",
    [Spent(turns=20), Spent(seconds=601), Spent(input_tokens=1000), Spent(cost=2_000_000)],
)
def test_where_one_thing_is_used_up_nothing_is_left_to_give(spent: Spent) -> None:
    assert Budget(LIMITS, spent).left() is None


@pytest.mark.rule("AGENT-45")
def test_what_operators_added_is_read_from_the_log() -> None:
    def entry(facts: dict[str, int | float | str]) -> Entry:
        return Entry(1, "2026-01-01T00:00:00Z", Noticed(NodeId(1), "limits_raised", "", facts))

    entries = [
        entry({"usd": 5}),
        entry({"turns": 50, "usd": 0.5}),
        Entry(1, "2026-01-01T00:00:00Z", Noticed(NodeId(1), "stuck", "", {"turns": 7})),
    ]
    assert raised_in(LIMITS, entries) == Limits(minutes=10, turns=70, tokens=1000, usd=7.5)


def test_raising_adds_to_limits_and_makes_none() -> None:
    more = {"minutes": 30, "turns": 5, "tokens": 100, "usd": 1}
    assert raised(Limits(), more) == Limits(minutes=90, turns=205)
    assert raised(LIMITS, more) == Limits(minutes=40, turns=25, tokens=1100, usd=3)


def test_a_raise_that_makes_no_sense_changes_nothing() -> None:
    facts = {"minutes": -30, "turns": True, "tokens": "many", "usd": None, "other": 3}
    assert raised(LIMITS, facts) == LIMITS
