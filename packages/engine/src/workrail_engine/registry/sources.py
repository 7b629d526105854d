"""Where are workflow files looked for, and which place wins?

From low to high: the bundled library, the user's folder, folders and then repositories that were
added, then two folders of the project. A later source replaces an earlier one on equal id, except
for `wr.` ids, which only the bundled library may define.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workrail_engine.projections.catalog import SourceName

RESERVED_PREFIX = "wr."
BINDINGS_FILE = Path(".workrail") / "bindings.json"
RESERVED_MESSAGE = (
    "begins with `wr.`; such ids belong to the bundled library, so this file is not used. "
    "Give the workflow an id of its own"
)
_NO_LIBRARY = (
    "is not there, so the workflows that come with the product are missing. Name their folder with "
    "WORKRAIL_BUNDLED_DIR, or unset it to use the library of the installation"
)


class Folders(Protocol):
    """The folders that do not depend on a workspace."""

    @property
    def bundled_dir(self) -> Path:
        """The workflows that come with the product."""
        ...

    @property
    def user_workflows(self) -> Path:
        """The user's own workflows; may be absent from the disk."""
        ...

    @property
    def managed_sources(self) -> Path:
        """The list of added sources and what was fetched of them; may be absent from the disk."""
        ...

    @property
    def keys(self) -> Path:
        """The keys of this installation; may be absent from the disk."""
        ...


@dataclass(frozen=True)
class Source:
    """One folder workflows are found in."""

    name: SourceName
    root: Path
    shared: bool = False
    """Whether other programs keep files there too, so that not every file is meant for us."""
    managed: str | None = None
    """The name of the added source it belongs to."""
    trusted: bool = True
    """Whether its workflows may be started."""
    absence: str | None = None
    """What to say when the folder is not there; None: it need not be."""


def sources_for(
    folders: Folders, workspace: Path | None
) -> tuple[tuple[Source, ...], tuple[Source, ...]]:
    """The sources below and above the added ones, each lowest first."""
    always = (
        Source("bundled", folders.bundled_dir, absence=_NO_LIBRARY),
        Source("user", folders.user_workflows),
    )
    if workspace is None:
        return always, ()
    own = (
        Source("project", workspace / "workflows", shared=True),
        Source("project", workspace / ".workrail" / "workflows"),
    )
    return always, own


def is_reserved(workflow_id: str, source: SourceName) -> bool:
    """Whether a file of this source may not define this id."""
    return source != "bundled" and workflow_id.startswith(RESERVED_PREFIX)
