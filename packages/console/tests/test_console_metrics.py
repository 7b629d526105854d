"""Figures that Prometheus can read."""

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import StepReady
from workrail_engine.projections.runs import RunOrder
from workrail_engine.system import Locations

DOCUMENT = Path(__file__).parents[3] / "docs" / "console-for-programs.md"


def samples(console: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = console.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.rule("CON-47")
def test_sessions_are_counted_by_status_and_blocked_ones_by_code(
    acting: Engine, console: TestClient
) -> None:
    first = acting.start(StartRequest("careful", "Look"))
    assert isinstance(first, StepReady)
    acting.advance(first.token, Submission())
    acting.start(StartRequest("careful", "Look again"))

    found = samples(console)

    assert found["workrail_store_present", ()] == 1
    assert found["workrail_sessions", (("status", "blocked"),)] == 1
    assert found["workrail_sessions", (("status", "running"),)] == 1
    assert found["workrail_blocked_sessions", (("code", "MISSING_NOTES"),)] == 1
    assert found["workrail_store_bytes", ()] > 0
    assert found["workrail_console_sse_clients", ()] == 0


@pytest.mark.rule("CON-47")
def test_requests_are_counted_by_route_and_never_by_address(
    acting: Engine, console: TestClient
) -> None:
    session_id = acting.start(StartRequest("careful", "Look at <b>zebras</b>")).session_id
    for path in (f"/units/{session_id}", f"/units/{session_id}", "/nowhere", "/search?q=secret"):
        console.get(path)

    found = samples(console)
    text = console.get("/metrics").text

    route = ("route", "/units/{session_id}")
    assert found["workrail_console_requests_total", (route, ("status", "200"))] == 2
    assert found["workrail_console_request_seconds_count", (route,)] == 2
    assert found["workrail_console_request_seconds_bucket", (("le", "+Inf"), route)] == 2
    statuses = {dict(labels).get("status") for name, labels in found if name.endswith("_total")}
    assert "404" in statuses
    for hidden in (session_id, "nowhere", "secret", "careful", "zebra"):
        assert hidden not in text


def test_classes_of_durations_only_grow(acting: Engine, console: TestClient) -> None:
    acting.start(StartRequest("careful", "Look"))
    for _ in range(5):
        console.get("/healthz")

    found = samples(console)
    of_route = [
        (float(dict(labels)["le"]), value)
        for (name, labels), value in found.items()
        if name == "workrail_console_request_seconds_bucket" and dict(labels)["route"] == "/healthz"
    ]

    counts = [value for _, value in sorted(of_route)]
    assert counts == sorted(counts)
    assert counts[-1] == 5


def test_without_a_store_the_figures_say_so(home: Locations, console: TestClient) -> None:
    found = samples(console)

    assert found["workrail_store_present", ()] == 0
    assert not home.database.exists()


@pytest.mark.rule("CON-47")
def test_the_document_names_every_figure_and_no_other(acting: Engine, console: TestClient) -> None:
    begun = acting.start(StartRequest("careful", "Look"))
    acting.runs.order(RunOrder(SessionId(begun.session_id)))
    families = text_string_to_metric_families(console.get("/metrics").text)
    counted = {"counter": "_total"}
    told = {f"{family.name}{counted.get(family.type, '')}" for family in families}
    ours = {name for name in told if name.startswith("workrail_")}

    named = set(re.findall(r"`(workrail_[a-z_]+)`", DOCUMENT.read_text(encoding="utf-8")))

    assert named == ours
