"""Does a session's document say what was checked, and who decided?"""

import json
from pathlib import Path

import pytest

from workrail_engine.engine import open_engine
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import Waiting
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations
from workrail_engine.testing.approving import a_checked_release, answer, plan_a_checked_release
from workrail_mcp_server.present_story import present_story
from workrail_mcp_server.testing import masked


@pytest.fixture(name="places")
def installation_with_a_checked_release(tmp_path: Path) -> Locations:
    places = Locations.under(tmp_path / "home", tmp_path / "bundled")
    places.user_workflows.mkdir(parents=True)
    (places.user_workflows / "release.json").write_text(json.dumps(a_checked_release()))
    return places


def story_of(places: Locations, asked: Waiting) -> str:
    with open_reader(places) as reader:
        return masked(present_story(reader.session(SessionId(asked.session_id))))


@pytest.mark.rule("MCP-53")
def test_a_document_tells_what_checks_said_and_what_waits(
    places: Locations, tmp_path: Path
) -> None:
    with open_engine(places) as engine:
        asked = plan_a_checked_release(engine, tmp_path)
        story = story_of(places, asked)

    assert "- Check written failed: 1 problem with files" in story
    assert "- Check written passed: " in story
    waits = "Waits for a person, who runs: workrail approve "
    assert masked(f"{waits}{asked.approval_id}") in story


@pytest.mark.rule("MCP-53")
def test_a_document_tells_who_decided_and_why(places: Locations, tmp_path: Path) -> None:
    with open_engine(places) as engine:
        asked = plan_a_checked_release(engine, tmp_path)
        answer(engine, asked, "Too early.", yes=False)
        story = story_of(places, asked)

    assert "Rejected by ada (terminal), TIME: Too early." in story
    assert "Waits for a person" not in story
