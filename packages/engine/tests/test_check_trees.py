"""Do equal trees hold equal files, whatever is done to the repository to make it look so?"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from workrail_engine.checks.local_checks import LocalChecks
from workrail_engine.system import SystemClock
from workrail_engine.testing.user_git import begin_repository, git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "app.py").write_text("x = 1\n")
    (folder / "tests.py").write_text("assert True\n")
    (folder / ".gitignore").write_text("*.log\n")
    return begin_repository(folder)


@pytest.fixture
def checks() -> LocalChecks:
    return LocalChecks(SystemClock())


def cold(folder: Path) -> str | None:
    """The tree, told by a runner that remembers nothing."""
    return LocalChecks(SystemClock()).tree(str(folder))


@pytest.mark.rule("CHECK-1")
def test_a_clean_work_tree_is_the_tree_of_its_commit(repository: Path, checks: LocalChecks) -> None:
    assert checks.tree(str(repository)) == "git:" + git(repository, "rev-parse", "HEAD^{tree}")


def edit(folder: Path) -> None:
    (folder / "src" / "app.py").write_text("x = 2\n")


def add(folder: Path) -> None:
    (folder / "new.py").write_text("")


def stage(folder: Path) -> None:
    edit(folder)
    git(folder, "add", "--all")


def remove(folder: Path) -> None:
    (folder / "tests.py").unlink()


def make_executable(folder: Path) -> None:
    (folder / "tests.py").chmod(0o755)


def edit_unnoticed(folder: Path) -> None:
    git(folder, "update-index", "--assume-unchanged", "src/app.py")
    edit(folder)


def edit_skipped(folder: Path) -> None:
    git(folder, "update-index", "--skip-worktree", "src/app.py")
    edit(folder)


def remove_skipped(folder: Path) -> None:
    git(folder, "update-index", "--skip-worktree", "tests.py")
    remove(folder)


def edit_backdated(folder: Path) -> None:
    path = folder / "src" / "app.py"
    before = path.stat()
    git(folder, "config", "core.trustctime", "false")
    git(folder, "config", "core.checkStat", "minimal")
    edit(folder)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def hide_by_monitor(folder: Path) -> None:
    git(folder, "config", "core.fsmonitor", "true")
    edit(folder)


def odd_names(folder: Path) -> None:
    (folder / "-n\new\tline").write_text("")
    (folder / os.fsdecode(b"\xff\xfe.py")).write_text("")


def change_tracked_though_ignored(folder: Path) -> None:
    (folder / "kept.log").write_text("1")
    git(folder, "add", "--force", "kept.log")


@pytest.mark.rule("CHECK-1")
@pytest.mark.parametrize(
    "change",
    [
        edit,
        add,
        stage,
        remove,
        make_executable,
        edit_unnoticed,
        edit_skipped,
        remove_skipped,
        edit_backdated,
        hide_by_monitor,
        odd_names,
        change_tracked_though_ignored,
    ],
)
def test_a_change_shows_in_the_tree_however_it_is_hidden(
    repository: Path, checks: LocalChecks, change: Callable[[Path], None]
) -> None:
    before = checks.tree(str(repository))
    index = repository / ".git" / "index"
    change(repository)
    content = index.read_bytes()
    after = checks.tree(str(repository))
    assert after is not None
    assert after != before
    assert after == cold(repository), "what is remembered changes nothing"
    assert index.read_bytes() == content, "the user's index is not touched"


def test_ignored_files_are_no_part_of_the_tree(repository: Path, checks: LocalChecks) -> None:
    before = checks.tree(str(repository))
    (repository / "debug.log").write_text("noise")
    assert checks.tree(str(repository)) == before


def test_a_file_that_comes_to_be_ignored_leaves_the_tree(
    repository: Path, checks: LocalChecks
) -> None:
    (repository / "out.txt").write_text("1")
    checks.tree(str(repository))
    (repository / ".gitignore").write_text("*.log\n*.txt\n")
    warm = checks.tree(str(repository))
    assert warm == cold(repository)
    (repository / "out.txt").write_text("2")
    assert checks.tree(str(repository)) == warm


def test_nothing_of_the_repository_is_changed_but_objects(
    repository: Path, checks: LocalChecks
) -> None:
    def told() -> dict[str, bytes]:
        files = (path for path in (repository / ".git").rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in files if "objects" not in path.parts}

    before = told()
    edit(repository)
    checks.tree(str(repository))
    assert told() == before


@pytest.mark.rule("CHECK-2")
def test_nothing_a_repository_sets_up_is_run(
    repository: Path, checks: LocalChecks, tmp_path: Path
) -> None:
    (repository / ".gitattributes").write_text("* filter=evil diff=evil text merge=evil\n")
    pwned = tmp_path / "pwned"
    command = f"touch {pwned}; cat"
    for name in ("filter.evil.clean", "filter.evil.smudge", "filter.evil.process"):
        git(repository, "config", name, command)
    for name in ("diff.evil.command", "diff.evil.textconv", "diff.external", "core.fsmonitor"):
        git(repository, "config", name, command)
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-index-change", "pre-commit", "post-checkout", "fsmonitor-watchman"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {pwned}\n")
        (hooks / name).chmod(0o755)
    base = git(repository, "rev-parse", "HEAD")
    edit(repository)
    assert checks.tree(str(repository)) is not None
    assert {each.path for each in checks.changes(str(repository), base)} == {
        "src/app.py",
        ".gitattributes",
    }
    assert "+x = 2" in checks.diff_text(str(repository), base).text
    assert not pwned.exists()


def test_a_repository_without_a_commit_has_a_tree(tmp_path: Path, checks: LocalChecks) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.txt").write_text("a")
    first = checks.tree(str(tmp_path))
    assert first is not None
    assert first.startswith("git:")
    (tmp_path / "a.txt").write_text("b")
    assert checks.tree(str(tmp_path)) != first


def test_a_linked_work_tree_has_a_tree_of_its_own(
    repository: Path, checks: LocalChecks, tmp_path: Path
) -> None:
    git(repository, "worktree", "add", "--quiet", str(tmp_path / "other"), "-b", "other")
    other = tmp_path / "other"
    assert checks.tree(str(other)) == checks.tree(str(repository))
    (other / "new").write_text("")
    assert checks.tree(str(other)) != checks.tree(str(repository))


def test_files_a_sparse_checkout_leaves_out_count_as_they_are_committed(
    repository: Path, checks: LocalChecks
) -> None:
    whole = checks.tree(str(repository))
    (repository / "docs").mkdir()
    git(repository, "sparse-checkout", "set", "docs")
    assert not (repository / "src" / "app.py").exists()
    assert checks.tree(str(repository)) == whole == cold(repository)


def test_a_bare_repository_counts_as_a_folder(repository: Path, tmp_path: Path) -> None:
    git(repository, "clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    told = cold(tmp_path / "bare.git")
    assert told is not None
    assert told.startswith("files:")


def test_a_submodule_counts_by_its_commit_and_by_its_files_once_they_change(
    repository: Path, checks: LocalChecks, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "lib.py").write_text("y = 1\n")
    begin_repository(library)
    git(repository, "submodule", "--quiet", "add", str(library), "lib")
    git(repository, "commit", "--quiet", "--message", "Lib")
    clean = checks.tree(str(repository))
    assert clean == "git:" + git(repository, "rev-parse", "HEAD^{tree}")
    (repository / "lib" / "lib.py").write_text("y = 2\n")
    changed = checks.tree(str(repository))
    assert changed is not None
    assert changed not in (clean, None)
    (repository / "lib" / "lib.py").write_text("y = 3\n")
    assert checks.tree(str(repository)) not in (clean, changed, None)
    git(repository, "-C", "lib", "checkout", "--quiet", "--", ".")
    assert checks.tree(str(repository)) == clean


@pytest.mark.rule("CHECK-1")
@pytest.mark.parametrize("ignoring", ["src/.gitignore", "src/.git/info/exclude"])
def test_a_repository_made_around_tracked_files_hides_nothing(
    repository: Path, checks: LocalChecks, ignoring: str
) -> None:
    git(repository / "src", "init", "--quiet")
    (repository / ignoring).write_text("*\n")
    git(repository / "src", "commit", "--quiet", "--allow-empty", "--message", "Nothing")
    assert checks.tree(str(repository)) is None


def test_a_repository_that_cannot_be_written_to_is_left_alone(
    repository: Path, checks: LocalChecks, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = repository / ".git" / "objects"
    before = sorted(objects.rglob("*"))
    real = os.access

    def access(path: str | Path, mode: int) -> bool:
        """As root, every folder can be written to; not this one."""
        return Path(path) != objects and real(path, mode)

    monkeypatch.setattr(os, "access", access)
    base = git(repository, "rev-parse", "HEAD")
    edit(repository)
    first = checks.tree(str(repository))
    assert first is not None
    assert checks.tree(str(repository)) == first
    assert "+x = 2" in checks.diff_text(str(repository), base).text
    assert sorted(objects.rglob("*")) == before


@pytest.mark.rule("CHECK-1")
def test_outside_git_a_digest_of_all_files_is_told(tmp_path: Path, checks: LocalChecks) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").symlink_to("a")
    seen = {checks.tree(str(tmp_path))}
    assert seen.pop() == checks.tree(str(tmp_path))
    for change in (
        lambda: (tmp_path / "a").write_text("2"),
        lambda: (tmp_path / "a").rename(tmp_path / "c"),
        lambda: (tmp_path / "c").chmod(0o755),
        lambda: ((tmp_path / "b").unlink(), (tmp_path / "b").symlink_to("d")),
    ):
        change()
        told = checks.tree(str(tmp_path))
        assert told is not None
        assert told.startswith("files:")
        assert told not in seen
        seen.add(told)


def test_a_folder_that_is_not_there_has_no_tree(tmp_path: Path, checks: LocalChecks) -> None:
    assert checks.tree(str(tmp_path / "gone")) is None
    assert checks.tree(None) is None


def test_a_folder_its_repository_ignores_counts_as_outside(
    repository: Path, checks: LocalChecks
) -> None:
    (repository / ".gitignore").write_text("build/\n")
    (repository / "build").mkdir()
    (repository / "build" / "a").write_text("1")
    before = checks.tree(str(repository / "build"))
    assert before is not None
    assert before.startswith("files:")
    (repository / "build" / "a").write_text("2")
    assert checks.tree(str(repository / "build")) != before


def test_objects_that_were_pruned_are_read_again(repository: Path, checks: LocalChecks) -> None:
    edit(repository)
    before = checks.tree(str(repository))
    git(repository, "prune", "--expire=now")
    assert checks.tree(str(repository)) == before
