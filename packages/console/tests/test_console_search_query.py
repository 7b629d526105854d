"""What a line of search text and the fields beside it ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workrail_console.search_query import Sought, sought


def test_conditions_are_taken_out_of_the_line_and_words_stay_in_their_order() -> None:
    asked = sought(
        'rate status:blocked limit workflow:wr.coding branch:"my branch" repo:/srv/api '
        "after:2026-11-01 before:2026-12-01 artifact:wr.verdict",
        {},
    )

    assert asked == Sought(
        words="rate limit",
        status="blocked",
        workflow="wr.coding",
        repo="/srv/api",
        branch="my branch",
        after="2026-11-01",
        before="2026-12-01",
        artifact="wr.verdict",
    )
    assert asked.problems() == ()


@pytest.mark.parametrize(
    "text", ["error: none", "http://example.org", "foo:bar", "status:", '"a b"']
)
def test_what_only_looks_like_a_condition_is_words(text: str) -> None:
    assert sought(text, {}) == Sought(words=text)


def test_the_line_has_the_last_word_over_the_fields() -> None:
    asked = sought("branch:main", {"branch": "other", "status": "running", "unknown": "x"})

    assert (asked.branch, asked.status) == ("main", "running")


@pytest.mark.parametrize(
    ("text", "kind"),
    [("has:artifact", "any"), ("has:any", "any"), ("artifact:any", "any"), ("has:wr.x", "wr.x")],
)
def test_an_artifact_of_any_kind_or_of_one_can_be_asked_for(text: str, kind: str) -> None:
    assert sought(text, {}).ask(20, None).artifact == kind


def test_before_a_day_means_up_to_the_day_before_it() -> None:
    ask = sought("x after:2026-11-01 before:2026-12-01", {}).ask(20, "cursor")

    assert (ask.since, ask.until, ask.before) == ("2026-11-01", "2026-11-30", "cursor")


@pytest.mark.parametrize(
    "text",
    ["status:stuck", "after:yesterday", "before:2026-13-01", "before:0001-01-01", "after:20261101"],
)
def test_what_nothing_can_fit_is_said_with_what_to_write_instead(text: str) -> None:
    (problem,) = sought(text, {}).problems()

    assert "Choose one of" in problem or "Write" in problem


def test_removing_a_condition_keeps_the_rest() -> None:
    asked = sought("rate status:blocked branch:main", {})

    assert asked.without("status").link() == "/search?q=rate&branch=main"
    assert asked.without("words").words == ""


@given(st.text(max_size=80))
def test_any_line_can_be_read_and_read_again_from_its_own_address(text: str) -> None:
    asked = sought(text, {})

    assert sought(asked.words, asked.conditions) == asked
    assert asked.problems() or asked.ask(20, None).words == asked.words
