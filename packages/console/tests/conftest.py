"""A home with two small workflows, an engine that works in it, and a console that shows it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_engine.engine import Engine, open_engine
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock
from workrail_engine.testing.approving import a_checked_release

CAREFUL = {
    "id": "careful",
    "name": "A careful look",
    "description": "Look, mend, tell.",
    "version": "1.0.0",
    "steps": [
        {"id": "look", "title": "Look <b>closely</b>", "prompt": "Look at {{goal}}."},
        {
            "id": "mend",
            "title": "Mend it",
            "prompt": "Mend what is broken.",
            "runCondition": {"var": "broken", "equals": True},
        },
        {
            "id": "again",
            "type": "loop",
            "title": "Until it is good",
            "loop": {"type": "for", "count": 2, "maxIterations": 2},
            "body": [{"id": "polish", "title": "Polish", "prompt": "Polish it."}],
        },
    ],
}


@pytest.fixture
def home(tmp_path: Path) -> Locations:
    """Where nothing was stored yet."""
    places = Locations.under(tmp_path / "home", tmp_path / "bundled")
    places.user_workflows.mkdir(parents=True)
    for name, workflow in (("careful", CAREFUL), ("release", a_checked_release())):
        (places.user_workflows / f"{name}.json").write_text(json.dumps(workflow))
    return places


@pytest.fixture
def acting(home: Locations) -> Iterator[Engine]:
    """An engine that works in it."""
    with open_engine(home) as engine:
        yield engine


@pytest.fixture
def console(home: Locations) -> TestClient:
    """The console that shows it; what fails in it is an answer, as for a browser."""
    app = create_app(lambda: open_reader(home), SystemClock(), store=str(home.home))
    return TestClient(
        app,
        base_url="http://127.0.0.1:3456",
        follow_redirects=False,
        raise_server_exceptions=False,
    )
