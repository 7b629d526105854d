"""What the pages say of checks and approvals, over a real store."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from fastapi.testclient import TestClient

import workrail_console
from workrail_console.app import create_app
from workrail_console.session_views.outcome import GateWord
from workrail_engine.canonical import JsonObject
from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.outcomes import StepReady, Waiting
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock
from workrail_engine.testing.approving import (
    a_checked_release,
    a_release,
    answer,
    plan_a_checked_release,
)
from workrail_engine.workflow.checks import CheckOutcome

PLAN = "<b>PLAN</b>.md"
"""As HTML it would be bold; as a path it is a file in a folder, for the slash in the closing tag."""


@pytest.fixture(name="locations")
def installation_with_a_release(tmp_path: Path) -> Locations:
    places = Locations.under(tmp_path / "home", tmp_path / "bundled")
    places.user_workflows.mkdir(parents=True)
    (places.user_workflows / "release.json").write_text(json.dumps(a_checked_release(PLAN)))
    return places


@pytest.fixture(name="engine")
def engine_on_it(locations: Locations) -> Iterator[Engine]:
    with open_engine(locations) as opened:
        yield opened


@pytest.fixture(name="client")
def browser(locations: Locations) -> TestClient:
    app = create_app(lambda: open_reader(locations), SystemClock(), store=str(locations.home))
    return TestClient(app, base_url="http://127.0.0.1:3456")


@pytest.fixture(name="asked")
def attempt_that_failed_its_check_and_waits_now(engine: Engine, tmp_path: Path) -> Waiting:
    workspace = tmp_path / "shop"
    workspace.mkdir()
    return plan_a_checked_release(engine, workspace, PLAN)


@pytest.mark.rule("CON-12")
def test_a_step_lists_what_its_checks_found_with_icon_word_and_summary(
    client: TestClient, asked: Waiting
):
    page = client.get(f"/sessions/{asked.session_id}").text

    refused, accepted = page.split("Attempt 1 was blocked")[1].split("</details>\n", 1)[0], page
    assert '<span aria-hidden="true">✕</span> failed</span> <code>written</code>' in refused
    assert "1 problem" in refused
    assert '<span aria-hidden="true">✓</span> passed</span> <code>written</code>' in accepted
    assert "<b>PLAN" not in page
    assert "&lt;b&gt;PLAN" in page


@pytest.mark.rule("CON-12")
def test_the_twin_has_the_checks_and_the_approval(client: TestClient, asked: Waiting):
    nodes = client.get(f"/sessions/{asked.session_id}.json").json()["session"]["nodes"]

    assert [(check["outcome"], check["led_to"]) for node in nodes for check in node["checks"]] == [
        ("failed", 2),
        ("passed", 3),
    ]
    assert [node["approval"] is None for node in nodes] == [True, True, False]
    assert nodes[2]["approval"]["approval_id"] == asked.approval_id
    assert nodes[2]["approval"]["answer"] is None
    assert nodes[2]["reached_at"] != ""


@pytest.mark.rule("CON-13")
def test_who_answered_when_and_with_which_note_is_said(
    client: TestClient, engine: Engine, asked: Waiting
):
    page = f"/sessions/{asked.session_id}"
    assert '<span aria-hidden="true">?</span> waits</span>' in client.get(page).text
    other = engine.advance(asked.token, Submission(notes="At one."))
    assert isinstance(other, Waiting)
    answer(engine, other, "Not <i>today</i>.", yes=False)

    shown = client.get(page).text

    assert '<span aria-hidden="true">∅</span> replaced</span>' in shown
    assert '<span aria-hidden="true">✕</span> rejected</span> by <bdi>ada</bdi>, terminal' in shown
    assert "<bdi>Not &lt;i&gt;today&lt;/i&gt;.</bdi>" in shown
    assert " waits</span>" not in shown


@pytest.mark.rule("CON-13")
def test_an_approved_step_says_who_approved_it(client: TestClient, engine: Engine, asked: Waiting):
    answer(engine, asked, "Go.", yes=True)

    shown = client.get(f"/sessions/{asked.session_id}").text

    assert '<span aria-hidden="true">✓</span> approved</span> by <bdi>ada</bdi>, terminal' in shown


@pytest.mark.rule("CON-11")
def test_the_list_can_be_kept_to_what_waits(client: TestClient, engine: Engine, asked: Waiting):
    engine.start(StartRequest("release", "2.0"))

    waiting = client.get("/sessions.json?status=waiting").json()
    page = client.get("/?status=waiting").text
    answer(engine, asked, "Go.", yes=True)
    after = client.get("/sessions.json?status=waiting").json()

    assert [line["summary"]["session_id"] for line in waiting["sessions"]] == [asked.session_id]
    assert "Waits for a person to approve Plan" in page
    assert "2.0" not in page
    assert after["sessions"] == []


@pytest.mark.rule("CON-12")
def test_a_check_that_was_not_carried_out_is_neither_passed_nor_failed(
    client: TestClient, engine: Engine, locations: Locations, tmp_path: Path
):
    optional: JsonObject = {"id": "tests", "kind": "project", "command": "test", "optional": True}
    tested = {**a_release(checks=[optional]), "id": "tested"}
    (locations.user_workflows / "tested.json").write_text(json.dumps(tested))
    first = engine.start(StartRequest("tested", "Not in git", tmp_path))
    assert isinstance(first, StepReady)
    engine.advance(first.token, Submission(notes="Done."))

    story = client.get(f"/sessions/{first.session_id}").text
    step = client.get(f"/sessions/{first.session_id}/steps/1").text

    for page in (story, step):
        assert (
            '<span aria-hidden="true">\N{EN DASH}</span> not carried out</span> <code>tests</code>'
            in page
        )


def test_every_outcome_of_a_check_and_every_word_of_a_gate_has_its_mark():
    pieces = Path(workrail_console.__file__).parent / "templates" / "pieces.html"
    table = pieces.read_text(encoding="utf-8").split("set judged_words = ")[1].split("%}")[0]

    assert {*get_args(CheckOutcome), *get_args(GateWord)} == set(ast.literal_eval(table.strip()))
