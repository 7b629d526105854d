"""Which files of git does a workspace have, and what of them has to be kept from being written?

Whoever can write a hook, or the configuration of a repository, has a program run later by whoever
uses git there: outside the sandbox. A worktree's repository lies outside the workspace; it is shown
only when it knows of that worktree, as the file `.git` in a workspace may say anything.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CREDENTIAL_LINE: Final = re.compile(
    r"^\s*(?:extraheader|helper|password|token|oauth\w*)\s*=", re.IGNORECASE
)
_IN_ADDRESS: Final = re.compile(r"(://)[^/\s@]+@")
_LEADS_TO: Final = re.compile(r"^\s*(hooksPath|path)\s*=\s*(.+?)\s*$", re.IGNORECASE)
_LEADING: Final = ("commondir", "config.worktree")
_MOST_READ: Final = 64 * 1024


@dataclass(frozen=True)
class Repository:
    """The files of git a workspace needs."""

    entry: Path
    """`.git`: the folder, or the file that names it."""
    folder: Path
    """What belongs to this worktree alone."""
    shared: Path
    """What all worktrees share; the same as `folder` where there is one."""

    @property
    def places(self) -> tuple[Path, ...]:
        """Each once, what lies above others first."""
        return tuple(sorted({self.entry, self.folder, self.shared}))

    @property
    def never_written(self) -> tuple[Path, ...]:
        """What is there of that which says what programs git runs, for this worktree and others."""
        named = ("hooks", "worktrees", "modules", "commondir", "config.worktree")
        found = [self.shared / name for name in named]
        found += [self.folder / name for name in ("commondir", "gitdir", "config.worktree")]
        return tuple(dict.fromkeys(each for each in found if each.exists() and _is_real(each)))

    @property
    def must_not_appear(self) -> tuple[Path, ...]:
        """Files that would lead git elsewhere, and are not there."""
        found = [place / name for place in (self.shared, self.folder) for name in _LEADING]
        return tuple(dict.fromkeys(each for each in found if not os.path.lexists(each)))

    @property
    def led_to(self) -> tuple[Path, ...]:
        """Folders of hooks and further configurations that are files of the worktree itself."""
        found: list[Path] = []
        worktree = self.entry.parent.resolve()
        for file in self.configurations:
            section = ""
            for line in _text(file).splitlines():
                section = line.strip().lower() if line.lstrip().startswith("[") else section
                match = _LEADS_TO.match(line)
                if match is None or (match[1].lower() == "path" and "[include" not in section):
                    continue
                from_where = worktree if match[1].lower() == "hookspath" else file.parent
                place = (from_where / match[2].strip('"')).resolve()
                if worktree in place.parents and place.exists():
                    found.append(place)
        return tuple(dict.fromkeys(found))

    @property
    def configurations(self) -> tuple[Path, ...]:
        """The files that say how git behaves, and what programs it runs."""
        found = [self.shared / "config", self.shared / "config.worktree"]
        found += sorted(self.shared.glob("worktrees/*/config.worktree"))
        found += sorted(self.shared.glob("modules/**/config"))
        return tuple(dict.fromkeys(each for each in found if each.is_file() and _is_real(each)))


def repository_of(workspace: Path, homes: Sequence[Path]) -> Repository | None:
    """The repository a folder is part of; None: none that can be shown.

    One whose worktree is a home itself, or holds it, is nobody's project: it is not shown.
    """
    for folder in (workspace, *workspace.parents):
        if folder == folder.parent or any(home.is_relative_to(folder) for home in homes):
            return None
        entry = folder / ".git"
        if entry.is_symlink():
            return None
        if entry.is_dir():
            real = folder.resolve() / ".git"
            return Repository(real, real, real) if _is_repository(real) else None
        if entry.is_file():
            return _elsewhere(entry)
    return None


def without_credentials(configuration: str) -> str | None:
    """A configuration without what opens other people's doors; None: there is nothing of it."""
    kept: list[str] = []
    for line in configuration.splitlines(keepends=True):
        if _CREDENTIAL_LINE.search(line):
            kept.append("\t# left out by worktrain: it may be a credential\n")
        else:
            kept.append(_IN_ADDRESS.sub(r"\1", line))
    changed = "".join(kept)
    return changed if changed != configuration else None


def _elsewhere(entry: Path) -> Repository | None:
    named = _line(entry).removeprefix("gitdir:").strip()
    folder = (entry.parent / named).resolve()
    if not named or not (folder / "HEAD").is_file():
        return None
    if (folder / "commondir").is_file():
        shared = (folder / _line(folder / "commondir")).resolve()
        knows = Path(_line(folder / "gitdir") or "/").resolve() == entry.resolve()
        inside = folder.parent == shared / "worktrees"
        return (
            Repository(entry, folder, shared)
            if knows and inside and _is_repository(shared)
            else None
        )
    # A submodule: its own configuration names the folder it is checked out in.
    match = re.search(r"^\s*worktree\s*=\s*(.+?)\s*$", _text(folder / "config"), re.MULTILINE)
    knows = match is not None and (folder / match[1]).resolve() == entry.parent.resolve()
    return Repository(entry, folder, folder) if knows and _is_repository(folder) else None


def _is_real(path: Path) -> bool:
    """Whether no link is on the way: an agent may have made it lead anywhere."""
    return path.resolve() == path


def _is_repository(folder: Path) -> bool:
    return (folder / "HEAD").is_file() and (folder / "objects").is_dir()


def _line(file: Path) -> str:
    return _text(file).strip()


def _text(file: Path) -> str:
    try:
        with file.open(encoding="utf-8", errors="surrogateescape") as opened:
            return opened.read(_MOST_READ)
    except OSError:
        return ""
