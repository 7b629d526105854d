"""Which workflow files lie in a folder?

Links are never followed out of the folder, dot-folders are not entered, and nothing that cannot be
read stops the search: it becomes a fault of its own.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from workrail_engine.registry.sources import Source

SUFFIXES = (".json", ".yaml", ".yml")
CASE_SUFFIXES = (".tests.yaml", ".tests.yml", ".tests.json")
"""How files end that test the workflow they lie beside."""
MAX_FILES = 5_000
MAX_FILE_BYTES = 1_048_576
"""The most a workflow file may have."""
_UNLISTED_FOLDERS = frozenset({"examples", "internal"})
_ROUTINE_FOLDER = "routines"

Stamp: TypeAlias = tuple[int, int, int, int]
"""Inode, change time, modification time and size: another value means read it again."""
NO_STAMP: Stamp = (0, 0, 0, 0)


@dataclass(frozen=True)
class FoundFile:
    """A file that may hold a workflow."""

    path: str
    real: str
    """The path with every link resolved, so that one file is never counted twice."""
    stamp: Stamp
    source: Source
    listed: bool
    """False in `examples` and `internal`: found by id only."""
    routine: bool


@dataclass(frozen=True)
class Fault:
    """Something in a folder that could not be used at all."""

    path: str
    source: Source
    message: str


@dataclass
class Findings:
    """What one folder holds."""

    files: list[FoundFile] = field(default_factory=list[FoundFile])
    faults: list[Fault] = field(default_factory=list[Fault])


def discover(source: Source) -> Findings:
    """Every workflow file below a source's folder, in path order; none where there is no folder."""
    findings = Findings()
    walk = _Walk(source, os.path.realpath(source.root), findings)
    if Path(walk.root).is_dir():
        walk.folder(str(source.root), walk.root, ())
    elif Path(walk.root).exists():
        walk.blame(str(source.root), "is not a folder, so no workflows are found there")
    elif source.absence is not None:
        walk.blame(str(source.root), source.absence)
    return findings


def is_workflow_name(name: str) -> bool:
    """Whether a file of this name may hold a workflow."""
    low = name.lower()
    return low.endswith(SUFFIXES) and not low.endswith(CASE_SUFFIXES) and not name.startswith(".")


def found_file(path: Path, source: Source) -> FoundFile:
    """A single file named by a person, wherever it lies.

    Raises:
        OSError: it cannot be reached.
    """
    return FoundFile(
        path=str(path),
        real=os.path.realpath(path),
        stamp=_stamp(path.stat()),
        source=source,
        listed=True,
        routine=_ROUTINE_FOLDER in path.absolute().parent.parts[-1:],
    )


def stamp_of(path: Path) -> Stamp:
    """The state of a file by its path; zeros where there is none."""
    try:
        return _stamp(path.stat())
    except OSError:
        return NO_STAMP


def unseen(findings: Findings, seen: set[str]) -> Iterator[FoundFile]:
    """The files not met before; adds them to `seen`."""
    for file in findings.files:
        if file.real not in seen:
            seen.add(file.real)
            yield file


@dataclass
class _Walk:
    source: Source
    root: str
    findings: Findings
    full: bool = False

    def folder(self, path: str, real: str, parts: tuple[str, ...]) -> None:
        try:
            with os.scandir(real) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self.blame(path, f"cannot be read: {_reason(error)}")
            return
        for entry in found:
            if self.full:
                return
            if not entry.name.startswith("."):
                self._entry(entry, f"{path}{os.sep}{entry.name}", real, parts)

    def blame(self, path: str, what: str) -> None:
        self.findings.faults.append(Fault(path, self.source, what))

    def _entry(
        self, entry: "os.DirEntry[str]", path: str, real: str, parts: tuple[str, ...]
    ) -> None:
        try:
            if entry.is_symlink():
                self._link(path, parts)
            elif entry.is_dir(follow_symlinks=False):
                self.folder(path, f"{real}{os.sep}{entry.name}", (*parts, entry.name))
            elif is_workflow_name(entry.name):
                facts = entry.stat(follow_symlinks=False)
                self._file(path, f"{real}{os.sep}{entry.name}", facts, parts)
        except FileNotFoundError:
            return  # removed while we looked: it is simply not there
        except OSError as error:
            self.blame(path, f"cannot be read: {_reason(error)}")

    def _link(self, path: str, parts: tuple[str, ...]) -> None:
        target = Path(os.path.realpath(path))
        named = is_workflow_name(path.rpartition(os.sep)[2])
        if not target.exists():
            if named:
                self.blame(path, "is a link that leads nowhere. Remove it or mend its target")
        elif not named and not target.is_dir():
            return
        elif not target.is_relative_to(self.root):
            self.blame(
                path,
                "is a link that leads out of its folder, which is not followed. "
                "Copy what it names to here",
            )
        elif not target.is_dir():
            self._file(path, str(target), target.stat(), parts)

    def _file(self, path: str, real: str, facts: os.stat_result, parts: tuple[str, ...]) -> None:
        if not stat.S_ISREG(facts.st_mode):
            self.blame(path, "is not an ordinary file")
            return
        if len(self.findings.files) == MAX_FILES:
            self.full = True
            self.blame(
                path,
                f"and what comes after it is not looked at: the folder holds more than {MAX_FILES} "
                "workflow files. Keep workflows in a folder of their own",
            )
            return
        self.findings.files.append(
            FoundFile(
                path=path,
                real=real,
                stamp=_stamp(facts),
                source=self.source,
                listed=_UNLISTED_FOLDERS.isdisjoint(parts),
                routine=_ROUTINE_FOLDER in parts,
            )
        )


def _stamp(facts: os.stat_result) -> Stamp:
    return (facts.st_ino, facts.st_ctime_ns, facts.st_mtime_ns, facts.st_size)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
