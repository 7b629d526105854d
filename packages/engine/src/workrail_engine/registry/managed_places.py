"""Where do the workflows of the added sources lie?

Added folders come before repositories, each in the order they were added; the later one wins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workrail_engine.registry.discovery import Fault, Findings, discover
from workrail_engine.registry.git_source import WORKFLOW_FOLDERS
from workrail_engine.registry.source_list import SourceRecord
from workrail_engine.registry.sources import Source


@dataclass(frozen=True)
class Place:
    """An added source and the folders to look into, lowest first."""

    record: SourceRecord
    root: Path
    """What the paths of its manifest are relative to."""
    sources: tuple[Source, ...]


def places(records: Sequence[SourceRecord], shelves: Path) -> tuple[Place, ...]:
    """Every added source, lowest first; `shelves` is the folder that holds fetched files."""
    ordered = sorted(records, key=lambda record: record.kind == "git")
    return tuple(place_of(record, shelves) for record in ordered)


def place_of(record: SourceRecord, shelves: Path) -> Place:
    """Where one source lies."""
    if record.kind == "folder":
        root = Path(record.location)
        absence = (
            f"is not there. It is the source {record.name}; put the folder back, or run "
            f"`workrail source remove {record.name}`"
        )
        return Place(record, root, (Source("managed", root, managed=record.name, absence=absence),))
    root = shelves / record.name / (record.commit or "none")
    absence = (
        f"is not there. It holds the source {record.name}; run `workrail source sync {record.name}`"
    )
    inside = [root / folder for folder in WORKFLOW_FOLDERS if (root / folder).is_dir()]
    return Place(
        record,
        root,
        tuple(
            Source("git", folder, shared=True, managed=record.name, absence=absence)
            for folder in inside or [root]
        ),
    )


def findings_of(place: Place) -> Findings:
    """Everything that lies in a source."""
    found = [discover(source) for source in place.sources]
    return Findings(
        [file for findings in found for file in findings.files],
        [fault for findings in found for fault in findings.faults],
    )


def unreadable_list(path: Path, message: str) -> Fault:
    """What is listed while nobody can tell which sources were added."""
    return Fault(str(path), Source("managed", path.parent), message)
