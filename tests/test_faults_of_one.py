"""One damaged session hides and blocks no other: lists, resume, verify and pages go on without it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_engine.engine import StartRequest, Submission, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import StepReady
from workrail_engine.reader import open_reader
from workrail_engine.store.database import open_for_writing
from workrail_engine.system import Locations, SystemClock
from workrail_mcp_server.cli import main
from workrail_mcp_server.server import Tools

WORKFLOW = {
    "id": "damage-test",
    "name": "Damage test",
    "description": "Three plain steps.",
    "version": "1.0.0",
    "steps": [{"id": f"step-{n}", "title": f"Step {n}", "prompt": "Go on."} for n in range(1, 4)],
}
PAGE = 4096
MARK = "the marked middle of very long notes"
LONG_NOTES = "Broken at first. " + "x" * 12_000 + MARK + "y" * 12_000


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Locations:
    home, bundled = tmp_path / "home", tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "damage-test.json").write_text(json.dumps(WORKFLOW))
    monkeypatch.setenv("WORKRAIL_HOME", str(home))
    monkeypatch.setenv("WORKRAIL_BUNDLED_DIR", str(bundled))
    return Locations.under(home, bundled)


def sql(*statements: str) -> Callable[[Path], None]:
    """Damage by changing rows of the first session."""

    def damage(path: Path) -> None:
        database = open_for_writing(path)
        with database.writing() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        database.close()

    return damage


def lost_page(path: Path) -> None:
    """Damage in the file: the page in the middle of long notes no longer says where they go on."""
    data = bytearray(path.read_bytes())
    page = data.index(MARK.encode()) // PAGE * PAGE
    data[page : page + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(data)


DAMAGES = {
    "bytes that are no text": sql(
        "UPDATE events SET payload = CAST(x'7bff7d' AS TEXT) WHERE session = 1",
        "UPDATE sessions SET goal = CAST(x'42726f6b656eff' AS TEXT), branch = CAST(x'ff' AS TEXT)"
        " WHERE number = 1",
    ),
    "an event that is another": sql(
        "UPDATE events SET payload = '{\"notes\":7}' WHERE session = 1 AND seq > 1"
    ),
    "a time no calendar holds": sql(
        "UPDATE sessions SET created_at = -8000000000000000000, updated_at = 9000000000000000000"
        " WHERE number = 1",
        "UPDATE events SET at = 9000000000000000000 WHERE session = 1",
    ),
    "nodes that cannot be read": sql(
        "UPDATE nodes SET position = '{', trace = '7', kept = '[]' WHERE session = 1"
    ),
    "no nodes": sql("DELETE FROM nodes WHERE session = 1"),
    "no attempts": sql("DELETE FROM attempts WHERE session = 1"),
    "no events": sql("DELETE FROM events WHERE session = 1"),
    "a place there is not": sql("UPDATE sessions SET tip = 77, head_hash = x'00' WHERE number = 1"),
    "a page lost in the file": lost_page,
}


@pytest.mark.rule("STORE-10")
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_session_hides_and_blocks_no_other(places: Locations, damage: str) -> None:
    with open_engine(places) as engine:
        broken = engine.start(StartRequest("damage-test", "Broken one"))
        assert isinstance(broken, StepReady)
        engine.advance(broken.token, Submission(LONG_NOTES))
        whole = engine.start(StartRequest("damage-test", "Whole one"))
        assert isinstance(whole, StepReady)
    DAMAGES[damage](places.database)

    listed = CliRunner().invoke(main, ["session", "list"])
    verified = CliRunner().invoke(main, ["session", "verify", "--all"])
    tools = Tools(places.home, places)
    newest = tools.call("resume_session", {})
    searched = tools.call("resume_session", {"query": "one"})
    went_on = tools.call("complete_step", {"token": whole.token, "notes": "Unharmed."})
    begun = tools.call("start_workflow", {"workflowId": "damage-test", "goal": "A new one"})
    tools.close()

    assert listed.exit_code == 0, listed.output
    assert {broken.session_id, whole.session_id} <= set(listed.stdout.split())
    assert verified.exit_code == 1, verified.output
    assert f"{whole.session_id}  whole, 2 events" in verified.stdout
    assert f"{broken.session_id}  damaged: " in verified.stdout
    for reply in (newest, searched):
        assert not reply.failed, reply.text
        assert "Whole one" in reply.text
    assert not went_on.failed, went_on.text
    assert not begun.failed, begun.text
    with open_reader(places) as reader:
        assert reader.verify(SessionId(whole.session_id)).problems == ()


@pytest.mark.rule("CON-9")
@pytest.mark.parametrize("damage", DAMAGES)
def test_the_console_shows_the_others_beside_a_damaged_session(
    places: Locations, damage: str
) -> None:
    with open_engine(places) as engine:
        broken = engine.start(StartRequest("damage-test", "Broken one"))
        assert isinstance(broken, StepReady)
        engine.advance(broken.token, Submission(LONG_NOTES))
        whole = engine.start(StartRequest("damage-test", "Whole one"))
    DAMAGES[damage](places.database)
    app = create_app(lambda: open_reader(places), SystemClock(), store=str(places.home))

    with TestClient(app, base_url="http://127.0.0.1:3456") as client:
        overview = client.get("/")
        page = client.get(f"/sessions/{whole.session_id}")
        other = client.get(f"/sessions/{broken.session_id}")

    assert overview.status_code == 200
    assert "Whole one" in overview.text
    assert page.status_code == 200
    assert "Whole one" in page.text
    assert other.status_code in (200, 500, 503)
    assert "Traceback" not in other.text


@pytest.mark.rule("STORE-60")
def test_what_lies_in_whole_pages_is_saved_from_a_damaged_file(
    places: Locations, tmp_path: Path
) -> None:
    with open_engine(places) as engine:
        first = engine.start(StartRequest("damage-test", "Broken one"))
        assert isinstance(first, StepReady)
        engine.advance(first.token, Submission(LONG_NOTES))
    lost_page(places.database)

    result = CliRunner().invoke(
        main,
        ["session", "repair", first.session_id, "--into", str(tmp_path / "salvaged"), "--json"],
    )

    assert result.exit_code == 1, result.output
    told = json.loads(result.stdout)
    assert (told["found"], told["kept"]) == (4, 2)
    assert told["dropped"][0].startswith("event 3 (step_completed) cannot be read: ")
    with open_reader(Locations.under(tmp_path / "salvaged")) as reader:
        assert reader.verify(told["copyId"]).problems == ()
