"""What happens when a source is added, listed, brought up to date or removed?

Listing never touches the network. What changes anything is done by one process at a time, and the
list is rewritten only after the files are there, so that a process killed at any moment leaves the
old content in use. What it left half done is swept away by the next one.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from workrail_engine.canonical import digest
from workrail_engine.errors import (
    InvalidSourceError,
    SourceNotFoundError,
    SourceUnavailableError,
)
from workrail_engine.git_command import DEFAULT_SECONDS, Stopped, never
from workrail_engine.ports import Clock
from workrail_engine.projections.managed import (
    AddedBy,
    FileChanges,
    ManagedSource,
    SourceAdded,
    SourceSynced,
    SourceUnreached,
    SyncOutcome,
)
from workrail_engine.registry.git_source import Remote, fetch_commit, newest_commit, sweep
from workrail_engine.registry.managed_places import findings_of, place_of
from workrail_engine.registry.source_address import (
    Address,
    checked_name,
    checked_ref,
    name_for,
    read_address,
)
from workrail_engine.registry.source_content import Contents, changes_between, trust_in
from workrail_engine.registry.source_list import ANY_CONTENT, Manifest, SourceList, SourceRecord

Told: TypeAlias = Callable[[str], None]
"""Told what is being done, in a few words, before it is done."""


@dataclass(frozen=True)
class SourceRequest:
    """A source to be added."""

    address: str
    """A folder, or the address of a repository."""
    base: Path
    """The folder that relative paths start from."""
    added_by: AddedBy
    """What a person adds as a folder is trusted; anything else is not."""
    name: str | None = None
    """Made from the address when left out."""
    ref: str | None = None
    """A branch, tag or commit of a repository."""
    seconds: float = DEFAULT_SECONDS
    """How long git may take for one request."""


@dataclass(frozen=True)
class _Asking:
    """How long and how willingly one waits for git."""

    seconds: float
    stopped: Stopped

    def of(self, record: SourceRecord) -> Remote:
        return Remote(record.location, record.ref, self.seconds, self.stopped)


class ManagedSources:
    """The added sources of one installation."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Keep the list, and what is fetched, in a folder."""
        self.list = SourceList(folder)
        self._clock = clock
        self._contents = Contents()

    def all(self) -> tuple[ManagedSource, ...]:
        """Every added source, in the order they were added.

        Raises:
            SourceUnavailableError: the list cannot be read.
        """
        return tuple(self.view(record) for record in self.list.read())

    def add(
        self, request: SourceRequest, told: Told | None = None, stopped: Stopped = never
    ) -> SourceAdded:
        """Add a source; one that is there already is left as it is.

        Args:
            request: what to add.
            told: told what is being done.
            stopped: whether nobody wants it any more; what was begun is then undone.

        Raises:
            InvalidSourceError: the address, the ref or the name cannot be used.
            SourceUnavailableError: the repository cannot be reached, or nothing can be written.
        """
        ref = checked_ref(request.ref)
        address = read_address(request.address, request.base, ref)
        name = checked_name(request.name) if request.name is not None else name_for(address)
        with self.list.working():
            known = self._known(address, ref, name)
            if known is not None:
                return SourceAdded(self.view(known), already=True)
            record = self._new(request, address, name, told, stopped)
            self.list.change(lambda records: (*records, record))
        return SourceAdded(self.view(record), already=False)

    def sync(
        self,
        name: str | None,
        seconds: float = DEFAULT_SECONDS,
        told: Told | None = None,
        stopped: Stopped = never,
    ) -> tuple[SyncOutcome, ...]:
        """Bring one source, or every one, up to date; those that cannot be reached stay as they are.

        Args:
            name: of the source; every one when None.
            seconds: how long git may take for one request.
            told: told what is being done.
            stopped: whether nobody wants it any more; the rest then stays as it is.

        Raises:
            SourceNotFoundError: no source has this name.
            SourceUnavailableError: the list cannot be read or written.
        """
        if name is not None:
            return (self._sync(name, _Asking(seconds, stopped), told),)
        outcomes: list[SyncOutcome] = []
        for record in self.list.read():
            if stopped():
                break
            with suppress(SourceNotFoundError):  # removed by another process meanwhile
                outcomes.append(self._sync(record.name, _Asking(seconds, stopped), told))
        return tuple(outcomes)

    def newest(self, name: str, seconds: float = DEFAULT_SECONDS) -> str:
        """The commit a sync would fetch now; nothing is fetched and nothing changed.

        Args:
            name: of a repository.
            seconds: how long git may take.

        Raises:
            SourceNotFoundError: no source has this name.
            SourceUnavailableError: it cannot be reached, or the list cannot be read.
        """
        record = self.list.find(name)
        return newest_commit(Remote(record.location, record.ref, seconds), self.list.folder)

    def remove(self, name: str) -> ManagedSource:
        """Take a source out of the list, and what was fetched of it off the disk.

        A folder itself is never touched. Sessions keep the workflows they run.

        Raises:
            SourceNotFoundError: no source has this name.
            SourceUnavailableError: the list cannot be read or written.
        """
        with self.list.working():
            gone = self.view(self.list.find(name))
            self.list.change(lambda records: tuple(one for one in records if one.name != name))
            self._sweep_away(name)
        return gone

    def view(self, record: SourceRecord) -> ManagedSource:
        """A source as it is now."""
        place = place_of(record, self.list.folder)
        findings = findings_of(place)
        manifest = self._contents.manifest(place.root, findings.files)
        trust = trust_in(record, manifest)
        before = record.trusted if trust == "changed" else None
        changes = FileChanges()
        if before is not None and before != ANY_CONTENT:
            changes = changes_between(before, manifest)
        problem = None
        if not place.root.is_dir() and findings.faults:
            problem = f"{findings.faults[0].path} {findings.faults[0].message}"
        return ManagedSource(
            name=record.name,
            kind=record.kind,
            location=record.location,
            path=str(place.root),
            ref=record.ref,
            commit=record.commit,
            added_by=record.added_by,
            added_at=record.added_at,
            synced_at=record.synced_at,
            trust=trust,
            digest=digest(dict(manifest)),
            files=len(manifest),
            since_trusted=changes,
            problem=problem,
        )

    def manifest(self, record: SourceRecord) -> Manifest:
        """The workflow files of a source, with their hashes."""
        place = place_of(record, self.list.folder)
        return self._contents.manifest(place.root, findings_of(place).files)

    def _known(self, address: Address, ref: str | None, name: str) -> SourceRecord | None:
        records = self.list.read()
        for record in records:
            if (record.kind, record.location, record.ref) == (address.kind, address.location, ref):
                return record
        if any(record.name == name for record in records):
            message = (
                f'name: there is a source "{name}" already, and it is another one. Give this one a '
                "name of its own (--name on the command line)."
            )
            raise InvalidSourceError(message)
        return None

    def _new(
        self,
        request: SourceRequest,
        address: Address,
        name: str,
        told: Told | None,
        stopped: Stopped,
    ) -> SourceRecord:
        record = SourceRecord(
            name=name,
            kind=address.kind,
            location=address.location,
            added_by=request.added_by,
            added_at=self._now(),
            trusted=None,
            ref=request.ref,
        )
        if address.kind == "folder":
            return replace(record, trusted=ANY_CONTENT if request.added_by == "person" else None)
        self._sweep_away(name)  # what an addition that was killed left behind
        if told is not None:
            told(f"Fetching {address.location}")
        try:
            return self._fetched(record, _Asking(request.seconds, stopped))
        except SourceUnavailableError as error:
            self._sweep_away(name)
            message = (
                f"{address.location} could not be fetched: {error}. Nothing was added; check the "
                "address and your access (`git ls-remote` with it), then try again."
            )
            raise SourceUnavailableError(message) from error

    def _sync(self, name: str, asking: "_Asking", told: Told | None) -> SyncOutcome:
        with self.list.working():
            record = self.list.find(name)  # read again: another process may have been here first
            if record.kind == "folder":
                view = self.view(record)
                if view.problem is not None:
                    return SourceUnreached(view, view.problem)
                return SourceSynced(view, None, FileChanges())
            if told is not None:
                told(f"Fetching {name}")
            before = self.manifest(record)
            try:
                fetched = self._up_to_date(record, asking, before)
            except SourceUnavailableError as error:
                return SourceUnreached(self.view(record), str(error))
            self.list.change(
                lambda records: tuple(fetched if one.name == name else one for one in records)
            )
            sweep(self.list.folder / name, (record.commit, fetched.commit))
        view = self.view(fetched)
        return SourceSynced(view, record.commit, changes_between(before, self.manifest(fetched)))

    def _up_to_date(
        self, record: SourceRecord, asking: "_Asking", manifest: Manifest
    ) -> SourceRecord:
        remote = asking.of(record)
        newest = newest_commit(remote, self.list.folder)
        if newest == record.commit and digest(dict(manifest)) == record.content:
            return replace(record, synced_at=self._now())
        return self._fetched(record, asking)

    def _fetched(self, record: SourceRecord, asking: "_Asking") -> SourceRecord:
        shelf = self.list.folder / record.name
        try:
            commit = fetch_commit(asking.of(record), shelf)
        except OSError as error:
            message = f"its files cannot be written to {shelf} ({error.strerror})"
            raise SourceUnavailableError(message) from error
        fetched = replace(record, commit=commit, synced_at=self._now())
        return replace(fetched, content=digest(dict(self.manifest(fetched))))

    def _sweep_away(self, name: str) -> None:
        shelf = self.list.folder / name
        sweep(shelf, ())
        if shelf.is_dir():
            shelf.rmdir()

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")
