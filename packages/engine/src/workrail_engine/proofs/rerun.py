"""What does a bundle say was run, and where?"""

import json
from pathlib import PurePosixPath
from typing import cast

from workrail_engine.canonical import JsonObject
from workrail_engine.projections.bundle import Bundle
from workrail_engine.workflow.checks import CommandCheck, ProjectCheck
from workrail_engine.workflow.compile import compile_pinned
from workrail_engine.workflow.compiled import CompiledLoop


def commands_of(bundle: Bundle) -> tuple[CommandCheck | ProjectCheck, ...]:
    """The checks that run commands, of the workflow in a sound bundle, in the order of its steps."""
    workflow = compile_pinned((bundle.workflow or "").encode("utf-8"))
    return tuple(
        check
        for entry in workflow.steps
        for step in (entry.body if isinstance(entry, CompiledLoop) else (entry,))
        for check in step.checks
        if isinstance(check, CommandCheck | ProjectCheck)
    )


def base_in(bundle: Bundle) -> str | None:
    """The commit the session started from."""
    head = _workspace(bundle).get("head")
    return head if isinstance(head, str) else None


def folder_in(bundle: Bundle) -> PurePosixPath:
    """Where in its repository the session worked; `.` for the top."""
    workspace = _workspace(bundle)
    path, root = workspace.get("path"), workspace.get("repository")
    if not isinstance(path, str) or not isinstance(root, str):
        return PurePosixPath()
    whole, top = PurePosixPath(path), PurePosixPath(root)
    return whole.relative_to(top) if whole.is_relative_to(top) else PurePosixPath()


def _workspace(bundle: Bundle) -> JsonObject:
    started = cast("JsonObject", json.loads(bundle.links[0].payload))
    return cast("JsonObject", started.get("workspace") or {})
