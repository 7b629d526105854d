"""What is looked at, and in which order?"""

import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

from workrail_engine.system import Locations
from workrail_mcp_server.diagnosis.claude_code import check_claude_code
from workrail_mcp_server.diagnosis.finding import Finding, problem
from workrail_mcp_server.diagnosis.permissions import check_permissions
from workrail_mcp_server.diagnosis.programs import (
    check_git,
    check_python,
    check_versions,
    installed_versions,
)
from workrail_mcp_server.diagnosis.self_test import check_server
from workrail_mcp_server.diagnosis.sources import added_sources, check_sources
from workrail_mcp_server.diagnosis.store import check_disk, check_sessions
from workrail_mcp_server.diagnosis.workflows import check_workflows


def examine(
    locations: Locations, workspace: Path, told: Callable[[str], None], *, offline: bool
) -> Iterator[Finding]:
    """Every finding, as it is made; nothing is changed.

    Args:
        locations: of this installation.
        workspace: the folder to look from.
        told: told what is being done, where that takes time.
        offline: ask no repository and no client's program.
    """
    yield check_python()
    yield check_versions(installed_versions())
    yield from _readable("permissions", lambda: check_permissions(locations))
    told("Reading the store")
    yield from _readable("store", lambda: check_sessions(locations))
    yield from _readable("disk", lambda: check_disk(locations))
    yield from _readable("sources", lambda: _of_sources(locations, told, offline=offline))
    told("Reading workflows")
    yield from _readable("workflows", lambda: check_workflows(locations, workspace))
    told("Starting a server")
    yield check_server(workspace)
    if not offline:
        yield from check_claude_code(workspace, told)


def _of_sources(
    locations: Locations, told: Callable[[str], None], *, offline: bool
) -> list[Finding]:
    sources = added_sources(locations)
    if isinstance(sources, Finding):
        return [check_git(needed=False), sources]
    git = check_git(needed=any(source.kind == "git" for source in sources))
    return [git, *check_sources(locations, sources, offline=offline, told=told)]


def _readable(check: str, look: Callable[[], list[Finding]]) -> list[Finding]:
    """What a look at the disk finds, or that the system does not let us look."""
    try:
        return look()
    except OSError as error:
        place = str(error.filename or "a folder of this installation")
        said = f"{place} cannot be looked at ({error.strerror})."
        return [problem(check, said, f"ls -ld {shlex.quote(place)}")]
