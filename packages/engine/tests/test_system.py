"""What is observed of the machine: places, time, randomness, and the workspace."""

from datetime import UTC
from pathlib import Path

import pytest

from workrail_engine.session.events import Workspace
from workrail_engine.system import Locations, SystemClock, SystemEntropy, observe_workspace
from workrail_engine.testing.user_git import begin_repository, git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    return begin_repository(root)


def test_the_usual_places_are_in_the_home_folder():
    places = Locations.from_environment({})

    assert places.home == Path.home() / ".workrail"
    assert places.database == Path.home() / ".workrail" / "sessions.db"
    assert places.user_workflows == Path.home() / ".workrail" / "workflows"
    assert places.bundled_dir.name == "bundled"


def test_the_environment_moves_the_places():
    places = Locations.from_environment(
        {"WORKRAIL_HOME": "~/elsewhere/../here", "WORKRAIL_BUNDLED_DIR": "relative"}
    )

    assert places.home == Path.home() / "here"
    assert places.bundled_dir == Path.cwd() / "relative"


def test_an_empty_variable_is_no_variable():
    assert Locations.from_environment({"WORKRAIL_HOME": " "}) == Locations.from_environment({})


def test_this_process_is_asked_when_no_environment_is_given(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WORKRAIL_HOME", "/somewhere/else")

    assert Locations.from_environment().home == Path("/somewhere/else")


def test_the_clock_says_its_zone():
    assert SystemClock().now().tzinfo is UTC


def test_randomness_has_the_length_asked_for_and_does_not_repeat():
    entropy = SystemEntropy()

    assert len(entropy.bytes(32)) == 32
    assert entropy.bytes(32) != entropy.bytes(32)


@pytest.mark.rule("SYS-3")
def test_a_workspace_knows_its_repository_branch_and_commit(repository: Path):
    inner = repository / "src" / "cart"
    inner.mkdir(parents=True)

    assert observe_workspace(inner) == Workspace(
        path=str(inner),
        repository=str(repository),
        branch="main",
        head=git(repository, "rev-parse", "HEAD"),
    )


def test_a_branch_with_slashes_and_packed_refs_is_read(repository: Path):
    git(repository, "checkout", "--quiet", "-b", "fix/the/cart")
    git(repository, "pack-refs", "--all")

    seen = observe_workspace(repository)

    assert seen.branch == "fix/the/cart"
    assert seen.head == git(repository, "rev-parse", "HEAD")


def test_a_detached_head_has_a_commit_and_no_branch(repository: Path):
    git(repository, "checkout", "--quiet", "--detach")

    seen = observe_workspace(repository)

    assert seen.branch is None
    assert seen.head == git(repository, "rev-parse", "HEAD")


def test_a_linked_work_tree_has_a_branch_of_its_own(repository: Path, tmp_path: Path):
    tree = tmp_path / "tree"
    git(repository, "worktree", "add", "--quiet", "-b", "side", str(tree))
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "second")

    assert observe_workspace(tree) == Workspace(
        path=str(tree), repository=str(tree), branch="side", head=git(tree, "rev-parse", "HEAD")
    )


def test_a_repository_without_commits_has_a_branch_and_no_commit(tmp_path: Path):
    git(tmp_path, "init", "--quiet")

    seen = observe_workspace(tmp_path)

    assert (seen.branch, seen.head) == ("main", None)


def test_a_folder_outside_any_repository_is_just_a_folder(tmp_path: Path):
    assert observe_workspace(tmp_path) == Workspace(path=str(tmp_path))


def test_no_folder_is_no_workspace():
    assert observe_workspace(None) == Workspace()


@pytest.mark.rule("SYS-3")
@pytest.mark.parametrize(
    "head",
    [
        None,
        b"\xff\xfe",
        b"ref: refs/heads/.invalid\n",
        b"ref: refs/heads/\0",
        b"ref: refs/heads/../../../secret\n",
        b"ref: /etc/hostname\n",
        b"not a commit\n",
    ],
)
def test_a_damaged_repository_is_still_a_workspace(repository: Path, head: bytes | None):
    file = repository / ".git" / "HEAD"
    file.unlink()
    if head is not None:
        file.write_bytes(head)

    assert observe_workspace(repository) == Workspace(
        path=str(repository), repository=str(repository)
    )


@pytest.mark.rule("SYS-3")
@pytest.mark.parametrize("path", ["/nowhere/at/all", "with\0nul"])
def test_a_path_that_is_no_folder_never_fails(path: str):
    assert observe_workspace(Path(path)).repository is None


@pytest.mark.rule("STORE-32")
def test_a_database_on_a_server_takes_the_place_of_the_file_and_is_shown_without_its_password():
    url = "postgresql://ada:s3cret@db.example/work"
    places = Locations.from_environment(
        {"WORKRAIL_HOME": "/h", "WORKRAIL_DATABASE_URL": f" {url} "}
    )
    plain = Locations.from_environment({"WORKRAIL_HOME": "/h", "WORKRAIL_DATABASE_URL": " "})

    assert (places.store, places.store_shown) == (url, "postgresql://ada:***@db.example/work")
    assert "s3cret" not in repr(places)
    assert (plain.store, plain.store_shown) == (Path("/h/sessions.db"), "/h")
