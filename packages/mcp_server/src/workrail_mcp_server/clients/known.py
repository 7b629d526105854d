"""Which clients are known, and where do they keep their list of servers?

Where each fact comes from, looked up and, for Claude Code, tried with its program:

| client         | scope   | file                                         | source                                      |
|----------------|---------|----------------------------------------------|---------------------------------------------|
| Claude Code    | user    | `.claude.json`, through `claude mcp`         | code.claude.com/docs/en/mcp; 2.1.330 tried  |
| Claude Code    | project | `.mcp.json`, no comments                     | the same                                    |
| Cursor         | both    | `.cursor/mcp.json`, in the home or project   | cursor.com/docs/mcp                         |
| VS Code        | user    | `mcp.json` in the folder `Code/User`         | code.visualstudio.com/docs/agents/reference/mcp-configuration |
| VS Code        | project | `.vscode/mcp.json`, under `servers`          | the same                                    |
| Claude Desktop | user    | `claude_desktop_config.json`                 | modelcontextprotocol.io/docs/develop/connect-local-servers |

The folder of programs' settings is `~/Library/Application Support` on macOS, `%APPDATA%` on Windows
and `$XDG_CONFIG_HOME` or `~/.config` elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, assert_never

ClientName: TypeAlias = Literal["claude-code", "cursor", "vscode", "claude-desktop"]
Scope: TypeAlias = Literal["user", "project"]

TITLES: Final[Mapping[ClientName, str]] = {
    "claude-code": "Claude Code",
    "cursor": "Cursor",
    "vscode": "VS Code",
    "claude-desktop": "Claude Desktop",
}


@dataclass(frozen=True)
class Machine:
    """What decides where settings lie."""

    platform: str
    """As `sys.platform` names it."""
    home: Path
    environ: Mapping[str, str]


@dataclass(frozen=True)
class Settings:
    """A file a client reads its servers from."""

    path: Path
    key: str
    """The member of the document that holds the servers by name."""
    comments: bool
    """Whether the client reads comments and commas before a closing bracket."""
    typed: bool
    """Whether an entry says `type: stdio`."""


def settings_of(
    client: ClientName, scope: Scope, machine: Machine, project: Path
) -> Settings | None:
    """Where a client keeps its servers; None where it has no such scope.

    Args:
        client: whose settings.
        scope: for every project of the user, or for this one.
        machine: where the user's settings lie.
        project: the folder of the project.
    """
    match client:
        case "claude-code":
            path = _claude_code(machine) if scope == "user" else project / ".mcp.json"
            return Settings(path, "mcpServers", comments=False, typed=True)
        case "cursor":
            folder = machine.home if scope == "user" else project
            return Settings(
                folder / ".cursor" / "mcp.json", "mcpServers", comments=True, typed=True
            )
        case "vscode":
            user = _programs(machine) / "Code" / "User"
            folder = user if scope == "user" else project / ".vscode"
            return Settings(folder / "mcp.json", "servers", comments=True, typed=True)
        case "claude-desktop":
            if scope == "project":
                return None
            path = _programs(machine) / "Claude" / "claude_desktop_config.json"
            return Settings(path, "mcpServers", comments=False, typed=False)
        case _:
            assert_never(client)


def _claude_code(machine: Machine) -> Path:
    folder = machine.environ.get("CLAUDE_CONFIG_DIR", "").strip()
    return (Path(folder) if folder else machine.home) / ".claude.json"


def _programs(machine: Machine) -> Path:
    """The folder in which programs keep a user's settings."""
    if machine.platform == "darwin":
        return machine.home / "Library" / "Application Support"
    if machine.platform == "win32":
        folder = machine.environ.get("APPDATA", "").strip()
        return Path(folder) if folder else machine.home / "AppData" / "Roaming"
    folder = machine.environ.get("XDG_CONFIG_HOME", "").strip()
    return Path(folder) if folder else machine.home / ".config"
