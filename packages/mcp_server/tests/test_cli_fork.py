"""What do `workrail session fork` and `workrail session snapshots` do, and what do they say?"""

import json
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workrail_engine.engine import StartRequest, Submission, open_engine
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.outcomes import StepReady
from workrail_engine.snapshots.refs import KeptSnapshot, name_snapshot, snapshots_in
from workrail_engine.system import Locations
from workrail_engine.testing.user_git import begin_repository
from workrail_mcp_server.cli import main

WORKFLOW = {
    "id": "team.make",
    "name": "Make it",
    "description": "Three plain steps.",
    "version": "1.0.0",
    "steps": [
        {"id": name, "title": name.title(), "prompt": "Go on."} for name in ("plan", "make", "ship")
    ],
}
GONE = SessionId("sess_" + "a" * 26)


@pytest.fixture(name="places")
def places_of_a_new_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Locations:
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "make.json").write_text(json.dumps(WORKFLOW))
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKRAIL_BUNDLED_DIR", str(bundled))
    return Locations.under(tmp_path / "home", bundled)


@pytest.fixture(name="shop")
def repository_of_one_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return begin_repository(folder)


@pytest.fixture(name="session_id")
def session_of_one_step(places: Locations, shop: Path) -> str:
    with open_engine(places) as engine:
        first = engine.start(StartRequest("team.make", "A fence", shop))
        assert isinstance(first, StepReady)
    (shop / "plan.md").write_text("a plan")
    with open_engine(places) as engine:
        engine.advance(first.token, Submission(notes="Planned."))
    (shop / "plan.md").write_text("changed")
    return first.session_id


def workrail(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["session", *arguments])


@pytest.mark.rule("FORK-20")
def test_a_fork_is_told_with_its_folder_and_the_way_to_go_on(shop: Path, session_id: str) -> None:
    done = workrail("fork", session_id[:14], "--at", "make", "--worktree", "../again/here")

    made = shop.parent / "again" / "here"
    assert done.exit_code == 0, done.output
    forked, files, call, token = done.stdout.splitlines()
    fork_id = forked.split()[0]
    assert forked == f"{fork_id}  forked at make"
    assert files == f"files   {made}"
    assert call == f'go on   resume_session {{"sessionId": "{fork_id}"}}'
    assert token.startswith("token   rs_")
    assert done.stderr == f"When it is done with: git worktree remove {made}\n"
    assert (made / "plan.md").read_text() == "a plan"
    assert (shop / "plan.md").read_text() == "changed"


@pytest.mark.rule("FORK-20")
def test_what_a_fork_says_in_json_can_be_gone_on_with(
    places: Locations, shop: Path, session_id: str
) -> None:
    done = workrail("fork", session_id, "--at", "plan", "--goal", "Another fence", "--json")
    told = json.loads(done.stdout)
    assert told["forkedFrom"] == session_id
    assert (told["stepId"], told["node"], told["goal"]) == ("plan", 1, "Another fence")
    assert told["worktree"] == told["workspace"]
    assert list(Path(told["worktree"]).iterdir()) == [Path(told["worktree"]) / ".git"]
    with open_engine(places) as engine:
        back = engine.rehydrate(told["token"])
    assert isinstance(back, StepReady)
    assert back.session_id == told["sessionId"]


@pytest.mark.rule("FORK-20")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--at", "build"), 'The session reached no step "build". It reached: plan, make.'),
        (("--at", "make", "--worktree", "."), "is there already. Nothing was changed."),
        (("--at", "make", "--worktree", "x", "--without-files"), "Leave --worktree or"),
    ],
)
def test_what_cannot_be_forked_ends_with_one_and_the_reason(
    session_id: str, arguments: tuple[str, ...], said: str
) -> None:
    done = workrail("fork", session_id, *arguments)
    assert done.exit_code == 1
    assert said in done.stderr


@pytest.mark.rule("FORK-20")
def test_without_files_it_is_said_that_both_work_in_the_same_folder(
    shop: Path, session_id: str
) -> None:
    for kept in snapshots_in(shop):
        subprocess.run(["git", "update-ref", "-d", kept.ref], cwd=shop, check=True)
    refused = workrail("fork", session_id, "--at", "make")
    assert refused.exit_code == 1
    assert "No files were kept for node 2 (make)" in refused.stderr
    done = workrail("fork", session_id, "--at", "make", "--without-files")
    assert done.exit_code == 0
    assert f"works in {shop}\n" in done.stdout
    assert done.stderr == "No files were restored: both sessions work in the same folder.\n"


@pytest.mark.rule("FORK-21")
def test_snapshots_are_listed_by_session_and_dropped_on_request(
    shop: Path, session_id: str
) -> None:
    commit = snapshots_in(shop)[0].commit
    name_snapshot(shop, KeptSnapshot(GONE, NodeId(1), commit))

    listed = workrail("snapshots")
    told = {f"{GONE}  1 snapshot  gone", f"{session_id}  2 snapshots"}
    assert set(listed.stdout.splitlines()) == told
    assert listed.stderr == "workrail session snapshots --prune drops those that are gone.\n"
    assert len(snapshots_in(shop)) == 3

    dropped = workrail("snapshots", "--repository", str(shop), "--prune", "--json")
    assert json.loads(dropped.stdout) == {
        "pruned": True,
        "sessions": [{"sessionId": GONE, "snapshots": 1, "known": False}],
    }
    assert {each.session_id for each in snapshots_in(shop)} == {session_id}
    assert workrail("snapshots", "--prune").stderr == "No such snapshots.\n"


@pytest.mark.rule("FORK-21")
def test_a_folder_outside_git_has_no_list(places: Locations) -> None:
    done = workrail("snapshots", "--repository", str(places.bundled_dir))
    assert done.exit_code == 1
    assert "Name a folder of a git repository." in done.stderr
