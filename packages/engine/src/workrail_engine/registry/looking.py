"""What lies in all the folders a workspace sees, and which of it is trusted?

One file is counted once, for the lowest source it is met in. A source that is not trusted comes last
in this: it cannot claim a file that a trusted source holds too.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from workrail_engine.errors import SourceUnavailableError
from workrail_engine.registry.discovery import (
    NO_STAMP,
    Fault,
    Findings,
    FoundFile,
    Stamp,
    discover,
    unseen,
)
from workrail_engine.registry.managed_places import findings_of, places, unreadable_list
from workrail_engine.registry.source_content import Contents, trust_in
from workrail_engine.registry.source_list import ANY_CONTENT, SourceList
from workrail_engine.registry.sources import Folders, Source, sources_for

Signature: TypeAlias = tuple[tuple[str, Stamp], ...]


@dataclass(frozen=True)
class Files:
    """What lies in the sources of a workspace, lowest source first."""

    found: tuple[FoundFile, ...]
    faults: tuple[Fault, ...]

    def signature(self) -> Signature:
        """Another value means that something changed."""
        added = dict.fromkeys(file.source for file in self.found if file.source.managed)
        return (
            *signature_of(self.found),
            *((f"{fault.path}: {fault.message}", NO_STAMP) for fault in self.faults),
            *((f"{each.managed}: {each.root} {each.trusted}", NO_STAMP) for each in added),
        )


def signature_of(found: Iterable[FoundFile]) -> Signature:
    """The state of some files: another value means that one of them changed."""
    return tuple((file.path, file.stamp) for file in found)


class Lookout:
    """Looks through the folders of workspaces. Safe to use from several threads."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._list = SourceList(folders.managed_sources)
        self._contents = Contents()

    def files(self, workspace: Path | None) -> Files:
        """Every file a workspace sees, and everything that could not be looked at."""
        absolute = workspace.absolute() if workspace is not None else None
        always, own = sources_for(self._folders, absolute)
        added, fault = self._added()
        findings = [*map(discover, always), *added, *map(discover, own)]
        seen: set[str] = set()
        counted: dict[int, list[FoundFile]] = {}
        for doubted in (False, True):
            for rank, each in enumerate(findings):
                if any(not file.source.trusted for file in each.files) == doubted:
                    counted[rank] = list(unseen(each, seen))
        return Files(
            tuple(file for rank in range(len(findings)) for file in counted[rank]),
            (*([fault] if fault else []), *(each for one in findings for each in one.faults)),
        )

    def sources(self, workspace: Path | None) -> tuple[Source, ...]:
        """Every source whose workflows may be started, lowest first."""
        always, own = sources_for(self._folders, workspace)
        added, _ = self._added()
        trusted = dict.fromkeys(
            file.source for findings in added for file in findings.files if file.source.trusted
        )
        return (*always, *trusted, *own)

    def _added(self) -> tuple[list[Findings], Fault | None]:
        try:
            records = self._list.read()
        except SourceUnavailableError as error:
            return [], unreadable_list(self._list.file, str(error))
        findings: list[Findings] = []
        for place in places(records, self._list.folder):
            found = findings_of(place)
            if place.record.trusted != ANY_CONTENT:
                manifest = self._contents.manifest(place.root, found.files)
                if trust_in(place.record, manifest) != "trusted":
                    found = _doubted(found)
            findings.append(found)
        return findings, None


def _doubted(findings: Findings) -> Findings:
    files = [replace(file, source=replace(file.source, trusted=False)) for file in findings.files]
    return Findings(files, findings.faults)
