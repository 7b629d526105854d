"""What does `workrail session repair` do, and what does it say?"""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workrail_engine.engine import StartRequest, Submission, open_engine
from workrail_engine.outcomes import StepReady
from workrail_engine.reader import open_reader
from workrail_engine.store.database import open_for_writing
from workrail_engine.system import Locations
from workrail_mcp_server.cli import main

WORKFLOW = {
    "id": "team.mend",
    "name": "Mend it",
    "description": "Three plain steps.",
    "version": "1.0.0",
    "steps": [{"id": f"step-{n}", "title": f"Step {n}", "prompt": "Go on."} for n in range(1, 4)],
}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Locations:
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "mend.json").write_text(json.dumps(WORKFLOW))
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKRAIL_BUNDLED_DIR", str(bundled))
    return Locations.under(tmp_path / "home", bundled)


@pytest.fixture
def session_id(places: Locations) -> str:
    """A session of four events."""
    with open_engine(places) as engine:
        first = engine.start(StartRequest("team.mend", "Mend the fence"))
        assert isinstance(first, StepReady)
        engine.advance(first.token, Submission(notes="Did one."))
        return first.session_id


def damage(places: Locations, statement: str) -> None:
    database = open_for_writing(places.database)
    with database.writing() as connection:
        connection.exec_driver_sql(statement)
    database.close()


def repair(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["session", "repair", *arguments])


@pytest.mark.rule("CLI-30")
def test_a_damaged_session_is_copied_and_what_was_dropped_is_said(
    places: Locations, session_id: str
) -> None:
    damage(places, "UPDATE events SET payload = replace(payload, 'one', 'two') WHERE seq = 3")

    result = repair(session_id[:14])

    assert result.exit_code == 1
    dropped, left_out, copied = result.stdout.splitlines()
    assert dropped == (
        f"{session_id}  dropped: event 3 was changed, or what vouches for it is missing"
    )
    assert left_out.startswith(f"{session_id}  dropped: events 3 to 4 left out")
    copy_id, _, rest = copied.partition("  ")
    assert rest == "copied, 2 of 4 events found"
    with open_reader(places) as reader:
        goals = {session.session_id: session.goal for session in reader.sessions().sessions}
    assert goals == {
        session_id: "Mend the fence",
        copy_id: f"Mend the fence (repaired from {session_id})",
    }


@pytest.mark.rule("CLI-30")
def test_a_session_whose_log_is_whole_loses_nothing(places: Locations, session_id: str) -> None:
    damage(places, "DELETE FROM nodes")

    result = repair(session_id, "--json")

    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (told["sessionId"], told["found"], told["kept"]) == (session_id, 4, 4)
    assert told["dropped"] == []
    assert repair(told["copyId"]).stdout == f"{told['copyId']}  whole, nothing to repair\n"


def test_a_session_can_be_copied_into_another_home(
    places: Locations, session_id: str, tmp_path: Path
) -> None:
    result = repair(session_id, "--into", str(tmp_path / "other"))

    assert result.exit_code == 0
    with open_reader(Locations.under(tmp_path / "other")) as reader:
        (copy,) = reader.sessions().sessions
    assert result.stdout == f"{copy.session_id}  copied, 4 of 4 events found\n"
    with open_reader(places) as reader:
        assert reader.sessions().total == 1


def test_where_nothing_can_be_proven_the_call_fails_and_says_so(
    places: Locations, session_id: str
) -> None:
    damage(places, "DELETE FROM events WHERE seq = 1")

    result = repair(session_id)

    assert (result.exit_code, result.stdout) == (2, "")
    assert f"Nothing of session {session_id} can be proven: event 1 is missing" in result.stderr


def test_a_store_gets_a_new_key_only_when_asked_for_nothing_else(
    places: Locations, session_id: str
) -> None:
    damage(places, "DELETE FROM settings")

    assert repair("--new-key", session_id).exit_code == 2
    result = repair("--new-key")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "The store has a new key. resume_session gives new tokens.\n"
    with open_engine(places) as engine:
        assert isinstance(engine.start(StartRequest("team.mend", "Go on")), StepReady)
