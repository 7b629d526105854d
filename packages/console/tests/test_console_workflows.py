"""What the pages say of workflows that were used, over a real store."""

import json

import pytest
from fastapi.testclient import TestClient

from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.outcomes import Completed, StepReady
from workrail_engine.system import Locations


def begin(engine: Engine, goal: str = "Look") -> StepReady:
    outcome = engine.start(StartRequest("careful", goal))
    assert isinstance(outcome, StepReady)
    return outcome


def carry_out(engine: Engine) -> None:
    outcome: object = begin(engine)
    while isinstance(outcome, StepReady):
        outcome = engine.advance(outcome.token, Submission(notes="Done."))
    assert isinstance(outcome, Completed)


@pytest.fixture
def edited(home: Locations) -> tuple[str, str]:
    """What its first step read as it ran first, and as it ran after it was edited."""
    file = home.user_workflows / "careful.json"
    with open_engine(home) as engine:
        begin(engine)
    changed = json.loads(file.read_text())
    changed["steps"][0]["prompt"] = "Look <i>twice</i>."
    file.write_text(json.dumps(changed))
    with open_engine(home) as engine:
        begin(engine, "Look again")
    return "Look at ", "Look <i>twice</i>."


@pytest.mark.rule("CON-43")
def test_the_catalogue_counts_sessions_by_where_they_stand(
    acting: Engine, console: TestClient
) -> None:
    carry_out(acting)
    acting.advance(begin(acting).token, Submission())
    begin(acting)

    page = console.get("/workflows").text
    (use,) = console.get("/workflows.json").json()["workflows"]

    assert use["sessions"] == 3
    assert use["by_status"] == {"completed": 1, "blocked": 1, "running": 1}
    for part in ("1 blocked", "1 running", "1 completed", 'href="/workflows/careful"'):
        assert part in page


@pytest.mark.rule("CON-43")
def test_a_workflow_shows_its_steps_with_conditions_and_loops_in_words(
    acting: Engine, console: TestClient
) -> None:
    acting.advance(begin(acting).token, Submission())

    page = console.get("/workflows/careful").text
    story = console.get("/workflows/careful.json").json()

    assert "Look &lt;b&gt;closely&lt;/b&gt;" in page
    assert '<span class="label">Runs when</span> <bdi>broken' in page
    assert '<span class="label">Repeats</span> <bdi>2 times' in page
    assert "Start the workflow careful for this goal" in page
    assert "Where attempts were refused" in page
    assert [step["step_id"] for step in story["definition"]["steps"]] == ["look", "mend", "again"]
    assert story["story"]["retried"][0]["refused"] == 1


@pytest.mark.rule("CON-43")
def test_each_definition_has_a_page_and_the_difference_is_shown_line_by_line(
    edited: tuple[str, str], console: TestClient
) -> None:
    newest, oldest = console.get("/workflows/careful.json").json()["story"]["definitions"]
    new, old = (one["workflow_hash"][7:19] for one in (newest, oldest))
    first, second = edited

    page = console.get(f"/workflows/careful/{old}")
    diff = console.get(f"/workflows/careful/{old}/diff/{new}")
    lines = console.get(f"/workflows/careful/{old}/diff/{new}.json").json()["lines"]
    back = console.get(f"/workflows/careful/{new}/diff/{old}.json").json()["lines"]
    whole = console.get(f"/workflows/careful/sha256:{oldest['workflow_hash'][7:]}.json").json()

    assert page.status_code == 200
    assert f'href="/workflows/careful/{new}/diff/{old}"' in page.text
    assert whole["used"] == oldest
    assert first in whole["definition"]["document"]
    assert [line["sign"] for line in lines if line["sign"] in "+-"] == ["-", "+"]
    (added,) = [line["text"] for line in lines if line["sign"] == "+"]
    assert second in added
    assert [line["text"] for line in back if line["sign"] == "-"] == [added]
    assert "Look &lt;i&gt;twice&lt;/i&gt;." in diff.text
    assert f"/workflows/careful/{old}/diff/{new}" in console.get("/workflows/careful").text


def test_before_any_session_the_catalogue_says_how_to_see_what_there_is(
    console: TestClient,
) -> None:
    page = console.get("/workflows")

    assert page.status_code == 200
    assert "No workflow was used yet" in page.text


@pytest.mark.rule("CON-42")
@pytest.mark.parametrize(
    "path",
    [
        "nothing",
        "%00",
        "x" * 300,
        "careful/12345678",
        "careful/zz",
        "careful/sha256:",
        "careful/12345678/diff/87654321",
        "nothing/12345678",
    ],
)
def test_what_no_session_ran_is_a_page_that_says_so(
    acting: Engine, console: TestClient, path: str
) -> None:
    begin(acting)

    assert console.get(f"/workflows/{path}").status_code == 404
    twin = console.get(f"/workflows/{path}.json")
    assert twin.status_code == 404
    assert twin.json()["title"] == "No such workflow"
