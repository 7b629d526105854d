"""What do the files of a repository amount to now, as the id of a git tree?

Everything tracked, staged or not, and everything untracked that is not ignored. The user's index is
asked only which ignored files are tracked all the same: marks in it ("assume unchanged"), dates in it
and what is staged in it are not believed, each file is read. What was read is remembered in an index
of our own, so that the next time only files that were touched since are read again.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from workrail_engine.checks.git_aside import GitAside
from workrail_engine.checks.repository import Repository, repository_of
from workrail_engine.git_command import GitFailedError, run_git

_GITLINK: Final = b"160000"
_MOST_NESTED: Final = 100
"""Repositories within one repository."""
_IGNORED: Final = ("ls-files", "-z", "--cached", "--ignored", "--exclude-standard")


@dataclass(frozen=True)
class Remembered:
    """What was read the last time."""

    index: bytes
    changed_at: int
    """When the index was written, nanoseconds: what is younger is read again."""
    stated: str
    """The user's index and their ignored files, as far as they say what is tracked."""
    tree: str
    nested: tuple[bytes, ...]
    """Paths of repositories within this one."""


def present_tree(aside: GitAside, before: Remembered | None) -> tuple[str, Remembered]:
    """The id of the tree of all files as they are now, and what to remember.

    The index of `aside` holds this tree afterwards.

    Args:
        aside: git, over the files; its index is empty.
        before: what was remembered the last time; None: every file is read.

    Raises:
        GitFailedError: git failed, a file cannot be read, or it took too long.
    """
    if before is not None:
        aside.index.write_bytes(before.index)
        os.utime(aside.index, ns=(before.changed_at, before.changed_at))
    aside.run(("add", "--all", "--", "."))
    stated = _stated(aside.repository)
    tree = aside.tree_of_index()
    if before is None or (before.stated, before.tree) != (stated, tree):
        _follow_tracking(aside)
        tree = aside.tree_of_index()
        every = entries(aside.run(("ls-files", "-z", "--stage")))
        nested = tuple(path for mode, _, path in every if mode == _GITLINK)
    else:
        nested = before.nested
    kept = Remembered(
        aside.index.read_bytes(), aside.index.stat().st_mtime_ns, stated, tree, nested
    )
    if nested:
        return _with_nested(aside, nested, tree), kept
    return tree, kept


def entries(listed: bytes) -> Iterable[tuple[bytes, bytes, bytes]]:
    """Mode, object and path of each entry that `ls-files --stage -z` lists."""
    for line in listed.split(b"\0"):
        if line:
            told, _, path = line.partition(b"\t")
            mode, name, _ = told.split(b" ", 2)
            yield mode, name, path


def _stated(repository: Repository) -> str:
    """A digest of what decides which ignored files are tracked, besides the files themselves."""
    seen = sha256(repr(sorted(repository.settings.items())).encode("utf-8", "surrogateescape"))
    for path in (repository.index, repository.exclude):
        try:
            seen.update(path.read_bytes())
        except OSError:
            seen.update(b"\0")
    return seen.hexdigest()


def _follow_tracking(aside: GitAside) -> None:
    """Take in ignored files that the user tracks, drop those that only we do, mind absent ones."""
    repository = aside.repository
    ours = set(_names(aside.run(_IGNORED)))
    theirs = set(_names(run_git(_IGNORED, repository.root)))
    aside.update_index(aside.removal(path) for path in ours - theirs)
    added = b"".join(path + b"\0" for path in theirs)
    if added:
        aside.run(("update-index", "-z", "--add", "--remove", "--stdin"), added)
    if repository.sparse:
        aside.update_index(_left_out(repository))


def _left_out(repository: Repository) -> Iterable[bytes]:
    """Entries of tracked files that a sparse checkout leaves out, and that are not there."""
    listed = run_git(("ls-files", "-z", "--stage", "-t"), repository.root)
    root = os.fsencode(repository.root)
    for line in listed.split(b"\0"):
        if line.startswith(b"S "):
            mode, name, path = next(iter(entries(line[2:])))
            if not os.path.lexists(os.path.join(root, path)):  # noqa: PTH118 (paths are bytes)
                yield mode + b" " + name + b"\t" + path


def _names(listed: bytes) -> list[bytes]:
    return [name for name in listed.split(b"\0") if name]


def _with_nested(aside: GitAside, nested: tuple[bytes, ...], tree: str) -> str:
    """The tree, in which a repository within this one stands by its files when they have changed.

    By its commit otherwise. Else an edit inside of it would not show.
    """
    _check_nested(aside.repository, nested)
    changed = False
    for path in nested:
        files = _changed_within(aside, path)
        if files is not None:
            name = os.fsdecode(path)
            aside.run(("update-index", "--force-remove", "--", name))
            aside.run(("read-tree", f"--prefix={name}/", files))
            changed = True
    return aside.tree_of_index() if changed else tree


def _check_nested(repository: Repository, nested: tuple[bytes, ...]) -> None:
    """Refuse what would hide tracked files: a repository made around them."""
    if len(nested) > _MOST_NESTED:
        message = f"it holds {len(nested)} repositories, and {_MOST_NESTED} are followed"
        raise GitFailedError(message)
    for path in nested:
        under = b":(literal)" + path + b"/"
        tracked = run_git(("ls-files", "-z", "--stage", "--", os.fsdecode(under)), repository.root)
        if any(mode != _GITLINK for mode, _, _ in entries(tracked)):
            name = os.fsdecode(path).encode("utf-8", "replace").decode()
            message = f"{name!r} is a repository around tracked files; remove its .git"
            raise GitFailedError(message)


def _changed_within(aside: GitAside, path: bytes) -> str | None:
    """The tree of a repository within this one; None when its files are those of its commit."""
    place = aside.repository.root / os.fsdecode(path)
    inner = repository_of(place)
    if inner is None or inner.root != place:
        return None  # a submodule that was not fetched: only its commit is there
    with TemporaryDirectory(prefix="workrail-tree-", ignore_cleanup_errors=True) as folder:
        there = GitAside(inner, Path(folder) / "git", Path(folder) / "objects")
        tree, _ = present_tree(there, None)
        committed = run_git(("rev-parse", "HEAD^{tree}"), place).decode("ascii").strip()
        if tree == committed:
            return None
        objects = there.run(("rev-list", "--objects", "--no-object-names", tree))
        packed = there.run(("pack-objects", "--stdout", "--quiet"), objects)
        aside.run(("unpack-objects", "-q"), packed)
    return tree
