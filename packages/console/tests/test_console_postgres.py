"""The pages over a store on a PostgreSQL server, which they cannot write to."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_engine.engine import StartRequest, Submission, open_engine
from workrail_engine.outcomes import Blocked, StepReady
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock
from workrail_engine.testing.postgres import NoServerError, postgres_server

WORKFLOW = """\
id: look-around
name: Look around
description: Look, then tell.
version: 1.0.0
steps:
  - {id: look, title: Look closely, prompt: Look.}
  - {id: tell, title: Tell what you saw, prompt: Tell.}
"""


@pytest.fixture
def locations(tmp_path: Path) -> Iterator[Locations]:
    places = Locations.under(tmp_path / "home", tmp_path / "bundled")
    places.user_workflows.mkdir(parents=True)
    (places.user_workflows / "look-around.yaml").write_text(WORKFLOW)
    places.bundled_dir.mkdir()
    try:
        with postgres_server() as server:
            yield replace(places, database_url=server.new_database())
    except NoServerError as reason:
        pytest.skip(f"no PostgreSQL server: {reason}")


@pytest.mark.rule("STORE-32")
def test_the_pages_show_what_lies_on_a_server_and_no_password(locations: Locations) -> None:
    app = create_app(lambda: open_reader(locations), SystemClock(), store=locations.store_shown)
    client = TestClient(app, base_url="http://127.0.0.1:3456")
    empty = client.get("/")
    with open_engine(locations) as engine:
        first = engine.start(StartRequest("look-around", "Count the walruses"))
        assert isinstance(first, StepReady)
        blocked = engine.advance(first.token, Submission())
        assert isinstance(blocked, Blocked)
        engine.advance(blocked.token, Submission(notes="Eleven of them."))

    listed = client.get("/", params={"q": "walrus"})
    (session,) = client.get("/sessions.json").json()["sessions"]
    shown = client.get(f"/sessions/{session['summary']['session_id']}", params={"check": "1"})

    assert "There is no session yet" in empty.text
    assert "Count the walruses" in listed.text
    assert "Eleven of them." in shown.text
    assert "hidden%40word" not in empty.text + listed.text + shown.text
    assert not locations.home.joinpath("sessions.db").exists()
