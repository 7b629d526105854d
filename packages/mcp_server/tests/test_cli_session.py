"""What do the `workrail session` commands print of real sessions?"""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner, Result

from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.library import open_registry
from workrail_engine.outcomes import Blocked, Completed, StepReady
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import open_store
from workrail_engine.system import Locations, SystemClock
from workrail_mcp_server.cli import main

WORKFLOW = """\
id: team.build
name: Build a thing
description: Builds a thing and says so.
version: 1.2.0
steps:
  - id: make
    title: Make it
    prompt: Make the thing.
  - id: paint
    title: Paint it
    prompt: Paint the thing.
    runCondition: {var: colour, equals: red}
  - id: tell
    title: Tell
    prompt: Say what was made.
"""
CONTROL = {"kind": "wr.loop_control", "decision": "stop"}


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Locations:
    """An installation whose library holds one workflow."""
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "build.yaml").write_text(WORKFLOW, "utf-8")
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKRAIL_BUNDLED_DIR", str(bundled))
    return Locations.under(tmp_path / "home", bundled)


def started(engine: Engine, goal: str) -> StepReady:
    outcome = engine.start(StartRequest("team.build", goal))
    assert isinstance(outcome, StepReady)
    return outcome


def completed_session(places: Locations) -> str:
    """A session that was blocked once and then ran to its end."""
    with open_engine(places) as engine:
        first = started(engine, "Build a shed\nwith a roof")
        blocked = engine.advance(first.token, Submission())
        assert isinstance(blocked, Blocked)
        second = engine.advance(blocked.token, Submission(notes="Made a shed.\r\nIt stands."))
        assert isinstance(second, StepReady)
        sent = Submission(notes="Told them.", artifacts=(CONTROL,))
        assert isinstance(engine.advance(second.token, sent), Completed)
        return first.session_id


def running_session(places: Locations) -> str:
    with open_engine(places) as engine:
        return started(engine, "Build a boat").session_id


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["session", *arguments])


def json_of(result: Result) -> dict[str, object]:
    return cast("dict[str, object]", json.loads(result.stdout))


