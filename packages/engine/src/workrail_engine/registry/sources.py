"""Where are workflow files looked for, and which place wins?

From low to high: the bundled library, the user's folder, then two folders of the project. A later
source replaces an earlier one on equal id, except for `wr.` ids, which only the bundled library may
define.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from workrail_engine.projections.catalog import SourceName

RESERVED_PREFIX = "wr."
BINDINGS_FILE = Path(".workrail") / "bindings.json"


class Folders(Protocol):
    """The folders that do not depend on a workspace; either may be absent from the disk."""

    @property
    def bundled_dir(self) -> Path:
        """The workflows that come with the product."""
        ...

    @property
    def user_workflows(self) -> Path:
        """The user's own workflows."""
        ...


@dataclass(frozen=True)
class Source:
    """One folder workflows are found in."""

    name: SourceName
    root: Path
    shared: bool = False
    """Whether other programs keep files there too, so that not every file is meant for us."""


def sources_for(folders: Folders, workspace: Path | None) -> tuple[Source, ...]:
    """The sources a workspace sees, lowest first."""
    always = (Source("bundled", folders.bundled_dir), Source("user", folders.user_workflows))
    if workspace is None:
        return always
    return (
        *always,
        Source("project", workspace / "workflows", shared=True),
        Source("project", workspace / ".workrail" / "workflows"),
    )


def is_reserved(workflow_id: str, source: SourceName) -> bool:
    """Whether a file of this source may not define this id."""
    return source != "bundled" and workflow_id.startswith(RESERVED_PREFIX)
