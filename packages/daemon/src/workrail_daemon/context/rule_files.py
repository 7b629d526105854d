"""Which rules does a workspace bring along?

The files that other tools for programming with agents read, in a fixed order of precedence, within a
limit for all of them. Only files that really lie inside the workspace are read, and what a person who
reads a file would not see is left out of it.
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workrail_daemon.context.parts import Part, cut_to
from workrail_daemon.context.untrusted import between_marks, cleaned

RULE_BYTES: Final = 32 * 1024
"""Of all files together."""
FILES_A_PATTERN: Final = 20
PATTERNS: Final = (
    ".claude/CLAUDE.md",
    "CLAUDE.md",
    "CLAUDE.local.md",
    "AGENTS.md",
    ".github/AGENTS.md",
    ".cursor/rules/*.mdc",
    ".cursorrules",
    ".windsurf/rules/*.md",
    ".firebender/rules/*.mdc",
    ".firebender/AGENTS.md",
    ".github/copilot-instructions.md",
    ".continue/rules/*.md",
)
_MOST_READ: Final = 1024 * 1024
_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\n.*?^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class RuleFile:
    """A rule file that was found, and what became of it."""

    path: str
    """Relative to the workspace."""
    size: int
    """Bytes of the file."""
    used: int
    """Bytes of its text the model is shown."""
    left_out: int
    """Bytes of its text that did not fit."""
    hidden: int
    """Characters nobody would have seen; they were removed."""
    problem: str | None = None
    """Why nothing of it is shown; None: something is, or it is empty."""


@dataclass(frozen=True)
class Rules:
    """All of them."""

    files: tuple[RuleFile, ...]
    parts: tuple[Part, ...]

    @property
    def used(self) -> int:
        """Bytes the model is shown."""
        return sum(file.used for file in self.files)

    @property
    def report(self) -> str:
        """What was read and what was not, a line a file."""
        if not self.files:
            return "No rule files in this workspace."
        lines = [f"{self.used:,} of at most {RULE_BYTES:,} bytes of rules:"]
        return "\n".join([*lines, *(f"  {file.path}: {_fate(file)}" for file in self.files)])


def rules_of(workspace: Path) -> Rules:
    """The rules of a workspace.

    Args:
        workspace: a folder; what lies outside of it is never read, links or not.
    """
    root = Path(os.path.realpath(workspace))
    files: list[RuleFile] = []
    parts: list[Part] = []
    seen: dict[str, str] = {}
    left = RULE_BYTES
    for path, problem in _candidates(root):
        if problem is not None:
            files.append(RuleFile(path, 0, 0, 0, 0, problem))
            continue
        file, part = _read(root, path, seen, left)
        files.append(file)
        left -= file.used
        if part is not None:
            parts.append(part)
    return Rules(tuple(files), tuple(parts))


def _candidates(root: Path) -> Iterator[tuple[str, str | None]]:
    """Paths that are there, in order, relative to the workspace; with what speaks against one."""
    for pattern in PATTERNS:
        folder, _, name = pattern.rpartition("/")
        if not name.startswith("*"):
            if os.path.lexists(root / pattern):
                yield pattern, None
            continue
        for number, path in enumerate(_matching(root, folder, name.removeprefix("*")), start=1):
            is_over = number > FILES_A_PATTERN
            yield path, f"only {FILES_A_PATTERN} files of {pattern} are read" if is_over else None


def _matching(root: Path, folder: str, suffix: str) -> Sequence[str]:
    where = os.path.realpath(root / folder)
    if not _is_inside(where, root):
        return ()
    try:
        names = os.listdir(where)  # noqa: PTH208 -- pathlib would join each name first
    except OSError:
        return ()
    return [f"{folder}/{name}" for name in sorted(names) if name.endswith(suffix)]


def _read(root: Path, path: str, seen: dict[str, str], left: int) -> tuple[RuleFile, Part | None]:
    real = os.path.realpath(root / path)
    if not _is_inside(real, root):
        return RuleFile(path, 0, 0, 0, 0, "it lies outside the workspace"), None
    if real in seen:
        return RuleFile(path, 0, 0, 0, 0, f"it is the same file as {seen[real]}"), None
    try:
        content, size = _content(real)
    except OSError as error:
        return RuleFile(path, 0, 0, 0, 0, f"it cannot be read ({error.strerror})"), None
    seen[real] = path
    shown = cleaned(content.decode("utf-8-sig", "replace"))
    text = _FRONT_MATTER.sub("", shown.text, count=1) if "/rules/" in path else shown.text
    text = text.strip()
    if not text:
        return RuleFile(path, size, 0, 0, shown.removed), None
    cut = cut_to(text, left)
    unread = max(0, size - len(content))
    used = len(cut.text.encode("utf-8", "replace"))
    left_out = cut.left_out + unread
    file = RuleFile(path, size, used, left_out, shown.removed)
    more = (
        f"\n[{left_out:,} bytes more did not fit; read {path} before you rely on it]"
        if left_out
        else ""
    )
    said = between_marks("workspace_rules", path, cut.text.rstrip("\n") + more)
    return file, Part(f"rules:{path}", path, said, left_out)


def _content(real: str) -> tuple[bytes, int]:
    """The bytes of a plain file, at most `_MOST_READ`, and how many there are."""
    descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError(0, "it is no plain file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(_MOST_READ), facts.st_size
    finally:
        os.close(descriptor)


def _is_inside(real: str, root: Path) -> bool:
    return os.path.commonpath((real, root)) == str(root)


def _fate(file: RuleFile) -> str:
    if file.problem is not None:
        return f"left out: {file.problem}"
    if file.used == 0 and file.left_out == 0:
        return "empty"
    said = f"{file.used:,} bytes"
    if file.left_out:
        said = f"{said}, {file.left_out:,} did not fit"
    if file.hidden:
        said = f"{said}, {file.hidden:,} hidden characters removed"
    return said
