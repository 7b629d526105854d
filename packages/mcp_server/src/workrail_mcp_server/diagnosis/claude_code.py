"""Does Claude Code know the server, and does it start there?"""

import os
import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from workrail_mcp_server.clients.claude_program import (
    LISTING_SECONDS,
    ClaudeFailedError,
    Registered,
    find_claude,
    list_servers,
    ours_among,
)
from workrail_mcp_server.diagnosis.finding import Finding, good, problem, skipped, warning

_CHECK: Final = "claude-code"
_INSTALL: Final = "workrail install --client claude-code"


def check_claude_code(
    workspace: Path,
    told: Callable[[str], None],
    environ: Mapping[str, str] = os.environ,
) -> list[Finding]:
    """What `claude mcp list` says in the workspace; it starts every server Claude Code knows there."""
    claude = find_claude(environ)
    if claude is None:
        return [skipped(_CHECK, "`claude` is not on the PATH.")]
    told(f"Asking claude mcp list (it starts every server, at most {LISTING_SECONDS:.0f} s)")
    try:
        listed = list_servers(claude, workspace)
    except ClaudeFailedError as error:
        return [warning(_CHECK, str(error), "claude mcp list")]
    ours = ours_among(listed)
    if not ours:
        return [warning(_CHECK, "Claude Code does not know the server here.", _INSTALL)]
    return [_judged(one) for one in ours]


def _judged(one: Registered) -> Finding:
    said = f'"{one.name}" ({one.command}): {one.state}'
    if one.connected:
        return good(_CHECK, said)
    if one.waits:
        return warning(_CHECK, said, "Run claude in this folder and allow the project's servers.")
    if one.name.startswith("plugin:"):
        return problem(_CHECK, said, "Put `workrail` on the PATH that Claude Code is started with.")
    if one.name != "workrail":
        return problem(_CHECK, said, f"{_INSTALL} --name {shlex.quote(one.name)}")
    return problem(_CHECK, said, _INSTALL)
