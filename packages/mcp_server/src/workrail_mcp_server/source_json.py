"""Which JSON do `workrail source` and `workrail trust` print?

The shapes are part of the command line's promise: fields are added, never renamed or removed.
"""

from typing import assert_never

from workrail_engine.canonical import JsonObject
from workrail_engine.projections.managed import (
    FileChanges,
    ManagedSource,
    SourceSynced,
    SourceUnreached,
    SyncOutcome,
)


def source_json(source: ManagedSource) -> JsonObject:
    """A source as it is now."""
    return {
        "name": source.name,
        "kind": source.kind,
        "location": source.location,
        "path": source.path,
        "ref": source.ref,
        "commit": source.commit,
        "addedBy": source.added_by,
        "addedAt": source.added_at,
        "syncedAt": source.synced_at,
        "trust": source.trust,
        "digest": source.digest,
        "files": source.files,
        "sinceTrusted": changes_json(source.since_trusted),
        "problem": source.problem,
    }


def changes_json(changes: FileChanges) -> JsonObject:
    """How files differ."""
    return {"added": changes.added, "changed": changes.changed, "removed": changes.removed}


def sync_json(outcome: SyncOutcome) -> JsonObject:
    """What came of bringing a source up to date."""
    match outcome:
        case SourceSynced(source, before, changes):
            reached, reason = True, None
        case SourceUnreached(source, reason):
            reached, before, changes = False, source.commit, FileChanges()
        case _:
            assert_never(outcome)
    return {
        "source": source_json(source),
        "reached": reached,
        "reason": reason,
        "before": before,
        "changes": changes_json(changes),
    }
