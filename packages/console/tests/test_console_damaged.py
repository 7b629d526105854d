"""What every form of a damaged session says: the log as far as it is whole, and what to do."""

import json
import sqlite3

import pytest
from fastapi.testclient import TestClient

from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.outcomes import StepReady
from workrail_engine.system import Locations


def harm(home: Locations, engine: Engine, change: str) -> str:
    """A session of one step and a bit, with damage."""
    first = engine.start(StartRequest("careful", "Look *closely*"))
    assert isinstance(first, StepReady)
    engine.advance(first.token, Submission(notes="Found it."))
    with sqlite3.connect(home.database) as connection:  # noqa: TID251  # plants the damage
        assert connection.execute(change).rowcount > 0
    connection.close()
    return f"/sessions/{first.session_id}"


LOST_EVENT = "UPDATE events SET payload = '{' WHERE kind = 'step_completed'"
LOST_NODE = "UPDATE sessions SET tip = 99"


@pytest.mark.rule("CON-23")
@pytest.mark.parametrize("ending", [".json", ".trace.json", "/steps/1.json"])
def test_a_program_is_told_the_log_as_far_as_it_is_whole_and_what_helps(
    acting: Engine, home: Locations, console: TestClient, ending: str
) -> None:
    page = harm(home, acting, LOST_EVENT)

    answer = console.get(f"{page}{ending}")
    told = answer.json()

    assert answer.status_code == told["status"] == 500
    assert answer.headers["content-type"] == "application/problem+json"
    record = told["record"]
    assert record["whole"][0]["kind"] == "session_started"
    assert [line["seq"] for line in record["whole"]] == [*range(1, record["broken"]["seq"])]
    assert record["broken"]["kind"] == "step_completed"
    assert record["broken"]["problem"]
    assert record["events"] > len(record["whole"])
    session = page.removeprefix("/sessions/")
    assert record["commands"] == [
        f"workrail session verify {session}",
        f"workrail session repair {session}",
    ]
    assert console.get(record["log"]).status_code == 200


@pytest.mark.rule("CON-23")
@pytest.mark.parametrize(
    ("change", "said"),
    [(LOST_EVENT, "is the first that is not what was written"), (LOST_NODE, "all are what was")],
)
def test_the_report_says_what_is_damaged_what_lies_in_the_log_and_what_helps(
    acting: Engine, home: Locations, console: TestClient, change: str, said: str
) -> None:
    page = harm(home, acting, change)

    answer = console.get(f"{page}.md")

    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/markdown")
    assert answer.text.startswith("# This session's record is damaged\n")
    assert said in answer.text
    assert f"    workrail session repair {page.removeprefix('/sessions/')}" in answer.text
    assert f"{page}.jsonl" in answer.text
    assert "\n### 1. session_started\n" in answer.text
    assert ("Found it." in answer.text) is (change == LOST_NODE)


@pytest.mark.rule("CON-23")
@pytest.mark.parametrize("change", [LOST_EVENT, LOST_NODE])
def test_the_page_of_a_step_shows_what_the_log_says_of_it(
    acting: Engine, home: Locations, console: TestClient, change: str
) -> None:
    page = harm(home, acting, change)

    answer = console.get(f"{page}/steps/1")

    assert answer.status_code == 200
    assert "Its story cannot be told" in answer.text
    assert "<code>step_completed</code>" in answer.text
    assert f"workrail session repair {page.removeprefix('/sessions/')}" in answer.text
    assert console.get("/sessions/sess_" + "b" * 26 + "/steps/1").status_code == 404


@pytest.mark.rule("CON-23")
@pytest.mark.parametrize("change", [LOST_EVENT, LOST_NODE])
def test_the_log_is_handed_out_whole_whatever_is_damaged(
    acting: Engine, home: Locations, console: TestClient, change: str
) -> None:
    page = harm(home, acting, change)

    lines = [json.loads(line) for line in console.get(f"{page}.jsonl").text.splitlines()]

    assert [line["seq"] for line in lines] == [*range(1, len(lines) + 1)]
    assert any("problem" in line for line in lines) is (change == LOST_EVENT)
