"""Which sources were added, may their workflows be started, and what came of a change to them?

Plain values the registry fills and the programs present. Commits are full object names, times
RFC 3339 in UTC, files paths relative to the source.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

SourceKind: TypeAlias = Literal["folder", "git"]
AddedBy: TypeAlias = Literal["person", "agent"]
Trust: TypeAlias = Literal["trusted", "untrusted", "changed"]
"""`changed`: other content than this was trusted, so this is not."""


@dataclass(frozen=True)
class FileChanges:
    """How the workflow files of a source differ from what they were; all in path order."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def lines(self) -> tuple[str, ...]:
        """One line a file."""
        return (
            *(f"added {path}" for path in self.added),
            *(f"changed {path}" for path in self.changed),
            *(f"removed {path}" for path in self.removed),
        )


@dataclass(frozen=True)
class ManagedSource:
    """A source somebody added, as it is now."""

    name: str
    kind: SourceKind
    location: str
    """An absolute path, or the address of a repository."""
    path: str
    """The folder on this machine its workflow files lie in."""
    ref: str | None
    """The branch, tag or commit asked for; None: what the repository's HEAD names."""
    commit: str | None
    """The commit its workflows come from; None for a folder."""
    added_by: AddedBy
    added_at: str
    synced_at: str | None
    """When its content was last fetched; None for a folder."""
    trust: Trust
    digest: str
    """`sha256:` and 64 hex digits, over the paths and bytes of its workflow files."""
    files: int
    since_trusted: FileChanges
    """What differs from the content that was trusted; nothing unless `trust` is `changed`."""
    problem: str | None = None
    """Why nothing can be found in it now."""


@dataclass(frozen=True)
class SourceAdded:
    """A source is in the list."""

    source: ManagedSource
    already: bool
    """It was there before; nothing was changed."""


@dataclass(frozen=True)
class SourceSynced:
    """A source was reached; a folder is read as it is and needs no more than to be there."""

    source: ManagedSource
    before: str | None
    """The commit it had before."""
    changes: FileChanges


@dataclass(frozen=True)
class SourceUnreached:
    """A source could not be reached; what was fetched before is still used."""

    source: ManagedSource
    reason: str


SyncOutcome: TypeAlias = SourceSynced | SourceUnreached
