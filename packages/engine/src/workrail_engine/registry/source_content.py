"""What do the workflow files of a source hold, and is it what a person trusted?

Content is compared by the SHA-256 of each file; the digest of a source covers paths and bytes. Files
are hashed again only when one of them changed.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from workrail_engine.projections.managed import FileChanges, Trust
from workrail_engine.registry.discovery import MAX_FILE_BYTES, FoundFile, Stamp
from workrail_engine.registry.kept import Kept
from workrail_engine.registry.source_list import ANY_CONTENT, Manifest, SourceRecord

_MANIFESTS_KEPT = 64
_Signature: TypeAlias = tuple[tuple[str, Stamp], ...]


class Contents:
    """The manifests of sources. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: Kept[tuple[str, _Signature], Manifest] = Kept(_MANIFESTS_KEPT)

    def manifest(self, root: Path, files: Sequence[FoundFile]) -> Manifest:
        """The files of a source, found below a root; those that have gone are left out."""
        key = (str(root), tuple((file.path, file.stamp) for file in files))
        known = self._kept.get(key)
        if known is not None:
            return known
        hashes = {_relative(file, root): _hash(file) for file in files}
        return self._kept.put(key, {path: found for path, found in hashes.items() if found})


def trust_in(record: SourceRecord, manifest: Manifest) -> Trust:
    """Whether a person trusts a source with this content."""
    if record.trusted is None:
        return "untrusted"
    if record.trusted in (ANY_CONTENT, manifest):
        return "trusted"
    return "changed"


def changes_between(before: Manifest, after: Manifest) -> FileChanges:
    """How the files differ."""
    return FileChanges(
        added=tuple(sorted(after.keys() - before.keys())),
        changed=tuple(
            sorted(path for path in after.keys() & before.keys() if after[path] != before[path])
        ),
        removed=tuple(sorted(before.keys() - after.keys())),
    )


def _relative(file: FoundFile, root: Path) -> str:
    """The path below the root; names that are no text are written with escapes."""
    path = os.path.relpath(file.path, root)
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _hash(file: FoundFile) -> str | None:
    """The hash of as much of a file as is ever read; of nothing where it cannot be read."""
    try:
        with Path(file.path).open("rb") as stream:
            return hashlib.sha256(stream.read(MAX_FILE_BYTES + 1)).hexdigest()
    except FileNotFoundError:
        return None
    except OSError:
        return hashlib.sha256(b"").hexdigest()
