"""What changed between the session's base revision and the present files?

Paths are relative to the workspace; a change beside it reads `../…`. A rename is a removal and an
addition. Nothing in the repository can hide a change: attributes and settings of it are not asked.
"""

import os
import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from workrail_engine.checks.findings import CannotCheckError, one_line
from workrail_engine.checks.git_aside import GitAside
from workrail_engine.checks.tree import View
from workrail_engine.git_command import GitFailedError

Kind: TypeAlias = Literal["added", "removed", "changed"]
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_KINDS: Final[dict[str, Kind]] = {"A": "added", "D": "removed"}
_COMPARE: Final = ("diff-tree", "-r", "-z", "--no-renames", "--no-ext-diff", "--no-textconv")


@dataclass(frozen=True)
class Changed:
    """One path that is not as it was at the base."""

    path: str
    kind: Kind
    added: int
    """Lines; of a binary file as many as it has line breaks."""
    removed: int
    binary: bool
    entry_at_base: tuple[str, str]
    """Its mode and object at the base; zeros where it was not there."""
    path_in_repository: str


def base_of(aside: GitAside, base: str | None) -> str:
    """The tree of the base revision.

    Raises:
        CannotCheckError: the session has none, or it is not in the repository any more.
    """
    if base is None or not _COMMIT.fullmatch(base):
        message = (
            "the session has no base revision to compare with; start it in a git repository "
            "that has a commit"
        )
        raise CannotCheckError(message)
    try:
        arguments = ("rev-parse", "--verify", "--end-of-options", f"{base}^{{tree}}")
        return aside.run(arguments).decode("ascii").strip()
    except GitFailedError as error:
        message = f"the base revision {base[:12]} is not in the repository; fetch it again"
        raise CannotCheckError(message) from error


def changes_since(view: View, base_tree: str) -> tuple[Changed, ...]:
    """Every path whose content or mode is not as it was, sorted by path.

    Raises:
        CannotCheckError: git cannot compare.
    """
    try:
        told = view.aside.run((*_COMPARE, "--raw", "--numstat", base_tree, view.tree))
        entries, lines = _parsed(told)
        if any(count is None for count in lines.values()):
            textual = _lines_of_binaries(view, base_tree)
        else:
            textual = lines
    except GitFailedError as error:
        message = f"git cannot compare with the base revision: {one_line(str(error))}"
        raise CannotCheckError(message) from error
    return tuple(
        Changed(
            path=_from_workspace(path, view.prefix),
            kind=_KINDS.get(letter, "changed"),
            added=(textual.get(path) or (0, 0))[0],
            removed=(textual.get(path) or (0, 0))[1],
            binary=path in lines and lines[path] is None,
            entry_at_base=(mode, name),
            path_in_repository=path,
        )
        for path, (letter, mode, name) in sorted(entries.items())
    )


def _lines_of_binaries(view: View, base_tree: str) -> dict[str, tuple[int, int] | None]:
    """Lines added and removed, every file taken as text."""
    view.aside.take_as_text(every_file=True)
    try:
        return _parsed(view.aside.run((*_COMPARE, "--numstat", base_tree, view.tree)))[1]
    finally:
        view.aside.take_as_text(every_file=False)


def _parsed(
    told: bytes,
) -> tuple[dict[str, tuple[str, str, str]], dict[str, tuple[int, int] | None]]:
    """By path: letter, mode and object at the base; lines added and removed, None for binaries."""
    entries: dict[str, tuple[str, str, str]] = {}
    lines: dict[str, tuple[int, int] | None] = {}
    tokens: Iterator[str] = iter(os.fsdecode(told).split("\0"))
    for token in tokens:
        if token.startswith(":"):
            mode, _, name, _, letter = token[1:].split(" ")
            entries[next(tokens)] = (letter, mode, name)
        elif token:
            added, removed, path = token.split("\t", 2)
            lines[path] = None if added == "-" else (int(added), int(removed))
    return entries, lines


def _from_workspace(path: str, prefix: str) -> str:
    if not prefix:
        return path
    return path.removeprefix(prefix) if path.startswith(prefix) else posixpath.relpath(path, prefix)
