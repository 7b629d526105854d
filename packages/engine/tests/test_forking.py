"""Does a fork stand where the session stood, with the files as they were, and change nothing else?"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.errors import (
    CorruptSessionError,
    InvalidForkError,
    InvalidSubmissionError,
    SessionNotFoundError,
    SnapshotNotFoundError,
)
from workrail_engine.forking import ForkRequest, fork, prune_snapshots, snapshot_lines
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.outcomes import Blocked, Checkpointed, Completed, StepReady
from workrail_engine.projections.forking import Fork
from workrail_engine.reader import open_reader
from workrail_engine.snapshots.refs import KeptSnapshot, drop_snapshots, name_snapshot, snapshots_in
from workrail_engine.store.database import open_for_writing
from workrail_engine.system import Locations
from workrail_engine.testing.user_git import begin_repository, git

LOOP = {
    "id": "again",
    "type": "loop",
    "title": "Again",
    "loop": {"type": "for", "count": 2, "maxIterations": 2},
    "body": [{"id": "polish", "title": "Polish", "prompt": "Polish."}],
}
STEPS = [
    {"id": name, "title": name.title(), "prompt": f"Do {name} for {{{{goal}}}}."}
    for name in ("plan", "build", "verify")
]
WORKFLOW = {
    "id": "team.make",
    "name": "Make it",
    "description": "Three steps and a loop.",
    "version": "1.0.0",
    "steps": [*STEPS, LOOP],
}
UNKNOWN = SessionId("sess_" + "a" * 26)


@pytest.fixture(name="places")
def places_with_one_workflow(tmp_path: Path, place: Path | str) -> Locations:
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "make.json").write_text(json.dumps(WORKFLOW))
    url = None if isinstance(place, Path) else place
    return replace(Locations.under(tmp_path / "home", bundled), database_url=url)


@pytest.fixture(name="here")
def here_in_a_file(tmp_path: Path) -> Locations:
    """Where it does not matter which database holds the session."""
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "make.json").write_text(json.dumps(WORKFLOW))
    return Locations.under(tmp_path / "home", bundled)


@pytest.fixture(name="shop")
def repository_with_a_stash(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    (folder / "app").mkdir(parents=True)
    (folder / "app" / "main.py").write_text("v = 0\n")
    (folder / ".gitignore").write_text("*.log\n")
    begin_repository(folder)
    (folder / "app" / "main.py").write_text("v = 'stashed'\n")
    git(folder, "stash", "--quiet")
    return folder


def ready(outcome: object) -> StepReady:
    assert isinstance(outcome, StepReady)
    return outcome


def run(places: Locations, workspace: Path, steps: int = 5) -> str:
    """A session that does some steps, each of which leaves its mark; the id."""
    with open_engine(places) as engine:
        step = ready(engine.start(StartRequest("team.make", "a fence", workspace)))
    for number in range(1, steps + 1):
        (workspace / "main.py").write_text(f"v = {number}\n")
        (workspace / f"made-{number}.py").write_text("")
        with open_engine(places) as engine:
            done = engine.advance(step.token, Submission(f"Did {number}.", context={"did": number}))
        if isinstance(done, Completed):
            break
        step = ready(done)
    return step.session_id


def standing(places: Locations, forked: Fork) -> StepReady | Blocked:
    with open_engine(places) as engine:
        back = engine.rehydrate(forked.token)
    assert isinstance(back, StepReady | Blocked)
    return back


def tree(folder: Path) -> Mapping[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts and path.name != ".git"
    }


def theirs(folder: Path) -> Mapping[str, object]:
    dot = folder / ".git"
    files = [path for path in dot.rglob("*") if path.is_file()]
    return {
        "files": {
            str(path): path.read_bytes()
            for path in files
            if not path.is_relative_to(dot / "worktrees")
        },
        "refs": git(folder, "for-each-ref"),
        "reflog": git(folder, "reflog", "--all"),
        "status": git(folder, "status", "--porcelain=v2", "--branch"),
        "tree": tree(folder),
    }


@pytest.mark.rule("FORK-10")
def test_a_fork_stands_at_the_step_with_its_files_context_and_notes(
    places: Locations, shop: Path
) -> None:
    original = SessionId(run(places, shop / "app", 3))
    (shop / "app" / "debug.log").write_text("noise")

    forked = fork(ForkRequest(original, "verify"), places)

    assert forked.worktree is not None
    made = Path(forked.worktree)
    assert made.parent == shop.parent
    assert made.name.startswith("shop-wt-")
    assert forked.workspace == str(made / "app")
    assert tree(made) == {
        ".gitignore": "*.log\n",
        "app/main.py": "v = 2\n",
        "app/made-1.py": "",
        "app/made-2.py": "",
    }
    step = standing(places, forked)
    assert step.step.step_id == "verify"
    assert step.recap is not None
    assert "Did 2." in step.recap.text
    assert "Did 3." not in step.recap.text
    with open_reader(places) as reader:
        detail = reader.session(forked.session_id)
        assert reader.verify(forked.session_id).problems == ()
    assert detail.context["did"] == 2
    assert detail.summary.goal == "a fence (forked at verify)"
    assert detail.summary.parent_session_id == original
    assert detail.summary.repository == str(made)
    assert detail.summary.steps_completed == 2


@pytest.mark.rule("FORK-10")
def test_a_fork_goes_on_to_the_end_and_keeps_snapshots_of_its_own(
    places: Locations, shop: Path
) -> None:
    original = SessionId(run(places, shop, 3))
    forked = fork(ForkRequest(original, "build", goal="another way"), places)
    with open_engine(places) as engine:
        token = ready(engine.rehydrate(forked.token)).token
        for _ in range(3):
            token = ready(engine.advance(token, Submission("Another way."))).token
        assert isinstance(engine.advance(token, Submission("Done.")), Completed)
    with open_reader(places) as reader:
        assert reader.session(forked.session_id).summary.goal == "another way"
        assert reader.session(original).summary.status == "running"
    assert snapshots_in(shop, forked.session_id)[-1].node == 6


@pytest.mark.rule("FORK-11")
def test_the_first_session_and_its_repository_are_left_as_they_are(
    places: Locations, shop: Path
) -> None:
    original = SessionId(run(places, shop, 2))
    before = theirs(shop)
    with open_reader(places) as reader:
        told = (reader.session(original).nodes, list(reader.events(original)))

    fork(ForkRequest(original, "build"), places)

    assert theirs(shop) == before
    with open_reader(places) as reader:
        assert told == (reader.session(original).nodes, list(reader.events(original)))
        assert reader.verify(original).problems == ()
    git(shop, "fsck", "--strict")


@pytest.mark.rule("FORK-12")
def test_the_new_work_tree_stands_on_the_commit_the_work_stood_on(
    here: Locations, shop: Path
) -> None:
    original = SessionId(run(here, shop, 1))
    forked = fork(ForkRequest(original, "build"), here)
    made = Path(str(forked.worktree))
    assert git(made, "rev-parse", "HEAD") == git(shop, "rev-parse", "HEAD")
    assert git(made, "status", "--porcelain") == "?? made-1.py\n?? main.py"
    assert git(made, "branch", "--show-current") == ""


def test_files_a_filter_would_change_come_back_as_they_were(
    here: Locations, shop: Path, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    (shop / ".gitattributes").write_text("* filter=evil\nwin.txt text eol=crlf\n")
    for way in ("clean", "smudge"):
        git(shop, "config", f"filter.evil.{way}", f"touch {ran}; sed s/v/w/")
    (shop / "win.txt").write_bytes(b"one\r\ntwo\r\n")
    (shop / "-odd\nname").write_text("odd")
    (shop / "link").symlink_to("main.py")
    original = SessionId(run(here, shop, 1))
    ran.unlink(missing_ok=True)
    made = Path(str(fork(ForkRequest(original, "build"), here).worktree))
    assert not ran.exists()
    assert tree(made) == tree(shop)
    assert (made / "win.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert (made / "link").readlink() == Path("main.py")


def test_a_repository_without_a_commit_can_be_forked(here: Locations, tmp_path: Path) -> None:
    folder = tmp_path / "fresh"
    folder.mkdir()
    git(folder, "init", "--quiet")
    original = SessionId(run(here, folder, 2))
    forked = fork(ForkRequest(original, "build"), here)
    assert tree(Path(str(forked.worktree))) == {"main.py": "v = 1\n", "made-1.py": ""}
    assert git(folder, "for-each-ref", "refs/heads") == ""


@pytest.mark.rule("FORK-13")
@pytest.mark.parametrize(
    ("asked", "step", "files"),
    [
        ("plan", "plan", 0),
        ("polish", "polish", 4),
        ("polish#1", "polish", 3),
        ("polish#2", "polish", 4),
        ("plan#1", "plan", 0),
        ("2", "build", 1),
    ],
)
def test_a_step_is_named_by_id_by_pass_or_by_node(
    here: Locations, shop: Path, asked: str, step: str, files: int
) -> None:
    original = SessionId(run(here, shop, 4))
    forked = fork(ForkRequest(original, asked), here)
    assert forked.step_id == standing(here, forked).step.step_id == step
    assert len(list(Path(str(forked.worktree)).glob("made-*"))) == files


@pytest.mark.rule("FORK-13")
@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("biuld", 'no step "biuld". Did you mean "build"? It reached: plan, build, verify, '),
        ("99", 'no step "99".'),
        ("polish#3", 'did not reach "polish#3". Of this step there are: polish#1, polish#2.'),
        ("6", "At node 6 the run is complete."),
        ("2#1", 'no step "2#1"'),
        ("", "It reached: plan, build, verify, polish#1, polish#2."),
    ],
)
def test_a_point_that_was_never_reached_is_refused_with_those_that_were(
    here: Locations, shop: Path, asked: str, said: str
) -> None:
    original = SessionId(run(here, shop))
    with pytest.raises(InvalidForkError) as refused:
        fork(ForkRequest(original, asked), here)
    assert said in str(refused.value)
    assert sorted(path.name for path in shop.parent.glob("shop*")) == ["shop"]


def blocked_and_checkpointed(engine: Engine, workspace: Path) -> StepReady:
    """Node 2 is a blocked attempt at node 1, 3 the second step, 4 a checkpoint beside it."""
    first = ready(engine.start(StartRequest("team.make", "a fence", workspace)))
    blocked = engine.advance(first.token, Submission())
    assert isinstance(blocked, Blocked)
    return ready(engine.advance(blocked.token, Submission("Did one.")))


@pytest.mark.rule("FORK-13")
def test_a_blocked_attempt_stands_for_its_step_and_a_checkpoint_for_itself(
    here: Locations, shop: Path
) -> None:
    with open_engine(here) as engine:
        second = blocked_and_checkpointed(engine, shop)
    (shop / "half.py").write_text("")
    with open_engine(here) as engine:
        done = engine.checkpoint(second.token, Submission("Half way.", context={"half": True}))
        assert isinstance(done, Checkpointed)
    original = SessionId(second.session_id)
    kept = {each.node: each for each in snapshots_in(shop)}
    assert {2, 3, 4} & set(kept) == {3, 4}
    drop_snapshots(shop, [each for node, each in kept.items() if node == 1])

    half = fork(ForkRequest(original, "4"), here)

    assert (half.node, half.step_id) == (4, "build")
    assert (Path(str(half.worktree)) / "half.py").exists()
    assert standing(here, half).step.step_id == "build"
    with pytest.raises(SnapshotNotFoundError, match=r"No files were kept for node 1 \(plan\)"):
        fork(ForkRequest(original, "2"), here)
    without = fork(ForkRequest(original, "2", files=False), here)
    assert isinstance(standing(here, without), StepReady)


@pytest.mark.rule("FORK-14")
def test_without_a_snapshot_nothing_is_made_and_the_way_out_is_said(
    here: Locations, tmp_path: Path
) -> None:
    workspace = tmp_path / "plain"
    workspace.mkdir()
    original = SessionId(run(here, workspace, 1))
    with pytest.raises(SnapshotNotFoundError) as refused:
        fork(ForkRequest(original, "build"), here)
    assert f"{workspace} is not in a git repository any more" in str(refused.value)
    assert "fork the session alone with --without-files" in str(refused.value)
    with open_reader(here) as reader:
        assert reader.sessions().total == 1

    forked = fork(ForkRequest(original, "build", files=False), here)

    assert (forked.workspace, forked.worktree, forked.snapshot) == (str(workspace), None, None)
    assert standing(here, forked).step.step_id == "build"


@pytest.mark.rule("FORK-14")
def test_a_folder_with_anything_in_it_is_never_used(here: Locations, shop: Path) -> None:
    original = SessionId(run(here, shop, 1))
    taken, empty, file = (shop.parent / name for name in ("taken", "empty", "file"))
    taken.mkdir()
    (taken / "mine.txt").write_text("mine")
    empty.mkdir()
    file.write_text("")
    link = shop.parent / "link"
    link.symlink_to(empty)
    for folder in (taken, file, link, shop):
        with pytest.raises(InvalidForkError, match=r"is there already\. Nothing was changed"):
            fork(ForkRequest(original, "build", folder), here)
    assert list(taken.iterdir()) == [taken / "mine.txt"]
    assert fork(ForkRequest(original, "build", empty), here).worktree == str(empty)
    assert (empty / "made-1.py").exists()


@pytest.mark.rule("FORK-14")
def test_where_the_session_cannot_be_written_no_work_tree_is_left(
    here: Locations, shop: Path
) -> None:
    original = SessionId(run(here, shop, 1))
    database = open_for_writing(here.store)
    with database.writing() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'full'); END"
        )
    database.close()
    with pytest.raises(Exception, match="full"):
        fork(ForkRequest(original, "build"), here)
    assert sorted(path.name for path in shop.parent.glob("shop*")) == ["shop"]
    assert len(git(shop, "worktree", "list").splitlines()) == 1


def test_what_cannot_be_forked_is_refused(here: Locations, shop: Path) -> None:
    original = SessionId(run(here, shop, 1))
    with pytest.raises(SessionNotFoundError):
        fork(ForkRequest(UNKNOWN, "build"), here)
    with pytest.raises(InvalidSubmissionError, match="goal"):
        fork(ForkRequest(original, "build", goal=" "), here)
    with pytest.raises(InvalidForkError, match="Without files no work tree is made"):
        fork(ForkRequest(original, "build", shop.parent / "new", files=False), here)


def test_what_comes_after_the_damage_cannot_be_forked_what_comes_before_can(
    here: Locations, shop: Path
) -> None:
    original = SessionId(run(here, shop, 2))
    database = open_for_writing(here.store)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE events SET payload = '{' WHERE seq = 5")
    database.close()
    with pytest.raises(CorruptSessionError, match="Part of the session is damaged: `workrail"):
        fork(ForkRequest(original, "verify"), here)
    assert standing(here, fork(ForkRequest(original, "build"), here)).step.step_id == "build"


@pytest.mark.rule("FORK-15")
def test_only_snapshots_of_sessions_the_store_does_not_have_are_dropped_and_only_when_asked(
    places: Locations, shop: Path
) -> None:
    known = SessionId(run(places, shop, 1))
    commit = snapshots_in(shop)[0].commit
    for node in (1, 2):
        name_snapshot(shop, KeptSnapshot(UNKNOWN, NodeId(node), commit))
    before = git(shop, "for-each-ref", "refs/heads", "refs/stash")

    lines = snapshot_lines(shop / "app", places)

    told = {line.session_id: (line.snapshots, line.known) for line in lines}
    assert told == {known: (2, True), UNKNOWN: (2, False)}
    assert len(snapshots_in(shop)) == 4
    assert [line.session_id for line in prune_snapshots(shop, places)] == [UNKNOWN]
    assert {each.session_id for each in snapshots_in(shop)} == {known}
    assert git(shop, "for-each-ref", "refs/heads", "refs/stash") == before
    assert prune_snapshots(shop, places) == ()


def test_snapshots_of_a_folder_outside_git_cannot_be_listed(
    here: Locations, tmp_path: Path
) -> None:
    with pytest.raises(InvalidForkError, match="Name a folder of a git repository"):
        snapshot_lines(tmp_path, here)
