"""What a search finds, over a real store."""

import pytest
from fastapi.testclient import TestClient

from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.outcomes import StepReady


@pytest.fixture
def spoken(acting: Engine) -> str:
    """The id of a session whose first step speaks of a bucket, and that goes on."""
    first = acting.start(StartRequest("careful", "Limit the rate"))
    assert isinstance(first, StepReady)
    second = acting.advance(
        first.token,
        Submission(notes="A token <b>bucket</b> it is, for now.", context={"broken": True}),
    )
    assert isinstance(second, StepReady)
    blocked = acting.start(StartRequest("careful", "Bucket list"))
    assert isinstance(blocked, StepReady)
    acting.advance(blocked.token, Submission())
    return first.session_id


@pytest.mark.rule("CON-41")
def test_a_finding_has_its_words_marked_and_a_link_to_its_step(
    spoken: str, console: TestClient
) -> None:
    page = console.get("/search?q=token+bucket").text
    found = console.get("/search.json?q=token+bucket").json()

    assert "1 session found" in page
    assert "<mark>bucket</mark>" in page
    assert "&lt;b&gt;<mark>" in page
    assert f'<a href="/sessions/{spoken}/steps/1"><bdi>Look &lt;b&gt;closely' in page
    (one,) = found["found"]
    assert one["summary"]["session_id"] == spoken
    (finding,) = one["findings"]
    assert (finding["spot"], finding["node_id"]) == ("notes", 1)
    assert [piece["text"] for piece in finding["snippet"] if piece["hit"]] == ["token", "bucket"]


@pytest.mark.rule("CON-41")
def test_conditions_keep_the_search_to_what_fits_and_can_be_taken_away(
    spoken: str, console: TestClient
) -> None:
    found = console.get("/search.json?q=bucket+status:blocked").json()
    same = console.get("/search.json?q=bucket&status=blocked").json()
    page = console.get("/search?q=bucket+status:blocked").text

    assert [one["summary"]["goal"] for one in found["found"]] == ["Bucket list"]
    assert same == found
    assert 'href="/search?q=bucket" aria-label="Remove the condition status"' in page
    assert '<option value="blocked" selected>' in page


@pytest.mark.rule("CON-41")
def test_where_nothing_fits_it_is_said_what_would(spoken: str, console: TestClient) -> None:
    page = console.get("/search?q=bucket+zebra+status:running").text

    assert "Nothing matches" in page
    assert "only “zebra”: nothing either" in page
    assert 'href="/search?q=bucket&amp;status=running">only “bucket”</a>: 1 session' in page


@pytest.mark.rule("CON-41")
def test_a_part_of_a_name_is_read_as_the_one_name_it_can_mean(
    spoken: str, console: TestClient
) -> None:
    found = console.get("/search.json?q=bucket+workflow:care").json()
    none = console.get("/search.json?q=bucket+workflow:else").json()

    assert found["total"] == 2
    assert found["asked"]["workflow"] == "careful"
    assert found["notes"] == ["workflow:care was read as workflow:careful."]
    assert (none["total"], none["notes"]) == (0, [])


def test_a_day_keeps_to_sessions_that_changed_then(spoken: str, console: TestClient) -> None:
    later = console.get("/search.json?q=bucket+after:2999-01-01").json()
    earlier = console.get("/search.json?q=bucket+before:2999-01-01").json()

    assert (later["total"], earlier["total"]) == (0, 2)


def test_without_a_question_the_page_says_what_can_be_found(console: TestClient) -> None:
    page = console.get("/search")

    assert page.status_code == 200
    assert "What can be found" in page.text
    assert console.get("/search.json").json()["found"] == []


@pytest.mark.rule("CON-42")
@pytest.mark.parametrize(
    "query",
    [
        "q=x&status=stuck",
        "q=status:stuck",
        "q=x&after=soon",
        "q=x&before=0001-01-01",
        "q=x&cursor=nonsense",
        f"q={'x' * 501}",
        f"branch={'x' * 301}",
    ],
)
def test_what_nothing_can_fit_is_refused_with_what_to_write(
    spoken: str, console: TestClient, query: str
) -> None:
    page, twin = console.get(f"/search?{query}"), console.get(f"/search.json?{query}")

    assert (page.status_code, twin.status_code) == (400, 400)
    assert twin.headers["content-type"] == "application/problem+json"
    assert twin.json()["detail"]


@pytest.mark.rule("CON-42")
@pytest.mark.parametrize(
    "q",
    ["%00", '"', "'", "*", "a" * 400, "%F0%9F%92%A9", "NEAR(", "-", "%ff%fe", "%22a%00b%22", ":"],
)
def test_any_line_is_answered(spoken: str, console: TestClient, q: str) -> None:
    assert console.get(f"/search?q={q}").status_code == 200
