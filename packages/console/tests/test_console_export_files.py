"""A session as a report, as a log, and as a trace."""

import json
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient

from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import Blocked, StepReady
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

SECRET = "ghp_" + "a1B2" * 9
NOTES = f"""# Found
The *garden* is green.

```sh
# not a heading
curl -H {SECRET}
```
~~~
never closed"""


@pytest.fixture(name="session")
def session_with_a_refused_attempt_and_a_child(acting: Engine) -> SessionId:
    at = acting.start(StartRequest("careful", "See the [garden](x) | *now*"))
    assert isinstance(at, StepReady)
    session = SessionId(at.session_id)
    blocked = acting.advance(at.token, Submission())
    assert isinstance(blocked, Blocked)
    sent = ({"kind": "wr.loop_control", "decision": "stop"},)
    assert isinstance(
        acting.advance(blocked.token, Submission(notes=NOTES, artifacts=sent)), StepReady
    )
    acting.start(StartRequest("careful", "A part", parent_session_id=session))
    return session


@pytest.mark.rule("CON-68")
def test_a_report_keeps_notes_below_its_own_headings_and_texts_of_one_line_escaped(
    console: TestClient, session: SessionId
) -> None:
    answer = console.get(f"/sessions/{session}.md")

    report = answer.text
    assert answer.headers["content-type"].startswith("text/markdown")
    assert report.startswith(r"# See the \[garden\](x) \| \*now\*" + "\n")
    assert "\n#### Found\n" in report
    assert "\n# not a heading\n" in report
    assert "never closed\n~~~\n" in report
    assert "- MISSING_NOTES: " in report
    assert "\n> Skipped mend: runs only if broken equals true" in report
    assert "#### Artifact wr.loop_control" in report


@pytest.mark.rule("CON-69")
def test_a_report_hides_secrets_and_the_log_is_what_was_stored(
    console: TestClient, home: Locations, session: SessionId
) -> None:
    report = console.get(f"/sessions/{session}.md").text
    answer = console.get(f"/sessions/{session}.jsonl")

    lines = [json.loads(line) for line in answer.text.splitlines()]
    with open_reader(home) as reader:
        stored = [(one.seq, one.kind, one.at, one.payload) for one in reader.events(session)]
        head = reader.verify(session).head_hash
    assert SECRET not in report
    assert [(one["seq"], one["kind"], one["at"], one["payload"]) for one in lines] == stored
    assert lines[-1]["hash"].removeprefix("sha256:") == str(head).removeprefix("sha256:")
    assert SECRET in answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="{session}.jsonl"'


def test_there_is_no_log_of_a_session_that_is_not_there(console: TestClient) -> None:
    unknown = f"/sessions/sess_{'a' * 26}"

    assert {console.get(f"{unknown}{ending}").status_code for ending in (".jsonl", ".md")} == {404}
    assert console.get("/sessions/anything.trace.json").status_code == 404


@pytest.mark.rule("CON-60")
def test_a_trace_has_a_span_for_the_run_and_one_for_each_step_below_it(
    console: TestClient, session: SessionId
) -> None:
    trace = console.get(f"/sessions/{session}.trace.json").json()

    (resource,) = trace["resourceSpans"]
    (scope,) = resource["scopeSpans"]
    root, *steps = scope["spans"]
    assert {"key": "service.name", "value": {"stringValue": "workrail"}} in resource["resource"][
        "attributes"
    ]
    assert (len(root["traceId"]), len(root["spanId"])) == (32, 16)
    assert "parentSpanId" not in root
    assert {step["parentSpanId"] for step in steps} == {root["spanId"]}
    assert {step["traceId"] for step in steps} == {root["traceId"]}
    assert len({step["spanId"] for step in steps}) == len(steps) == 2
    assert [event["name"] for event in steps[0]["events"]] == ["attempt_refused"]
    for span in (root, *steps):
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
    for one, other in pairwise(steps):
        assert int(one["startTimeUnixNano"]) <= int(other["startTimeUnixNano"])


def test_the_trace_of_a_child_links_to_that_of_its_parent(
    console: TestClient, session: SessionId
) -> None:
    def root_of(session_id: str) -> dict[str, str]:
        trace = console.get(f"/sessions/{session_id}.trace.json").json()
        return trace["resourceSpans"][0]["scopeSpans"][0]["spans"][0]

    (child,) = console.get(f"/sessions/{session}.json").json()["session"]["children"]

    parent, started = root_of(session), root_of(child["session_id"])

    assert started["links"] == [{"traceId": parent["traceId"], "spanId": parent["spanId"]}]
    assert started["traceId"] != parent["traceId"]


def test_a_report_of_a_complete_session_begins_with_what_came_of_it(
    acting: Engine, console: TestClient
) -> None:
    at = acting.start(StartRequest("careful", "See the garden"))
    handoff = {
        "kind": "wr.coding_handoff",
        "keyDecisions": ["water at night", "a hose"],
        "knownLimitations": ["no rain"],
        "filesChanged": [],
    }
    for artifacts in ((), (), (handoff,)):
        assert isinstance(at, StepReady)
        at = acting.advance(at.token, Submission(notes="Done.", artifacts=artifacts))
    session = at.session_id

    report = console.get(f"/sessions/{session}.md").text

    before, _, after = report.partition("\n## What happened\n")
    assert "- Key decisions:\n  - water at night\n  - a hose\n" in before
    assert "- Files changed: none" in before
    assert "### Left open\n\n- no rain\n" in before
    assert "### Run complete" in after
