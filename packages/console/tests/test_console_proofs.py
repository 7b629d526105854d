"""What the pages say of proofs, over a real store."""

import json
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from workrail_engine.engine import Engine
from workrail_engine.system import Locations
from workrail_engine.testing.approving import answer, plan_a_checked_release


@pytest.fixture
def proved(acting: Engine, tmp_path: Path) -> str:
    """The id of a session with a failed and a passed check and an approval."""
    workspace = tmp_path / "shop"
    workspace.mkdir()
    asked = plan_a_checked_release(acting, workspace)
    answer(acting, asked, "Go.")
    return asked.session_id


def ids(console: TestClient, query: str = "") -> list[tuple[str, str]]:
    found = console.get(f"/proofs.json?{query}").json()["proofs"]
    return [(line["kind"], line["outcome"]) for line in found]


@pytest.mark.rule("CON-44")
def test_proofs_are_listed_newest_first_and_kept_to_what_is_asked_for(
    proved: str, console: TestClient, tmp_path: Path
) -> None:
    page = console.get("/proofs?kind=check&outcome=fail").text

    assert ids(console) == [("approval", "pass"), ("check", "pass"), ("check", "fail")]
    assert ids(console, "kind=check") == [("check", "pass"), ("check", "fail")]
    assert ids(console, "outcome=fail") == [("check", "fail")]
    assert len(ids(console, f"module={tmp_path / 'shop'}")) == 3
    assert ids(console, "module=elsewhere") == []
    assert len(ids(console, f"session={proved}&since=1d")) == 3
    assert ids(console, "since=2999-01-01") == []
    assert '<option value="check" selected>' in page
    assert page.count('<span aria-hidden="true">✕</span> fail') == 1


@pytest.mark.rule("CON-44")
def test_a_proof_says_what_it_proves_what_it_does_not_and_how_to_check_it(
    proved: str, console: TestClient
) -> None:
    (line,) = console.get("/proofs.json?kind=approval").json()["proofs"]
    page = console.get(f"/proofs/{line['digest'][7:31]}").text
    twin = console.get(f"/proofs/{line['digest']}.json").json()

    assert "signature holds" in page
    assert "WorkRail was given this approval for exactly what has this digest." in page
    assert "who the person is: the name and the way are what the channel knew" in page
    assert f"workrail proof export {proved} --out proofs.jsonl" in page
    assert f"workrail proof verify proofs.jsonl --key {twin['proof']['key']}" in page
    assert twin["proof"]["statement"]["predicate"]["detail"]["verdict"] == "approved"
    assert json.loads(twin["proof"]["envelope"])["payloadType"] == "application/vnd.in-toto+json"


@pytest.mark.rule("CON-44")
def test_a_proof_whose_key_is_not_known_is_not_to_be_relied_on(
    proved: str, home: Locations, console: TestClient
) -> None:
    for key in home.keys.iterdir():
        key.unlink()
    (line, *_) = console.get("/proofs.json").json()["proofs"]

    page = console.get(f"/proofs/{line['digest'][7:31]}")

    assert page.status_code == 200
    assert "Do not rely on this proof" in page.text
    assert "signature holds" not in page.text


def test_a_list_that_is_cut_says_so_and_leads_on(proved: str, console: TestClient) -> None:
    page = console.get("/proofs?limit=2").text
    twin = console.get("/proofs.json?limit=2").json()

    assert "2 proofs, and older ones" in page
    assert 'href="/proofs?limit=200">Show more' in page
    assert twin["more"] is True
    assert console.get("/proofs.json?limit=3").json()["more"] is False


def test_without_a_proof_the_page_says_when_there_will_be_one(console: TestClient) -> None:
    assert "There is no proof yet" in console.get("/proofs").text
    assert "No proof fits" in console.get("/proofs?kind=check").text


@pytest.mark.rule("CON-42")
@pytest.mark.parametrize(
    "query",
    [
        "kind=rumour",
        "outcome=maybe",
        "since=yesterday",
        "since=0d",
        "session=abc",
        "limit=0",
        "limit=1001",
        "limit=many",
        "module=%00",
        f"module={'x' * 501}",
    ],
)
def test_what_no_proof_can_have_is_refused_with_what_to_write(
    proved: str, console: TestClient, query: str
) -> None:
    assert console.get(f"/proofs?{query}").status_code == 400
    twin = console.get(f"/proofs.json?{query}")
    assert twin.status_code == 400
    assert twin.json()["detail"]


@pytest.mark.parametrize("text", ["12", "zz", "0" * 64, "0" * 65, "%00", "ab cd"])
def test_a_proof_that_is_not_there_is_a_page_that_says_so(
    proved: str, console: TestClient, text: str
) -> None:
    assert console.get(f"/proofs/{text}").status_code == 404
    assert console.get(f"/proofs/{text}.json").json()["title"] == "No such proof"
