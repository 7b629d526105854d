"""A session with facts of an unattended run between its steps is shown in every view."""

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from workrail_engine.engine import Engine
from workrail_engine.testing.driven import driven, with_a_workflow

VIEWS = ("story", "outline", "timeline", "events", "context", "artifacts", "proofs", "graph", "raw")


@pytest.mark.rule("CON-190")
def test_every_view_of_a_driven_session_is_shown(
    acting: Engine, console: TestClient, tmp_path: Path
):
    run = driven(acting, with_a_workflow(tmp_path / "project"), "A driven finch trip")
    run.work()
    run.step("Finch seen by a machine.")
    run.work()

    for view in VIEWS:
        page = console.get(f"/sessions/{run.session_id}?view={view}")
        assert (view, page.status_code) == (view, 200)
        assert "A driven finch trip" in page.text
    for path in ("/", "/health", f"/units/{run.session_id}", f"/sessions/{run.session_id}/steps/1"):
        assert (path, console.get(path).status_code) == (path, 200)
    story = console.get(f"/sessions/{run.session_id}.md").text
    assert "Finch seen by a machine." in story
    log = console.get(f"/sessions/{run.session_id}.jsonl").text
    assert log.count("turn_taken") >= 2
    assert console.get(f"/sessions/{run.session_id}.json").status_code == 200
    assert console.get(f"/sessions/{run.session_id}.trace.json").status_code == 200
