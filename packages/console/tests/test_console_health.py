"""What the health page says, over a real store."""

import sqlite3

import pytest
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_console.pages.health import shown_settings
from workrail_engine.engine import Engine, StartRequest
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock


@pytest.mark.rule("CON-45")
def test_a_store_in_order_is_described_and_nothing_is_wrong(
    acting: Engine, home: Locations, console: TestClient
) -> None:
    acting.start(StartRequest("careful", "Look"))

    page = console.get("/health")
    found = console.get("/health.json").json()

    assert page.status_code == 200
    assert "nothing wrong" in page.text
    assert str(home.database) in page.text
    assert found["store"]["kind"].startswith("SQLite ")
    assert found["store"]["journal"] == "wal"
    assert {one["value"]: one["count"] for one in found["store"]["sessions"]}["running"] == 1
    assert found["cautions"] == []
    assert found["versions"]["workrail-engine"]


def test_before_the_first_session_the_page_says_so_and_makes_no_file(
    home: Locations, console: TestClient
) -> None:
    page = console.get("/health")

    assert page.status_code == 200
    assert "There is none yet" in page.text
    assert console.get("/healthz").json()["status"] == "ok"
    assert not home.database.exists()


@pytest.mark.rule("CON-45")
def test_a_store_that_cannot_be_read_is_a_caution_with_a_remedy(
    home: Locations, console: TestClient
) -> None:
    home.home.mkdir(exist_ok=True)
    home.database.write_text("not a database at all, and long enough to be read as one" * 50)

    page, twin, word = (console.get(path) for path in ("/health", "/health.json", "/healthz"))

    assert [one.status_code for one in (page, twin, word)] == [503, 503, 503]
    assert "<code>workrail doctor</code> looks for the cause" in page.text
    assert twin.json()["cautions"][0]["remedy"]
    assert word.json()["status"] == "failing"


@pytest.mark.rule("CON-45")
def test_a_damaged_record_that_was_found_is_named_with_its_remedy(
    acting: Engine, home: Locations
) -> None:
    hurt = acting.start(StartRequest("careful", "Hurt <b>badly</b>")).session_id
    with sqlite3.connect(home.database) as connection:  # noqa: TID251  # plants the damage
        connection.execute("UPDATE events SET payload = '{}' WHERE seq = 1")
    connection.close()
    app = create_app(lambda: open_reader(home), SystemClock(), store=str(home.home))
    with open_reader(home) as reader:
        (line,) = reader.sessions().sessions
        app.state.context.integrity.check(reader, hurt, line.event_count, line.goal)
    page = TestClient(app, base_url="http://127.0.0.1:3456").get("/health").text

    assert "1 record is damaged." in page
    assert "Hurt &lt;b&gt;badly" in page
    assert f"workrail session repair {hurt}" in page


@pytest.mark.rule("CON-45")
def test_settings_are_shown_without_anything_secret() -> None:
    shown = shown_settings(
        {
            "PATH": "/bin",
            "WORKRAIL_HOME": "/home/me",
            "WORKRAIL_DATABASE_URL": "postgresql://ada:hunter2@db/workrail?password=hunter2",
            "WORKRAIL_GATE_KEY": "ed25519:hunter2",
            "WORKRAIL_SOME_TOKEN": "hunter2",
        }
    )

    assert "hunter2" not in str(shown)
    assert shown["WORKRAIL_HOME"] == "/home/me"
    assert "PATH" not in shown
    assert shown["WORKRAIL_DATABASE_URL"].startswith("postgresql://ada:")


def test_healthz_names_the_program_so_that_a_taken_port_can_be_told(
    acting: Engine, home: Locations, console: TestClient
) -> None:
    acting.start(StartRequest("careful", "Look"))

    told = console.get("/healthz").json()

    assert told["program"] == "worktrain-console"
    assert told["status"] == "ok"
    assert told["store"] == str(home.home)
