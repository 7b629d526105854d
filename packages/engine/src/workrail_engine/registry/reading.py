"""What does a workflow file hold?

A file is read again only when its inode, times or size changed. Reading never fails: what is wrong
with a file is part of the answer, line by line.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from workrail_engine.projections.catalog import FileProblem
from workrail_engine.registry.discovery import MAX_FILE_BYTES, FoundFile, Stamp
from workrail_engine.registry.documents import (
    Document,
    Loaded,
    LocatedProblem,
    Rejected,
    load_definition,
)
from workrail_engine.registry.kept import Kept
from workrail_engine.workflow.definition import WorkflowDefinition
from workrail_engine.workflow.expand import Surroundings

_READINGS_KEPT = 5_000
_UNKNOWN = Surroundings()
_ESCAPED_ASCII = re.compile(rb"\\(u00|x|U000000)[2-7]")


@dataclass(frozen=True)
class Usable:
    """A definition without problems of its own; its templates and bindings may still have some."""

    definition: WorkflowDefinition
    id_line: int


@dataclass(frozen=True)
class Broken:
    """A file no definition can be had from, or none that may be used."""

    workflow_id: str | None
    problems: tuple[FileProblem, ...]
    about_steps: bool
    """Whether the file speaks of steps at all; if not, it may be meant for another program."""
    id_line: int | None = None
    slots: bool = False
    """Whether it has extension points, so that what the project binds to them counts."""


Reading: TypeAlias = Usable | Broken


@dataclass(frozen=True)
class ReadFile:
    """A file and what it holds."""

    found: FoundFile
    reading: Reading


class FileReader:
    """Reads files, each state of a file once. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: Kept[tuple[str, Stamp], Reading] = Kept(_READINGS_KEPT)

    def read_all(self, files: Iterable[FoundFile]) -> Iterator[ReadFile]:
        """Files with what they hold; those that have gone are left out."""
        for found in files:
            reading = self._kept.get((found.path, found.stamp))
            if reading is None:
                data = _bytes_of(found)
                if data is None:
                    continue
                reading = data if isinstance(data, Broken) else _reading(found, data)
                self._kept.put((found.path, found.stamp), reading)
            yield ReadFile(found, reading)

    def may_define(self, found: FoundFile, workflow_id: str) -> bool:
        """Whether a file could declare this id; told from its bytes, which is quick."""
        reading = self._kept.get((found.path, found.stamp))
        if reading is not None:
            return declared_id(reading) == workflow_id
        data = _bytes_of(found)
        if not isinstance(data, bytes):
            return False
        return workflow_id.encode() in data or _ESCAPED_ASCII.search(data) is not None


def broken_again(found: FoundFile, surroundings: Surroundings) -> Broken | None:
    """What is wrong with a broken file, given what lies around it; None when it has changed."""
    data = _bytes_of(found)
    if not isinstance(data, bytes):
        return data
    reading = _reading(found, data, surroundings)
    return reading if isinstance(reading, Broken) else None


def document_of(found: FoundFile) -> Document | None:
    """The document of a file, as it is now; None when it can no longer be read."""
    data = _bytes_of(found)
    try:
        return _loaded(found, data).document if isinstance(data, bytes) else None
    except UnicodeDecodeError:
        return None


def file_problems(problems: Iterable[LocatedProblem]) -> tuple[FileProblem, ...]:
    """Located problems as programs show them."""
    return tuple(
        FileProblem(each.line, each.pointer, each.message, each.expected, each.suggestion)
        for each in problems
    )


def declared_id(reading: Reading) -> str | None:
    """The workflow id a file declares, where it can be read that far."""
    return reading.definition.id if isinstance(reading, Usable) else reading.workflow_id


def _bytes_of(found: FoundFile) -> bytes | Broken | None:
    """The content of a file, or why there is none; None when it has gone."""
    try:
        with Path(found.path).open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _unreadable(f"cannot be read: {error.strerror}", about_steps=True)
    if len(data) > MAX_FILE_BYTES:
        return _unreadable(
            "is larger than 1 MB, the most a workflow file may have", about_steps=b"steps" in data
        )
    return data


def _reading(found: FoundFile, data: bytes, surroundings: Surroundings = _UNKNOWN) -> Reading:
    try:
        loaded = _loaded(found, data, surroundings)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        return _unreadable("is not UTF-8 text", about_steps=b"steps" in data, line=line)
    if isinstance(loaded, Loaded):
        return Usable(loaded.definition, loaded.document.line_of("/id"))
    problems, document = file_problems(loaded.problems), loaded.document
    if document is None or not isinstance(document.value, Mapping):
        return Broken(None, problems, about_steps=document is None and b"steps" in data)
    declared = document.value.get("id")
    return Broken(
        declared if isinstance(declared, str) else None,
        problems,
        about_steps="steps" in document.value,
        id_line=document.line_of("/id"),
        slots=bool(document.value.get("extensionPoints")),
    )


def _loaded(
    found: FoundFile, data: bytes, surroundings: Surroundings = _UNKNOWN
) -> Loaded | Rejected:
    """Raises UnicodeDecodeError where the bytes are not UTF-8."""
    yaml = not found.path.lower().endswith(".json")
    text = data.decode("utf-8")
    return load_definition(found.path, text, yaml=yaml, surroundings=surroundings)


def _unreadable(message: str, *, about_steps: bool, line: int | None = None) -> Broken:
    return Broken(None, (FileProblem(line, "", message),), about_steps)
