"""Which sources were added, and what was trusted of each? One small JSON file says it.

The file is replaced as a whole, under a lock that dies with its process. Reading takes no lock and
never touches the network. Two locks: `working` is held while a source is fetched, one at a time;
`changed` only while the file is rewritten.
"""

import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from workrail_engine.errors import SourceNotFoundError, SourceUnavailableError
from workrail_engine.projections.managed import AddedBy, SourceKind
from workrail_engine.registry.locked_files import locked, replace_file

ANY_CONTENT: Final = "any"
"""Trusted whatever it holds: a folder a person chose."""
Manifest: TypeAlias = Mapping[str, str]
"""SHA-256 of each workflow file, in hexadecimal, by its path in the source."""

_VERSION = 1
_FILE = "sources.json"
_WRITE_SECONDS = 10.0
_WORK_SECONDS = 90.0


@dataclass(frozen=True)
class SourceRecord:
    """What is written down of a source."""

    name: str
    kind: SourceKind
    location: str
    added_by: AddedBy
    added_at: str
    trusted: Literal["any"] | Manifest | None
    """The content a person trusts; None: none."""
    ref: str | None = None
    commit: str | None = None
    content: str | None = None
    """Digest of a repository's workflow files at `commit`."""
    synced_at: str | None = None


class SourceList:
    """The added sources of one installation, in the order they were added."""

    def __init__(self, folder: Path) -> None:
        """Keep the list in a folder, which is made with the first source."""
        self.folder = folder
        self._file = folder / _FILE

    @property
    def file(self) -> Path:
        """The file that holds the list."""
        return self._file

    def read(self) -> tuple[SourceRecord, ...]:
        """Every source; none where none was ever added.

        Raises:
            SourceUnavailableError: the file is there and cannot be understood.
        """
        try:
            data = self._file.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise self._unreadable(error.strerror or "unreadable") from error
        try:
            content = _File.model_validate_json(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            why = f"{place or 'the file'}: {first['msg']}"
            raise self._unreadable(why) from error
        return tuple(_record(entry) for entry in content.sources)

    def find(self, name: str) -> SourceRecord:
        """One source.

        Raises:
            SourceNotFoundError: there is none of this name.
            SourceUnavailableError: the list cannot be read.
        """
        records = self.read()
        for record in records:
            if record.name == name:
                return record
        names = ", ".join(record.name for record in records)
        there = f"There are: {names}" if names else "None was added yet"
        message = f'There is no added source "{name}". {there}; `workrail source list` shows them.'
        raise SourceNotFoundError(message)

    @contextmanager
    def working(self) -> Generator[None]:
        """Be the only one who fetches, removes or trusts.

        Raises:
            SourceUnavailableError: another process kept at it, or the folder cannot be written.
        """
        with self._explained():
            for folder in (self.folder.parent, self.folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self.folder / "work.lock", _WORK_SECONDS):
                yield

    def change(
        self, change: Callable[[tuple[SourceRecord, ...]], tuple[SourceRecord, ...]]
    ) -> None:
        """Replace the list by what `change` makes of it; only while `working`.

        Raises:
            SourceUnavailableError: it cannot be read or written; it is as it was.
        """
        with self._explained(), locked(self.folder / "list.lock", _WRITE_SECONDS):
            entries = [_entry(record) for record in change(self.read())]
            content = _File(version=_VERSION, sources=entries)
            data = json.dumps(content.model_dump(mode="json", exclude_none=True), indent=1)
            replace_file(self._file, data.encode() + b"\n")

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            message = (
                f"{self.folder}: the sources cannot be kept there: {error.strerror}. Nothing was "
                "changed; make the folder writable, or name another home with WORKRAIL_HOME."
            )
            raise SourceUnavailableError(message) from error

    def _unreadable(self, why: str) -> SourceUnavailableError:
        return SourceUnavailableError(
            f"{self._file}: the list of added sources cannot be read ({why}), so none of them is "
            "used. Mend the file, or move it away and add the sources again with "
            "`workrail source add`."
        )


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    kind: SourceKind
    location: str
    added_by: AddedBy
    added_at: str
    trusted: Literal["any"] | dict[str, str] | None = None
    ref: str | None = None
    commit: str | None = None
    content: str | None = None
    synced_at: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: Literal[1]
    sources: list[_Entry]


def _record(entry: _Entry) -> SourceRecord:
    return SourceRecord(
        name=entry.name,
        kind=entry.kind,
        location=entry.location,
        added_by=entry.added_by,
        added_at=entry.added_at,
        trusted=entry.trusted,
        ref=entry.ref,
        commit=entry.commit,
        content=entry.content,
        synced_at=entry.synced_at,
    )


def _entry(record: SourceRecord) -> _Entry:
    trusted = record.trusted
    return _Entry(
        name=record.name,
        kind=record.kind,
        location=record.location,
        added_by=record.added_by,
        added_at=record.added_at,
        trusted=dict(trusted) if isinstance(trusted, Mapping) else trusted,
        ref=record.ref,
        commit=record.commit,
        content=record.content,
        synced_at=record.synced_at,
    )
