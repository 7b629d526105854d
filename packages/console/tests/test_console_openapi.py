"""The document of all addresses, and the page made from it."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from workrail_console.machine.shapes import ANSWERS
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.outcomes import StepReady

KEPT = Path(__file__).parent / "golden" / "openapi.json"
NOT_ADDRESSES = {"/static/{name}"}


def document(console: TestClient) -> dict[str, Any]:
    answer = console.get("/openapi.json")
    assert answer.status_code == 200
    return answer.json()


def paths_of(console: TestClient) -> set[str]:
    contexts = iter_route_contexts(console.app.routes)  # type: ignore[attr-defined]  # of a FastAPI application
    return {context.path for context in contexts if context.path} - NOT_ADDRESSES


@pytest.mark.rule("CON-46")
def test_every_address_is_described_with_its_answer_and_its_failures(console: TestClient) -> None:
    described = document(console)

    assert described["openapi"].startswith("3.1")
    assert set(described["paths"]) == paths_of(console)
    names = [operations["get"]["operationId"] for operations in described["paths"].values()]
    assert len(names) == len(set(names))
    for path, operations in described["paths"].items():
        assert set(operations) == {"get"}
        operation = operations["get"]
        assert operation["description"], path
        assert {"200", "400", "404", "500", "503"} <= set(operation["responses"])
        for parameter in operation["parameters"]:
            shape = parameter["schema"]
            assert shape, (path, parameter["name"])


@pytest.mark.rule("CON-46")
def test_every_json_address_says_which_value_it_answers_with(console: TestClient) -> None:
    described = document(console)["paths"]

    twins = {path for path in described if path.endswith(".json")}
    exports = {path for path in twins if path.endswith(".trace.json")}
    assert twins - exports <= set(ANSWERS)


@pytest.mark.rule("CON-46")
def test_the_document_is_the_kept_one(console: TestClient) -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    found = document(console)
    found["info"]["version"] = kept["info"]["version"]

    assert found == kept, (
        "run packages/console/tests/golden/make_openapi.py, read the difference, and keep it"
    )


@pytest.mark.rule("CON-46")
def test_answers_have_the_shape_and_the_type_the_document_says(
    acting: Engine, console: TestClient
) -> None:
    first = acting.start(StartRequest("careful", "Look"))
    assert isinstance(first, StepReady)
    acting.advance(first.token, Submission(notes="Seen.", artifacts=({"kind": "x", "a": [1]},)))
    story = console.get("/workflows/careful.json").json()["story"]
    digits = story["definitions"][0]["workflow_hash"][7:19]
    parts = {
        "session_id": first.session_id,
        "workflow_id": "careful",
        "workflow_hash": digits,
        "other": digits,
        "node": "1",
    }
    described = document(console)
    checked = 0
    for path, operations in described["paths"].items():
        if path == "/live" or "{proof_id}" in path or "{digest}" in path:
            continue
        answer = console.get(path.format(**parts))
        ((kind, content),) = operations["get"]["responses"]["200"]["content"].items()
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].split(";")[0] == kind, path
        if kind == "application/json":
            whole = {**content["schema"], "components": described["components"]}
            jsonschema.validate(answer.json(), whole, cls=jsonschema.Draft202012Validator)
            checked += 1
    assert checked > 8


@pytest.mark.rule("CON-42")
def test_a_failure_of_a_json_address_is_a_problem_as_described(console: TestClient) -> None:
    answer = console.get("/proofs/zz.json")

    assert answer.headers["content-type"] == "application/problem+json"
    described = document(console)
    problem = {**described["components"]["schemas"]["Problem"]}
    jsonschema.validate(answer.json(), problem, cls=jsonschema.Draft202012Validator)


@pytest.mark.rule("CON-46")
def test_the_page_names_every_address_and_every_value(console: TestClient) -> None:
    described = document(console)

    page = console.get("/docs").text

    for path in described["paths"]:
        assert f"<code>{path}</code>" in page
    for name in described["components"]["schemas"]:
        assert f'id="v-{name}"' in page
    assert "http" not in page.split("<main")[1].replace("application/", "")
