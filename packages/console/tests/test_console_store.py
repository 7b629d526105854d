"""The pages over a real store: what the engine wrote is what they show."""

import json
import sqlite3
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.outcomes import AdvanceOutcome, Blocked, Completed, StartOutcome, StepReady
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock

WORKFLOW = {
    "id": "look-around",
    "name": "Look around",
    "description": "Look, then tell.",
    "version": "1.0.0",
    "steps": [
        {"id": "look", "title": "Look closely", "prompt": "Look."},
        {"id": "tell", "title": "Tell what you saw", "prompt": "Tell."},
    ],
}


@pytest.fixture
def locations(tmp_path: Path) -> Locations:
    places = Locations.under(tmp_path / "home", tmp_path / "bundled")
    places.user_workflows.mkdir(parents=True)
    (places.user_workflows / "look-around.json").write_text(json.dumps(WORKFLOW))
    return places


def browser(locations: Locations) -> TestClient:
    app = create_app(lambda: open_reader(locations), SystemClock(), store=str(locations.home))
    return TestClient(app, base_url="http://127.0.0.1:3456")


def begin(engine: Engine, goal: str, parent: str | None = None) -> StepReady:
    request = StartRequest("look-around", goal, parent_session_id=parent)
    return ready(engine.start(request))


def ready(outcome: StartOutcome | AdvanceOutcome) -> StepReady:
    assert isinstance(outcome, StepReady)
    return outcome


def test_before_the_first_session_there_is_a_page_and_no_file(locations: Locations) -> None:
    answer = browser(locations).get("/")

    assert "There is no session yet" in answer.text
    assert not locations.database.exists()


@pytest.mark.rule("CON-6")
def test_a_session_shows_as_it_goes_from_blocked_to_complete(locations: Locations) -> None:
    with open_engine(locations) as engine, browser(locations) as client:
        first = begin(engine, "See the garden")
        page = f"/sessions/{first.session_id}"
        assert "now at <bdi>Look closely</bdi>" in client.get("/").text

        blocked = engine.advance(first.token, Submission())
        assert isinstance(blocked, Blocked)
        assert "Why it is blocked at <bdi>Look closely</bdi>" in client.get(page).text

        second = ready(engine.advance(blocked.token, Submission(notes="A **green** garden.")))
        done = engine.advance(second.token, Submission(notes="Told."))
        assert isinstance(done, Completed)
        shown = client.get(page).text

    assert "Why it is blocked" not in shown
    assert "Attempt 1 was blocked" in shown
    assert "A <strong>green</strong> garden." in shown
    assert "run complete" in shown
    assert 'class="badge verified"' in shown


def test_search_status_and_paging_work_on_what_is_stored(locations: Locations) -> None:
    with open_engine(locations) as engine, browser(locations) as client:
        for number in range(60):
            begin(engine, f"Count to {number}")
        begin(engine, "Paint the fence")
        first = client.get("/sessions.json").json()
        second = client.get(first["next"]).json()
        found = client.get("/sessions.json?q=fence").json()
        blocked = client.get("/sessions.json?status=blocked").json()

    assert (len(first["sessions"]), first["total"]) == (50, 61)
    assert (len(second["sessions"]), second["next"]) == (11, None)
    seen = {line["summary"]["session_id"] for line in (*first["sessions"], *second["sessions"])}
    assert len(seen) == 61
    assert [line["summary"]["goal"] for line in found["sessions"]] == ["Paint the fence"]
    assert (blocked["sessions"], blocked["total"], blocked["next"]) == ([], 0, None)


def test_a_cursor_that_is_not_ours_is_refused_with_a_page(locations: Locations) -> None:
    with open_engine(locations) as engine:
        begin(engine, "Look")

    answer = browser(locations).get("/?before=nonsense")

    assert answer.status_code == 400
    assert "This address asks for something odd" in answer.text


def test_a_parent_and_its_child_link_to_each_other(locations: Locations) -> None:
    with open_engine(locations) as engine, browser(locations) as client:
        parent = begin(engine, "The whole").session_id
        child = begin(engine, "A part", parent).session_id
        above = client.get(f"/sessions/{parent}").text
        below = client.get(f"/sessions/{child}").text

    assert f'href="/sessions/{child}"' in above
    assert f'href="/sessions/{parent}"' in below


def test_a_branch_that_was_left_is_folded_away_with_what_was_done_on_it(
    locations: Locations,
) -> None:
    with open_engine(locations) as engine, browser(locations) as client:
        first = begin(engine, "Try twice")
        engine.advance(first.token, Submission(notes="The first way."))
        again = ready(engine.rehydrate(first.token))
        engine.advance(again.token, Submission(notes="The second way."))
        page = client.get(f"/sessions/{first.session_id}").text

    assert "Another branch, left behind: 1 entry" in page
    assert "The second way." in page


@pytest.mark.rule("CON-9")
def test_a_damaged_session_says_so_and_hides_no_other(locations: Locations) -> None:
    with open_engine(locations) as engine:
        hurt = ready(engine.advance(begin(engine, "Hurt").token, Submission(notes="Found it.")))
        whole = begin(engine, "Whole")
    with sqlite3.connect(locations.database) as connection:  # noqa: TID251  # plants the damage
        changed = connection.execute(
            "UPDATE events SET payload = replace(payload, 'Found it.', 'Lost it.')"
        ).rowcount
    connection.close()
    client = browser(locations)

    page = client.get(f"/sessions/{hurt.session_id}")
    listed = client.get("/sessions.json").json()

    assert changed > 0
    assert "damaged" in page.text
    assert {line["summary"]["goal"] for line in listed["sessions"]} == {"Hurt", "Whole"}
    assert 'class="badge verified"' in client.get(f"/sessions/{whole.session_id}").text


@pytest.mark.rule("CON-9")
def test_a_store_that_is_no_database_is_a_page_with_the_reason(locations: Locations) -> None:
    locations.database.write_text("not a database at all, and long enough to be read as one" * 50)

    answer = browser(locations).get("/")

    assert answer.status_code == 503
    assert "The session store cannot be read" in answer.text
