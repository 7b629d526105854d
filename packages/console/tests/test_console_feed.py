"""What a feed reader is told, over a real store."""

from xml.etree import ElementTree

import pytest
from fastapi.testclient import TestClient

from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.outcomes import AdvanceOutcome, Blocked, Completed, StartOutcome, StepReady

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(console: TestClient) -> dict[str, ElementTree.Element]:
    answer = console.get("/feed.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.text)  # noqa: S314 (our own)
    return {entry.findtext(f"{ATOM}id", ""): entry for entry in feed.iter(f"{ATOM}entry")}


def ready(outcome: StartOutcome | AdvanceOutcome) -> StepReady:
    assert isinstance(outcome, StepReady)
    return outcome


@pytest.mark.rule("CON-48")
def test_what_is_blocked_and_what_is_complete_is_told_and_what_runs_is_not(
    acting: Engine, console: TestClient
) -> None:
    ready(acting.start(StartRequest("careful", "Goes on")))
    stuck = ready(acting.start(StartRequest("careful", "Is <stuck> & \x0b waits")))
    acting.advance(stuck.token, Submission())
    outcome: StartOutcome | AdvanceOutcome = acting.start(StartRequest("careful", "Ends"))
    while isinstance(outcome, StepReady):
        outcome = acting.advance(outcome.token, Submission(notes="Done well."))
    assert isinstance(outcome, Completed)

    told = entries(console)

    titles = {entry.findtext(f"{ATOM}title") for entry in told.values()}
    assert titles == {"Blocked: Is <stuck> & waits", "Complete: Ends"}
    blocked = next(one for name, one in told.items() if stuck.session_id in name)
    assert "notes" in blocked.findtext(f"{ATOM}summary", "")
    link = blocked.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == f"http://127.0.0.1:3456/sessions/{stuck.session_id}"


@pytest.mark.rule("CON-48")
def test_an_entry_keeps_its_id_and_a_second_refusal_is_another_piece_of_news(
    acting: Engine, console: TestClient
) -> None:
    first = ready(acting.start(StartRequest("careful", "Is stuck")))
    refused = acting.advance(first.token, Submission())
    assert isinstance(refused, Blocked)
    once, again = set(entries(console)), set(entries(console))
    acting.advance(refused.token, Submission())
    later = set(entries(console))

    assert once == again
    assert len(later) == 1
    assert later != once


def test_an_empty_store_has_an_empty_feed(console: TestClient) -> None:
    assert entries(console) == {}
