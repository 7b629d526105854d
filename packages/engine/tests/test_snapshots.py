"""Are the files of a workspace kept as they were, and is nothing else of the repository changed?"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Event

import pytest

from workrail_engine.git_command import GitFailedError
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.snapshots import taking
from workrail_engine.snapshots.queue import KeepsNothing, SnapshotQueue, snapshot_keeper
from workrail_engine.snapshots.refs import (
    KeptSnapshot,
    drop_snapshots,
    name_snapshot,
    snapshots_in,
)
from workrail_engine.snapshots.taking import Due, NotKeptError, Taker
from workrail_engine.testing.user_git import begin_repository, git

SESSION = SessionId("sess_" + "a" * 26)
OTHER = SessionId("sess_" + "b" * 26)
BOUND = 60.0
"""Seconds after which a test gives up."""


def kept_at(folder: Path, node: int = 1, session: SessionId = SESSION) -> KeptSnapshot:
    kept = Taker().take(Due(session, NodeId(node), folder))
    assert kept is not None
    return kept


def files_of(folder: Path, commit: str) -> list[str]:
    listed = git(folder, "ls-tree", "-r", "-z", "--name-only", commit)
    return sorted(name for name in listed.split("\0") if name)


def theirs(folder: Path) -> Mapping[str, object]:
    """All a user can see of their repository, besides our refs."""
    dot = Path(git(folder, "rev-parse", "--absolute-git-dir"))
    ours = (dot / "refs" / "workrail", dot / "objects", dot / "worktrees")
    return {
        "files": {
            str(path): path.read_bytes()
            for path in dot.rglob("*")
            if path.is_file() and not any(path.is_relative_to(each) for each in ours)
        },
        "refs": [
            line
            for line in git(folder, "for-each-ref").splitlines()
            if "\trefs/workrail/" not in line
        ],
        "reflog": git(folder, "reflog", "--all"),
        "status": git(folder, "status", "--porcelain=v2", "--branch"),
        "stash": git(folder, "stash", "list"),
    }


@pytest.fixture(name="repository")
def repository_in_work(tmp_path: Path) -> Path:
    """A repository with a commit, a stash, staged, unstaged, untracked and ignored files."""
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "app.py").write_text("x = 1\n")
    (folder / "gone.py").write_text("")
    (folder / ".gitignore").write_text("*.log\n")
    begin_repository(folder)
    (folder / "src" / "app.py").write_text("x = 'stashed'\n")
    git(folder, "stash", "--quiet")
    (folder / "src" / "app.py").write_text("x = 2\n")
    (folder / "staged.py").write_text("staged\n")
    git(folder, "add", "staged.py")
    (folder / "new.py").write_text("new\n")
    (folder / "debug.log").write_text("noise\n")
    (folder / "gone.py").unlink()
    return folder


@pytest.mark.rule("FORK-1")
def test_the_files_as_they_are_become_a_commit_on_the_one_the_work_stands_on(
    repository: Path,
) -> None:
    kept = kept_at(repository, 3)
    assert files_of(repository, kept.commit) == [".gitignore", "new.py", "src/app.py", "staged.py"]
    assert git(repository, "show", f"{kept.commit}:src/app.py") == "x = 2"
    assert git(repository, "rev-parse", f"{kept.commit}^") == git(repository, "rev-parse", "HEAD")
    assert git(repository, "rev-parse", f"refs/workrail/{SESSION}/3") == kept.commit
    assert git(repository, "log", "-1", "--format=%an", kept.commit) == "workrail"


@pytest.mark.rule("FORK-2")
def test_nothing_else_of_the_repository_is_changed(repository: Path) -> None:
    git(repository, "config", "core.logAllRefUpdates", "always")
    git(repository, "config", "commit.gpgSign", "true")
    before = theirs(repository)
    kept_at(repository)
    assert theirs(repository) == before


@pytest.mark.rule("FORK-2")
def test_nothing_a_repository_sets_up_is_run(repository: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (repository / ".gitattributes").write_text("* filter=evil\n")
    git(repository, "config", "filter.evil.clean", f"touch {ran}; cat")
    hooks = repository / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-index-change", "pre-commit", "post-commit"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {ran}\n")
        (hooks / name).chmod(0o755)
    kept_at(repository)
    assert not ran.exists()


@pytest.mark.rule("FORK-3")
def test_equal_files_are_one_commit_whoever_keeps_them(repository: Path) -> None:
    first, second = kept_at(repository, 1), kept_at(repository, 2, OTHER)
    assert first.commit == second.commit
    (repository / "new.py").write_text("newer\n")
    assert kept_at(repository, 3).commit != first.commit


@pytest.mark.rule("FORK-3")
def test_what_a_node_had_is_never_replaced(repository: Path) -> None:
    first = kept_at(repository, 1)
    (repository / "new.py").write_text("newer\n")
    with pytest.raises(GitFailedError):
        kept_at(repository, 1)
    assert [each.commit for each in snapshots_in(repository)] == [first.commit]


def detach(folder: Path) -> None:
    git(folder, "checkout", "--quiet", "--detach")


def name_oddly(folder: Path) -> None:
    for name in (b"-n\new\tline", b'"quoted" \\', b"\xff\xfe", "ünï".encode()):
        with open(os.path.join(os.fsencode(folder), name), "wb") as file:  # noqa: PTH118, PTH123 (the name is bytes)
            file.write(b"odd")
    (folder / "link").symlink_to("nowhere")
    (folder / "run.sh").write_text("#!/bin/sh\n")
    (folder / "run.sh").chmod(0o755)


@pytest.mark.rule("FORK-1")
@pytest.mark.parametrize("change", [detach, name_oddly])
def test_odd_repositories_are_kept_like_any_other(
    repository: Path, change: Callable[[Path], None]
) -> None:
    change(repository)
    before = theirs(repository)
    kept = kept_at(repository)
    assert theirs(repository) == before
    git(repository, "add", "--all")
    assert git(repository, "write-tree") == git(repository, "rev-parse", f"{kept.commit}^{{tree}}")


def test_before_the_first_commit_a_snapshot_stands_alone(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a.txt").write_text("a\n")
    kept = kept_at(tmp_path)
    assert files_of(tmp_path, kept.commit) == ["a.txt"]
    assert git(tmp_path, "rev-list", "--parents", kept.commit) == kept.commit


def test_a_linked_work_tree_keeps_its_own_files_in_the_one_repository(
    repository: Path, tmp_path: Path
) -> None:
    git(repository, "worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side" / "only.py").write_text("")
    kept = kept_at(tmp_path / "side")
    assert "only.py" in files_of(repository, kept.commit)
    assert snapshots_in(repository) == (kept,)


def test_a_changed_submodule_is_kept_with_its_files(repository: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "lib.py").write_text("y = 1\n")
    begin_repository(library)
    git(repository, "submodule", "--quiet", "add", str(library), "lib")
    assert "lib" in files_of(repository, kept_at(repository, 1).commit)
    (repository / "lib" / "lib.py").write_text("y = 2\n")
    changed = kept_at(repository, 2)
    assert git(repository, "show", f"{changed.commit}:lib/lib.py") == "y = 2"
    git(repository, "fsck", "--strict")


def test_outside_git_nothing_is_kept(tmp_path: Path) -> None:
    assert Taker().take(Due(SESSION, NodeId(1), tmp_path)) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.rule("FORK-4")
def test_large_files_nobody_tracks_are_not_copied(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "MOST_UNTRACKED", 1024 * 1024)
    (repository / "debug.log").write_bytes(b"1" * 2_000_000)
    kept_at(repository, 1)
    (repository / "model.bin").write_bytes(b"1" * 2_000_000)
    with pytest.raises(NotKeptError, match=r"more than 1 MiB .* name them in \.gitignore"):
        kept_at(repository, 2)
    assert [each.node for each in snapshots_in(repository)] == [1]


@pytest.mark.rule("FORK-4")
def test_a_repository_that_cannot_be_written_to_is_left_alone(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = repository / ".git" / "objects"
    before = sorted((repository / ".git").rglob("*"))
    real = os.access

    def access(path: str | Path, mode: int) -> bool:
        """As root, every folder can be written to; not this one."""
        return Path(path) != objects and real(path, mode)

    monkeypatch.setattr(os, "access", access)
    with pytest.raises(NotKeptError, match="cannot be written to"):
        kept_at(repository)
    assert sorted((repository / ".git").rglob("*")) == before


@pytest.mark.rule("FORK-5")
def test_a_snapshot_never_names_objects_that_were_pruned(repository: Path) -> None:
    os.utime(repository / "new.py", (1, 1))  # so that it is not read again for being young
    taker = Taker()
    first = taker.take(Due(SESSION, NodeId(1), repository))
    assert first is not None
    drop_snapshots(repository, [first])
    git(repository, "stash", "clear")
    git(repository, "reflog", "expire", "--expire=now", "--all")
    git(repository, "gc", "--quiet", "--prune=now")
    (repository / "more.py").write_text("more\n")
    second = taker.take(Due(SESSION, NodeId(2), repository))
    assert second is not None
    assert git(repository, "show", f"{second.commit}:new.py") == "new"
    git(repository, "fsck", "--strict")


KILLED = """
import sys
from pathlib import Path
from workrail_engine.ids import NodeId
from workrail_engine.snapshots.taking import Due, Taker
Taker().take(Due(sys.argv[1], NodeId(int(sys.argv[2])), Path(sys.argv[3])))
"""
SHIM = """#!/bin/sh
echo >> "$CALLS"
if [ "$(wc -l < "$CALLS")" -eq "$DIES_AT" ]; then
    kill -9 $PPID
    ulimit -f 0  # whatever it writes, it is killed in the midst of it
