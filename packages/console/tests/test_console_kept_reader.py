"""The store stays open between requests, and what becomes of it meanwhile is seen all the same."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_engine.engine import Engine, StartRequest, open_engine
from workrail_engine.outcomes import StepReady
from workrail_engine.reader import Reader, open_reader
from workrail_engine.system import Locations, SystemClock


class Doors:
    """Counts how often a store was opened and closed."""

    def __init__(self, home: Locations) -> None:
        self.home = home
        self.opened = 0
        self.closed = 0

    @contextmanager
    def open(self) -> Generator[Reader]:
        self.opened += 1
        with open_reader(self.home) as reader:
            yield reader
        self.closed += 1


def begin(engine: Engine, goal: str) -> None:
    assert isinstance(engine.start(StartRequest("careful", goal)), StepReady)


def test_a_store_that_came_to_be_is_seen_and_then_opened_once_for_many_requests(
    home: Locations, acting: Engine
) -> None:
    with open_reader(home) as reader:
        assert reader.sessions().total == 0
    doors = Doors(home)
    app = create_app(doors.open, SystemClock())
    pulse = app.state.context.pulse
    with pulse.keep_open():
        client = TestClient(app, base_url="http://127.0.0.1:3456")
        empty = client.get("/").text
        begin(acting, "First")
        seen = client.get("/sessions.json").json()["total"]
        opened = doors.opened
        for _ in range(10):
            client.get("/")
        after = doors.opened
        begin(acting, "Second")
        then = client.get("/sessions.json").json()["total"]

    assert "There is no session yet" in empty
    assert (seen, then) == (1, 2)
    assert after == opened
    assert doors.closed == doors.opened


def test_a_store_that_is_replaced_or_removed_is_seen_as_it_is_then(
    home: Locations, acting: Engine, tmp_path: Path
) -> None:
    begin(acting, "Old")
    other = Locations.under(tmp_path / "other", home.bundled_dir)
    shutil.copytree(home.user_workflows, other.user_workflows)
    with open_engine(other) as engine:
        begin(engine, "New")
        begin(engine, "Newer")
    doors = Doors(other)
    app = create_app(doors.open, SystemClock())
    with app.state.context.pulse.keep_open():
        client = TestClient(app, base_url="http://127.0.0.1:3456")
        before = client.get("/sessions.json").json()["total"]
        for file in other.home.glob("sessions.db*"):
            file.unlink()
        gone = client.get("/")
        for file in home.home.glob("sessions.db*"):
            shutil.copy(file, other.home / file.name)
        replaced = client.get("/sessions.json").json()

    assert before == 2
    assert gone.status_code == 200
    assert "There is no session yet" in gone.text
    assert [line["summary"]["goal"] for line in replaced["sessions"]] == ["Old"]
    assert doors.closed == doors.opened
