"""What do the `workrail db` commands print of real stores?"""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workrail_engine.engine import StartRequest, Submission, open_engine
from workrail_engine.outcomes import StepReady
from workrail_engine.system import Locations
from workrail_engine.testing.postgres import PostgresServer
from workrail_mcp_server.cli import main

WORKFLOW = """\
id: team.build
name: Build a thing
description: Builds a thing.
version: 1.0.0
steps:
  - {id: make, title: Make it, prompt: Make the thing.}
  - {id: tell, title: Tell, prompt: Say what was made.}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new home whose library holds one workflow."""
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "build.yaml").write_text(WORKFLOW, "utf-8")
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKRAIL_BUNDLED_DIR", str(bundled))
    monkeypatch.delenv("WORKRAIL_DATABASE_URL", raising=False)
    return tmp_path / "home"


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def begun() -> str:
    """The token of a session that was just started in the store of the environment."""
    with open_engine(Locations.from_environment()) as engine:
        first = engine.start(StartRequest("team.build", "Build a shed"))
        assert isinstance(first, StepReady)
        return first.token


def test_before_the_first_session_there_is_nothing_and_nothing_is_made(home: Path) -> None:
    result = run("db", "status")

    assert result.exit_code == 0
    assert result.stdout == (
        f"SQLite file  {home / 'sessions.db'}\n"
        "schema  none yet: it is made with the first session\n"
    )
    assert not home.exists()


def test_the_status_counts_what_is_there(home: Path) -> None:
    begun()

    result = run("db", "status")
    asked = json.loads(run("db", "status", "--json").stdout)

    assert "up to date" in result.stdout
    assert "         1  sessions\n" in result.stdout
    assert (asked["kind"], asked["made"], asked["rows"]["events"]) == ("sqlite", True, 2)
    assert asked["schema"] == asked["knownSchema"]


def test_an_upgrade_says_from_what_to_what() -> None:
    made, again = run("db", "upgrade"), run("db", "upgrade")

    assert "schema 0 → " in made.stdout
    assert "nothing to do" in again.stdout


def test_a_backup_is_a_store_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun()

    result = run("db", "backup", tmp_path / "copy.db")
    again = run("db", "backup", tmp_path / "copy.db")

    assert result.exit_code == 0
    assert "1 session, " in result.stdout
    assert (again.exit_code, "is there already" in again.stderr) == (1, True)
    restored = tmp_path / "restored"
    restored.mkdir()
    (tmp_path / "copy.db").rename(restored / "sessions.db")
    monkeypatch.setenv("WORKRAIL_HOME", str(restored))
    assert "1 session checked, none damaged" in run("session", "verify", "--all").output


@pytest.mark.rule("CLI-40")
def test_a_session_goes_on_where_its_store_was_moved_to(
    home: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, address = begun(), postgres.new_database()

    moved = run("db", "move", "--to", address)
    monkeypatch.setenv("WORKRAIL_DATABASE_URL", address)
    with open_engine() as engine:
        second = engine.advance(token, Submission(notes="Made it."))
    outputs = [
        moved,
        run("db", "status"),
        run("db", "upgrade"),
        run("session", "list", "--json"),
        run("session", "verify", "--all"),
    ]

    assert isinstance(second, StepReady)
    assert [result.exit_code for result in outputs] == [0] * 5
    assert "compared and equal" in moved.stdout
    assert f"The old store is as it was: {home / 'sessions.db'}" in moved.stderr
    assert "PostgreSQL  postgresql://postgres:***@/" in outputs[1].stdout
    assert json.loads(outputs[3].stdout)["sessions"][0]["stepsCompleted"] == 1
    assert "none damaged" in outputs[4].stderr
    assert not any("hidden" in result.output for result in outputs)


@pytest.mark.rule("CLI-40")
def test_a_backup_on_a_server_is_the_servers_business(
    tmp_path: Path, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKRAIL_DATABASE_URL", postgres.new_database())

    result = run("db", "backup", tmp_path / "copy.db")

    assert result.exit_code == 2
    assert "pg_dump --format=custom" in result.stderr
    assert "hidden" not in result.output
    assert not (tmp_path / "copy.db").exists()


def test_a_store_that_cannot_move_says_why(postgres: PostgresServer) -> None:
    address = postgres.new_database()

    nothing = run("db", "move", "--to", address)
    begun()
    first, second = (run("db", "move", "--to", address) for _ in range(2))

    assert [nothing.exit_code, first.exit_code, second.exit_code] == [1, 0, 1]
    assert "nothing to move" in nothing.stderr
    assert "Name an empty database" in second.stderr


def test_a_server_that_does_not_answer_is_an_error_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WORKRAIL_DATABASE_URL", "postgresql://ada:s3cret@127.0.0.1:1/work")

    result = run("db", "status")

    assert result.exit_code == 2
    assert "cannot be reached" in result.stderr
    assert "check the server and WORKRAIL_DATABASE_URL" in result.stderr
    assert "s3cret" not in result.output