fi
exec "$GIT" "$@"
"""
"""Stands for git; at one of its calls, whoever asked is killed, and git while it writes."""


def run_killed(folder: Path, aside: Path, call: int) -> bool:
    """Take a snapshot in a process that is killed at a call of git; whether it came that far."""
    (aside / "git").write_text(SHIM)
    (aside / "git").chmod(0o755)
    calls = aside / f"calls-{call}"
    done = subprocess.run(
        [sys.executable, "-c", KILLED, SESSION, str(call), str(folder)],
        env={
            **os.environ,
            "PATH": f"{aside}:{os.environ['PATH']}",
            "GIT": str(shutil.which("git")),
            "CALLS": str(calls),
            "DIES_AT": str(call),
            "TMPDIR": str(aside),
        },
        capture_output=True,
        check=False,
        timeout=BOUND,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0


@pytest.mark.rule("FORK-5")
def test_a_process_killed_in_the_midst_leaves_a_sound_repository(
    repository: Path, tmp_path: Path
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    before = theirs(repository)
    call = 1
    while run_killed(repository, aside, call):
        (repository / "new.py").write_text(f"{call}\n")
        git(repository, "fsck", "--strict")
        assert theirs(repository)["refs"] == before["refs"]
        call += 1
    assert call > 8, "it was killed at each of its calls"
    assert [each.node for each in snapshots_in(repository)][-1] == call
    kept_at(repository, call + 1)
    git(repository, "fsck", "--strict")
    after = theirs(repository)
    assert {key: after[key] for key in ("refs", "reflog", "status", "stash")} == {
        key: before[key] for key in ("refs", "reflog", "status", "stash")
    }


@pytest.mark.rule("FORK-5")
def test_two_processes_on_one_repository_do_not_disturb_each_other(repository: Path) -> None:
    script = KILLED.replace(
        "Taker().take(Due(sys.argv[1], NodeId(int(sys.argv[2])), Path(sys.argv[3])))",
        "taker = Taker()\nfor node in range(1, 6):\n"
        "    taker.take(Due(sys.argv[1], NodeId(node), Path(sys.argv[3])))\n",
    )
    running = [
        subprocess.Popen([sys.executable, "-c", script, session, "0", str(repository)])
        for session in (SESSION, OTHER)
    ]
    assert [process.wait(BOUND) for process in running] == [0, 0]
    kept = snapshots_in(repository)
    assert [(each.session_id, each.node) for each in kept] == [
        (session, node) for session in (SESSION, OTHER) for node in range(1, 6)
    ]
    assert len({each.commit for each in kept}) == 1
    git(repository, "fsck", "--strict")


@pytest.mark.rule("FORK-6")
def test_only_a_mirror_takes_snapshots_along(repository: Path, tmp_path: Path) -> None:
    kept_at(repository)
    git(repository, "clone", "--quiet", "--no-local", ".", str(tmp_path / "clone"))
    git(tmp_path / "clone", "fetch", "--quiet", "--all", "--tags")
    assert snapshots_in(tmp_path / "clone") == ()
    git(repository, "init", "--quiet", "--bare", str(tmp_path / "there.git"))
    for ways in (["--all"], ["--tags"], ["main"]):
        git(repository, "push", "--quiet", str(tmp_path / "there.git"), *ways)
    assert snapshots_in(tmp_path / "there.git") == ()
    git(repository, "push", "--quiet", "--mirror", str(tmp_path / "there.git"))
    assert len(snapshots_in(tmp_path / "there.git")) == 1


def test_folders_a_killed_process_left_are_taken_away(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spare = tmp_path / "spare"
    for name in ("workrail-tree-old", "workrail-tree-new", "theirs-old"):
        (spare / name / "git").mkdir(parents=True)
        if name.endswith("old"):
            os.utime(spare / name, (1, 1))
    (spare / "workrail-tree-link").symlink_to(spare / "theirs-old")
    monkeypatch.setattr("tempfile.tempdir", str(spare))
    kept_at(repository)
    assert sorted(path.name for path in spare.iterdir()) == [
        "theirs-old",
        "workrail-tree-link",
        "workrail-tree-new",
    ]


def test_names_that_are_not_ours_are_passed_over(repository: Path) -> None:
    kept = kept_at(repository, 12)
    git(repository, "update-ref", "refs/workrail/notes", "HEAD")
    git(repository, "update-ref", "refs/workrail/sess_x/1", "HEAD")
    name_snapshot(repository, KeptSnapshot(SESSION, NodeId(3), kept.commit))
    assert [each.node for each in snapshots_in(repository)] == [3, 12]
    drop_snapshots(repository, [kept])
    assert [each.node for each in snapshots_in(repository, SESSION)] == [3]
    assert git(repository, "rev-parse", "refs/workrail/notes")


class Gate:
    """Takes snapshots when it is told to."""

    def __init__(self) -> None:
        self.open = Event()
        self.begun = Event()
        self.taken: list[int] = []

    def take(self, due: Due) -> None:
        self.begun.set()
        assert self.open.wait(BOUND)
        self.taken.append(due.node)


@pytest.mark.rule("FORK-7")
def test_whoever_reaches_a_node_does_not_wait_and_the_newest_node_wins(repository: Path) -> None:
    gate = Gate()
    queue = SnapshotQueue(gate.take, quiet=0)
    queue.stands_at(SESSION, NodeId(1), str(repository))
    assert gate.begun.wait(BOUND)
    for node in (2, 3, 4):
        queue.stands_at(SESSION, NodeId(node), str(repository / "src"))
    queue.stands_at(OTHER, NodeId(1), str(repository))
    assert not queue.settled(0)
    gate.open.set()
    assert queue.settled(BOUND)
    assert gate.taken == [1, 4, 1]


@pytest.mark.rule("FORK-7")
def test_who_hurries_through_steps_is_not_slowed_down(repository: Path) -> None:
    gate = Gate()
    gate.open.set()
    queue = SnapshotQueue(gate.take, quiet=1)
    for node in (1, 2, 3, 4):
        queue.stands_at(SESSION, NodeId(node), str(repository))
    queue.stands_at(OTHER, NodeId(9), str(repository))
    assert queue.settled(BOUND)
    assert gate.taken == [4, 9]


@pytest.mark.rule("FORK-7")
def test_what_waits_is_bounded(repository: Path) -> None:
    gate = Gate()
    queue = SnapshotQueue(gate.take, quiet=0)
    queue.stands_at(OTHER, NodeId(1), str(repository))
    assert gate.begun.wait(BOUND)
    for number in range(2, 200):
        queue.stands_at(SessionId(f"sess_{number}"), NodeId(number), str(repository))
    gate.open.set()
    assert queue.settled(BOUND)
    assert gate.taken == [1, *range(136, 200)]


@pytest.mark.rule("FORK-7")
def test_a_failure_is_said_once_and_the_next_snapshot_is_taken(
    repository: Path, caplog: pytest.LogCaptureFixture
) -> None:
    taken: list[int] = []

    def taking(due: Due) -> None:
        if due.node < 3:
            message = "the disk is full"
            raise OSError(message)
        taken.append(due.node)

    queue = SnapshotQueue(taking, quiet=0)
    for node in (1, 2, 3):
        queue.stands_at(SESSION, NodeId(node), str(repository))
        assert queue.settled(BOUND)
    assert taken == [3]
    assert caplog.messages == [f"the files of {repository} are not kept: the disk is full"]


@pytest.mark.rule("FORK-4")
@pytest.mark.parametrize("word", ["off", "0", "No", " FALSE "])
def test_snapshots_can_be_switched_off(word: str) -> None:
    with snapshot_keeper({"WORKRAIL_SNAPSHOTS": word}) as keeper:
        assert isinstance(keeper, KeepsNothing)
    with snapshot_keeper({"WORKRAIL_SNAPSHOTS": ""}) as keeper:
        assert isinstance(keeper, SnapshotQueue)


def test_what_is_under_way_is_taken_before_a_program_ends(repository: Path) -> None:
    with snapshot_keeper({}) as keeper:
        keeper.stands_at(SESSION, NodeId(1), str(repository))
        keeper.stands_at(OTHER, NodeId(1), None)
    assert [each.session_id for each in snapshots_in(repository)] == [SESSION]
