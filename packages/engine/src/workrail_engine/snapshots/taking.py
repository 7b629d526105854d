"""How are the files of a workspace kept, without anybody at work there noticing?

As a commit beside all branches, on top of the commit the work stood on. It says nothing of when and by
whom, so equal files on the same commit are the same snapshot, whoever takes it. Only objects and one
ref are written: no index, branch, reflog or stash.
"""

import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from stat import S_ISDIR
from tempfile import gettempdir
from typing import Final

from workrail_engine.checks.tree import Trees
from workrail_engine.git_command import GitFailedError, run_git
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.snapshots.refs import KeptSnapshot, name_snapshot
from workrail_engine.system import SystemClock

MOST_UNTRACKED: Final = 100 * 1024 * 1024
"""Bytes of files that are neither tracked nor ignored; git would keep a copy of them."""
_AUTHOR: Final = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "workrail"),
        ("EMAIL", "workrail@localhost"),
        ("DATE", "@0 +0000"),
    )
}
_LEFT_BEHIND: Final = 24 * 60 * 60.0
"""Seconds after which nobody works with a temporary folder any more."""
_MESSAGE: Final = b"Files of a WorkRail session\n"
_UNTRACKED: Final = ("ls-files", "-z", "--others", "--exclude-standard")
_REMEMBERED: Final = 8
"""Repositories whose last snapshot is remembered."""


@dataclass(frozen=True)
class Due:
    """A node whose files are to be kept."""

    session_id: SessionId
    node: NodeId
    workspace: Path


@dataclass(frozen=True)
class _Made:
    """The last snapshot of a repository."""

    tree: str
    head: str | None
    commit: str


class NotKeptError(Exception):
    """The files are not kept; the message is a clause without an end."""


def top_of(folder: str) -> str | None:
    """Where the work tree begins that a folder may lie in; costs a few looks at the disk."""
    while not os.path.lexists(f"{folder}/.git"):
        above = os.path.dirname(folder)  # noqa: PTH120 (on the way of an answer: strings are quicker)
        if above == folder:
            return None
        folder = above
    return folder


class Taker:
    """Takes snapshots, one at a time, and remembers what it read for the next one."""

    def __init__(self) -> None:
        self._trees = Trees()
        self._last: OrderedDict[Path, _Made] = OrderedDict()
        self._swept = False

    def take(self, due: Due) -> KeptSnapshot | None:
        """Keep the files of a workspace as they are now; None outside git.

        Raises:
            NotKeptError: the files are left out on purpose.
            CannotCheckError: the files cannot be read.
            GitFailedError: git could not keep them.
        """
        top = top_of(str(due.workspace))
        if top is None:
            return None
        self._sweep()
        _mind_size(top)
        try:
            return self._taken(due)
        except GitFailedError:
            self._trees.forget()  # what was remembered may have been pruned since
            self._last.clear()
            return self._taken(due)

    def _sweep(self) -> None:
        """Take away folders that processes left which were killed while they read files."""
        if self._swept:
            return
        self._swept = True
        now = SystemClock().now().timestamp()
        for folder in Path(gettempdir()).glob("workrail-tree-*"):
            try:
                seen = folder.lstat()
            except OSError:
                continue
            old = now - seen.st_mtime > _LEFT_BEHIND
            if S_ISDIR(seen.st_mode) and seen.st_uid == os.getuid() and old:
                rmtree(folder, ignore_errors=True)

    def _taken(self, due: Due) -> KeptSnapshot | None:
        with self._trees.opened(due.workspace) as view:
            if view is None:
                return None
            repository = view.aside.repository
            if view.aside.objects != repository.objects:
                message = "the repository cannot be written to"
                raise NotKeptError(message)
            commit = self._commit(repository.root, view.tree)
            snapshot = KeptSnapshot(due.session_id, due.node, commit)
            name_snapshot(repository.root, snapshot)
            return snapshot

    def _commit(self, root: Path, tree: str) -> str:
        head, last = head_of(root), self._last.get(root)
        if last is not None and (last.tree, last.head) == (tree, head):
            return last.commit
        commit = _committed(root, tree, head)
        self._last[root] = _Made(tree, head, commit)
        self._last.move_to_end(root)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)
        return commit


def _committed(root: Path, tree: str, head: str | None) -> str:
    parents = () if head is None else ("-p", head)
    made = run_git(
        ("-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree, *parents),
        root,
        given=_MESSAGE,
        settings=_AUTHOR,
    )
    commit = made.decode("ascii").strip()
    _check_whole(root, commit)
    return commit


def _check_whole(root: Path, commit: str) -> None:
    """Refuse a commit that names objects nobody has: a ref to it would make the repository unsound."""
    run_git(("rev-list", "--objects", "--quiet", commit, "--not", "--all"), root)


def head_of(root: Path) -> str | None:
    """The commit a work tree stands on; None before the first one."""
    asked: Sequence[str] = ("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    try:
        return run_git(asked, root).decode("ascii").strip()
    except GitFailedError:
        return None


def _mind_size(top: str) -> None:
    size = 0
    for name in filter(None, run_git(_UNTRACKED, Path(top)).split(b"\0")):
        try:
            size += os.lstat(os.path.join(os.fsencode(top), name)).st_size  # noqa: PTH118 (its parts are bytes)
        except OSError:
            continue  # it is gone
        if size > MOST_UNTRACKED:
            message = (
                f"it holds more than {MOST_UNTRACKED // 1024**2} MiB of files that are neither tracked "
                "nor ignored; name them in .gitignore"
            )
            raise NotKeptError(message)
