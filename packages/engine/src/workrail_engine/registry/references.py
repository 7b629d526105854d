"""Where on this machine do the documents of a workflow lie?

A source is a path below the workspace, or below the folder the workflow came from. One that leads
out of there is never resolved, so a workflow cannot point an agent at anything outside.
"""

import os
from pathlib import Path

from workrail_engine.outcomes import ReferenceView
from workrail_engine.workflow.compiled import CompiledWorkflow, Reference


def resolve_references(
    workflow: CompiledWorkflow, workspace: Path | None, package: Path | None
) -> tuple[ReferenceView, ...]:
    """A workflow's references in authored order, each with its path where it was found.

    `workspace` and `package` are the folders that `resolveFrom` chooses between; without the folder
    a reference stays unresolved.
    """
    return tuple(
        ReferenceView(
            title=reference.title,
            purpose=reference.purpose,
            source=reference.source,
            authoritative=reference.authoritative,
            path=_path(reference, workspace if reference.resolve_from == "workspace" else package),
        )
        for reference in workflow.references
    )


def _path(reference: Reference, folder: Path | None) -> str | None:
    if folder is None:
        return None
    try:
        base = Path(os.path.realpath(folder))
        target = Path(os.path.realpath(base / reference.source))
        found = target.is_relative_to(base) and target.exists()
    except (OSError, ValueError):  # a name no file system can hold names nothing
        return None
    return str(target) if found else None
