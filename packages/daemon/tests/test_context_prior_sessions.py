"""Is an agent told what earlier sessions in its repository found?"""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from workrail_daemon.context.changed_files import changed_part, git_in_sandbox
from workrail_daemon.context.prior_sessions import PRIOR_SESSIONS, prior_part, prior_sessions
from workrail_daemon.sandbox.contract import SandboxPolicy
from workrail_daemon.sandbox.unconfined import Unconfined
from workrail_daemon.stopping import Stop
from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.outcomes import StepReady
from workrail_engine.system import Locations

WORKFLOW = {
    "id": "mend",
    "name": "Mend it",
    "description": "Two steps.",
    "version": "1.0.0",
    "steps": [
        {"id": "look", "title": "Look", "prompt": "Look."},
        {"id": "mend", "title": "Mend", "prompt": "Mend."},
    ],
}


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(Locations.under(tmp_path / "home")) as opened:
        yield opened


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository with a commit, and a workflow."""
    folder = tmp_path.resolve() / "shop"
    (folder / ".workrail" / "workflows").mkdir(parents=True)
    (folder / ".workrail" / "workflows" / "mend.json").write_text(json.dumps(WORKFLOW))
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-q", "-m", "Begin")
    return folder


def git(folder: Path, *arguments: str) -> None:
    quiet = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *arguments], cwd=folder, check=True, env={**os.environ, **quiet})


def session(engine: Engine, workspace: Path, goal: str, notes: str | None) -> str:
    """The id of a session that completed a step, or none."""
    begun = engine.start(StartRequest("mend", goal, workspace))
    assert isinstance(begun, StepReady)
    if notes is not None:
        engine.advance(begun.token, Submission(notes))
    return begun.session_id


@pytest.mark.rule("AGENT-55")
def test_the_last_three_sessions_with_notes_are_told_newest_first(
    engine: Engine, shop: Path
) -> None:
    for number in range(PRIOR_SESSIONS + 1):
        session(engine, shop, f"Goal {number}", f"Found {number}.")
    session(engine, shop, "Nothing yet", None)
    own = session(engine, shop, "This one", "Mine.")
    told = prior_sessions(engine, str(shop), {own})
    assert [(prior.goal, prior.status) for prior in told] == [
        ("Goal 3", "running"),
        ("Goal 2", "running"),
        ("Goal 1", "running"),
    ]
    part = prior_part(told)
    assert part is not None
    assert part.text.index("Found 3.") < part.text.index("Found 1.")
    assert f'<untrusted source="session {told[0].session_id}">' in part.text


def test_sessions_of_other_repositories_are_not_told(engine: Engine, shop: Path) -> None:
    elsewhere = shop.parent / "elsewhere"
    (elsewhere / ".workrail").mkdir(parents=True)
    session(engine, shop, "Here", "Found.")
    assert prior_sessions(engine, str(elsewhere)) == ()


def test_a_folder_within_the_repository_and_a_work_tree_of_it_belong_to_it(
    engine: Engine, shop: Path
) -> None:
    (shop / "src").mkdir()
    session(engine, shop, "Here", "Found.")
    git(shop, "worktree", "add", "-q", str(shop.parent / "tree"), "-b", "other")
    session(engine, shop.parent / "tree", "There", "Found too.")
    assert [prior.goal for prior in prior_sessions(engine, str(shop / "src"))] == ["Here"]
    told = prior_sessions(engine, str(shop.parent / "tree"))
    assert [prior.goal for prior in told] == ["There", "Here"]


def test_a_folder_that_only_says_it_is_a_work_tree_is_told_nothing(
    engine: Engine, shop: Path
) -> None:
    session(engine, shop, "Here", "Found.")
    git(shop, "worktree", "add", "-q", str(shop.parent / "tree"), "-b", "other")
    posing = shop.parent / "posing"
    posing.mkdir()
    (posing / ".git").write_text((shop.parent / "tree" / ".git").read_text())
    assert prior_sessions(engine, str(posing)) == ()


def test_git_that_is_nonsense_tells_nothing_and_breaks_nothing(
    engine: Engine, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / ".git").write_bytes(b"gitdir: \xff\n")
    assert prior_sessions(engine, str(folder)) == ()


def test_changed_files_are_asked_of_git_where_the_processes_of_a_run_are_held(shop: Path) -> None:
    (shop / "new.txt").touch()
    part = changed_part(git_in_sandbox(Unconfined(SandboxPolicy(shop), None), shop, Stop()))
    assert part is not None
    assert "?? new.txt" in part.text
    stopped = Stop()
    stopped.give("enough")
    assert (
        changed_part(git_in_sandbox(Unconfined(SandboxPolicy(shop), None), shop, stopped)) is None
    )
