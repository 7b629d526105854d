"""In which order candidates to resume are offered, and what is said of each."""

from dataclasses import replace

import pytest

from workrail_engine.ids import SessionId
from workrail_engine.projections.resume_ranking import (
    Match,
    ResumeAsk,
    Sighting,
    rank,
    snippet,
    words_of,
)
from workrail_engine.projections.session_summary import SessionSummary

SUMMARY = SessionSummary(
    session_id=SessionId("sess_a"),
    workflow_id="w",
    workflow_name="W",
    goal="Goal",
    status="running",
    step_title="Step",
    steps_completed=1,
    event_count=4,
    origin="mcp",
    parent_session_id=None,
    repository=None,
    branch=None,
    created_at="2026-01-01T00:00:00.000000Z",
    updated_at="2026-01-01T00:00:00.000000Z",
)


def sighting(
    name: str, *matches: Match, relevance: float = 0, hour: int = 0, done: bool = False
) -> Sighting:
    summary = replace(
        SUMMARY,
        session_id=SessionId(name),
        status="completed" if done else "running",
        updated_at=f"2026-01-01T{hour:02}:00:00.000000Z",
    )
    return Sighting(summary, frozenset(matches), relevance, "Some text")


def order(ask: ResumeAsk, *found: Sighting) -> list[str]:
    return [one.summary.session_id for one in rank(ask, found)]


def test_what_matches_more_comes_first():
    found = (sighting("one", "branch", hour=9), sighting("two", "branch", "repository"))

    assert order(ResumeAsk(branch="b", repository="r"), *found) == ["two", "one"]


def test_then_the_better_text():
    found = (
        sighting("weak", "words", relevance=1.0, hour=9),
        sighting("strong", "words", relevance=4.0),
    )

    assert order(ResumeAsk(query="x"), *found) == ["strong", "weak"]


def test_then_work_that_is_not_complete():
    found = (sighting("done", done=True, hour=9), sighting("open", hour=1))

    assert order(ResumeAsk(), *found) == ["open", "done"]


def test_then_the_newest_change():
    found = (sighting("old", hour=1), sighting("new", hour=2))

    assert order(ResumeAsk(), *found) == ["new", "old"]


def test_no_more_are_offered_than_were_asked_for():
    found = tuple(sighting(f"s{n}", hour=n) for n in range(9))

    assert len(rank(ResumeAsk(limit=3), found)) == 3


def test_every_match_is_a_reason():
    ask = ResumeAsk(query="Find  the Bug", branch="main", repository="shop")

    (one,) = rank(ask, (sighting("s", "words", "branch", "repository"),))

    assert one.why == (
        'it speaks of "find the bug"',
        "it began on branch main",
        "it works in shop",
    )


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (None, ()),
        ("  ", ()),
        ('Say "hello" (now)', ("say", "hello", "now")),
        ("a b c d e f g h i j", ("a", "b", "c", "d", "e", "f", "g", "h")),
    ],
)
def test_words_are_what_is_left_without_signs(query: str | None, words: tuple[str, ...]):
    assert words_of(query) == words


def test_a_short_text_is_shown_whole_on_one_line():
    assert snippet("First.\n\n  Second.", ("second",)) == "First. Second."


def test_a_text_without_the_words_is_shown_from_its_beginning():
    assert snippet("start " + "x" * 400, ("absent",)).startswith("start x")