def test_before_anything_was_recorded_lists_are_empty_and_no_file_is_made(
    places: Locations,
) -> None:
    result = run("list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "No session fits, or none was recorded yet.\n"
    assert not places.home.exists()


def test_list_shows_the_newest_first_with_where_it_stands(places: Locations) -> None:
    done, running = completed_session(places), running_session(places)
    lines = run("list").stdout.splitlines()
    assert lines[0].startswith(f"{running}  running    2")
    assert lines[0].endswith("Z  team.build  Build a boat")
    assert lines[1] == "    at Make it"
    assert lines[2].startswith(f"{done}  completed  2")
    assert lines[2].endswith("Z  team.build  Build a shed")


def test_list_keeps_to_a_status_and_to_words(places: Locations) -> None:
    done, running = completed_session(places), running_session(places)

    def ids(*arguments: str) -> list[object]:
        sessions = json_of(run("list", "--json", *arguments))["sessions"]
        return [session["sessionId"] for session in cast("list[dict[str, object]]", sessions)]

    assert ids() == [running, done]
    assert ids("--status", "completed") == [done]
    assert ids("--query", "boat") == [running]
    assert ids("--query", "stands") == [done]


def test_list_goes_on_where_a_page_ended(places: Locations) -> None:
    done, running = completed_session(places), running_session(places)
    first = run("list", "--limit", "1")
    assert first.stdout.startswith(running)
    command = first.stderr.strip().removeprefix("Shown: 1 of 2. Next page: ")
    assert command.startswith("--before ")
    second = run("list", "--limit", "1", *command.split())
    assert second.stdout.startswith(done)
    assert run("list", "--before", "nonsense").exit_code == 1


def test_show_tells_the_story(places: Locations) -> None:
    session_id = completed_session(places)
    result = run("show", session_id)
    assert result.exit_code == 0
    for said in (
        "Build a shed",
        f"session   {session_id}",
        "workflow  Build a thing (team.build)",
        "status    completed, 2 steps completed",
        "Make it  [blocked, then completed]  2",
        "      Made a shed.\n      It stands.",
        "      wr.loop_control (44 bytes) sha256:",
        "Run complete  [end]  2",
        "~ Skipped paint: ",
    ):
        assert said in result.stdout


def test_show_as_json_has_the_documented_shape(places: Locations) -> None:
    detail = json_of(run("show", completed_session(places), "--json"))
    assert set(detail) == {
        *("sessionId", "workflowId", "workflowName", "goal", "status", "stepTitle"),
        *("stepsCompleted", "eventCount", "origin", "parentSessionId", "repository", "branch"),
        *("createdAt", "updatedAt", "workflowHash", "nodes", "context", "children"),
    }
    nodes = cast("list[dict[str, object]]", detail["nodes"])
    assert [node["kind"] for node in nodes] == ["step", "blocked", "step", "end"]
    assert set(nodes[0]) == {
        *("node", "parent", "kind", "stepId", "title", "iteration", "reachedAt", "completedAt"),
        *("notes", "artifacts", "blockers", "notices", "onTipBranch", "checks", "approval"),
    }


def test_the_beginning_of_an_id_is_enough_when_it_is_unique(places: Locations) -> None:
    session_id = completed_session(places)
    assert run("show", session_id[:12]).exit_code == 0
    assert run("show", session_id[:12].upper()).exit_code == 0


def test_a_name_that_is_short_unknown_or_shared_is_refused_with_advice(places: Locations) -> None:
    running_session(places)
    assert "at least the first 8 characters" in run("show", "sess_ab").stderr
    assert 'No session id begins with "sess_000"' in run("show", "sess_000").stderr
    unknown = run("show", f"sess_{'a' * 26}")
    assert unknown.exit_code == 1
    assert "Traceback" not in unknown.stderr


class CountingEntropy:
    """Bytes that differ in their last place only, so that ids begin alike."""

    def __init__(self) -> None:
        self._count = 0

    def bytes(self, count: int) -> bytes:
        self._count += 1
        return self._count.to_bytes(count, "big")


def test_several_sessions_with_one_beginning_are_named(places: Locations) -> None:
    entropy = CountingEntropy()
    with open_store(places.database, entropy) as store:
        engine = Engine(store, open_registry(places), SystemClock(), entropy)
        ids = sorted(started(engine, "Build").session_id for _ in range(7))
    result = run("show", "sess_aaaa")
    assert result.exit_code == 1
    assert result.stderr == (
        f'Error: Several session ids begin with "sess_aaaa": {", ".join(ids[:5])} and more. '
        "Give more of it.\n"
    )


def test_export_prints_every_event_in_order(places: Locations) -> None:
    session_id = completed_session(places)
    lines = [
        cast("dict[str, object]", json.loads(line))
        for line in run("export", session_id).stdout.splitlines()
    ]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert set(lines[0]) == {"seq", "kind", "node", "at", "payload"}
    assert lines[0]["kind"] == "session_started"
    assert lines[-1]["kind"] == "run_completed"
    whole = json_of(run("export", session_id, "--format", "json"))
    assert whole["events"] == lines
    assert cast("dict[str, object]", whole["session"])["sessionId"] == session_id


def test_verify_passes_whole_sessions(places: Locations) -> None:
    session_id = completed_session(places)
    running_session(places)
    one = run("verify", session_id)
    assert one.exit_code == 0
    assert one.stdout.startswith(f"{session_id}  whole, ")
    everything = run("verify", "--all")
    assert (everything.exit_code, len(everything.stdout.splitlines())) == (0, 2)
    assert everything.stderr == "2 sessions checked, none damaged.\n"


@pytest.mark.rule("CLI-2")
def test_verify_names_the_event_that_was_changed(places: Locations) -> None:
    session_id, other = completed_session(places), running_session(places)
    with closing(open_for_writing(places.database)) as database, database.writing() as connection:
        connection.exec_driver_sql(
            "update events set payload = replace(payload, 'shed', 'barn')"
            " where kind = 'step_completed' and instr(payload, 'shed')"
        )
    result = run("verify", "--all", "--json")
    assert result.exit_code == 1
    found = {
        str(session["sessionId"]): session["problems"]
        for session in cast("list[dict[str, object]]", json_of(result)["sessions"])
    }
    assert found[other] == []
    assert found[session_id]
    assert "damaged: " in run("verify", session_id).stdout


def test_verify_needs_one_session_or_all(places: Locations) -> None:
    assert run("verify").exit_code == 2
    assert run("verify", "--all", "sess_abcdefgh").exit_code == 2


@pytest.mark.rule("CLI-1")
def test_a_store_that_cannot_be_read_is_told_in_a_line_with_exit_code_2(
    places: Locations,
) -> None:
    places.home.mkdir()
    places.database.write_bytes(b"this is not a database, whatever it is called" * 50)
    for arguments in (["list"], ["show", "sess_abcdefgh"], ["verify", "--all"]):
        result = run(*arguments)
        assert result.exit_code == 2
        assert result.stderr.startswith("Error: ")
        assert str(places.database) in result.stderr
        assert "Traceback" not in result.stderr


def test_a_reader_that_leaves_early_is_no_error(places: Locations) -> None:
    session_id = completed_session(places)
    program = Path(sys.executable).with_name("workrail")
    command = [program, "session", "export", session_id]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert said == b""


@pytest.mark.rule("CLI-50")
def test_list_takes_words_and_says_why_each_session_fits(places: Locations) -> None:
    completed_session(places)
    running_session(places)

    result = CliRunner().invoke(main, ["session", "list", "shed", "stands"])
    as_json = CliRunner().invoke(main, ["session", "list", "shed", "--json"])

    assert "Build a shed" in result.stdout
    assert "Build a boat" not in result.stdout
    assert 'why it speaks of "shed stands": ' in result.stdout
    (one,) = json.loads(as_json.stdout)["sessions"]
    assert one["why"] == ['it speaks of "shed"']
    assert "shed" in one["snippet"]


@pytest.mark.rule("CLI-50")
def test_list_says_that_no_session_speaks_of_the_words(places: Locations) -> None:
    running_session(places)

    result = CliRunner().invoke(main, ["session", "list", "walrus"])

    assert result.stdout == ""
    assert "No session speaks of walrus" in result.stderr


@pytest.mark.rule("CLI-51")
def test_gc_says_what_would_go_and_removes_exactly_that(places: Locations) -> None:
    gone = completed_session(places)
    kept = running_session(places)
    hour_ago = SystemClock().now().timestamp() - 3 * 3600
    database = open_for_writing(places.database)
    with database.writing() as connection:
        connection.exec_driver_sql(f"UPDATE sessions SET updated_at = {int(hour_ago * 1e6)}")  # noqa: S608 (a number of ours)
    database.close()
    run = ["gc", "--older-than", "2h", "--json"]

    said = json.loads(CliRunner().invoke(main, [*run, "--dry-run"]).stdout)
    did = json.loads(CliRunner().invoke(main, run).stdout)
    again = CliRunner().invoke(main, ["gc", "--older-than", "2h"])

    assert {**said, "dryRun": False} == did
    assert (did["sessions"], did["artifacts"]) == (1, 1)
    assert "Nothing is that old." in again.stderr
    shown = CliRunner().invoke(main, ["session", "list"])
    assert kept in shown.stdout
    assert gone not in shown.stdout


@pytest.mark.rule("CLI-51")
@pytest.mark.parametrize("age", ["0d", "90", "forever"])
def test_gc_refuses_an_age_that_is_none(places: Locations, age: str) -> None:
    result = CliRunner().invoke(main, ["gc", "--older-than", age])

    assert result.exit_code == 1
    assert "Give a number and a unit: 90d" in result.stderr
    assert not places.database.exists()
