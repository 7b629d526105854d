"""One step as a page: every attempt's number leads to it."""

import pytest
from fastapi.testclient import TestClient

from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.outcomes import Blocked, StepReady


@pytest.fixture(name="page")
def session_whose_first_step_was_refused_twice(acting: Engine) -> str:
    at = acting.start(StartRequest("careful", "See the garden"))
    assert isinstance(at, StepReady)
    session = at.session_id
    blocked = acting.advance(at.token, Submission(artifacts=({"kind": "x.list", "items": ["a"]},)))
    assert isinstance(blocked, Blocked)
    again = acting.advance(blocked.token, Submission(notes=" "))
    assert isinstance(again, Blocked)
    assert isinstance(acting.advance(again.token, Submission(notes="Seen.")), StepReady)
    return f"/sessions/{session}"


@pytest.mark.rule("CON-67")
def test_the_number_of_any_attempt_leads_to_its_step(console: TestClient, page: str) -> None:
    for node in (1, 2, 3):
        step = console.get(f"{page}/steps/{node}.json").json()
        assert step["entry"]["nodes"] == [1, 2, 3]
        assert len(step["entry"]["refused"]) == 2
        assert (step["before"], step["after"]) == (None, 4)


def test_a_step_shows_what_was_sent_and_found_unfolded(console: TestClient, page: str) -> None:
    html = console.get(f"{page}/steps/1").text

    assert '<details class="refused" id="n2-why" open>' in html
    assert "Seen." in html
    assert "<code>x.list</code>" in html
    assert f'href="{page}/steps/4"' in html
    assert f'href="{page}?around=1#n1" rel="up"' in html


@pytest.mark.parametrize(
    ("node", "status"), [("99", 404), ("0", 400), ("x", 400), ("1000000000000", 400)]
)
def test_a_step_that_is_not_there_is_said_to_be_missing(
    console: TestClient, page: str, node: str, status: int
) -> None:
    for twin in ("", ".json"):
        answer = console.get(f"{page}/steps/{node}{twin}")
        assert answer.status_code == status, answer.text
