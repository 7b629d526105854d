"""`workrail install`: how does a client come to know the server?"""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import get_args

import click

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import InvalidInputError
from workrail_mcp_server.clients.claude_program import find_claude, register
from workrail_mcp_server.clients.entering import merged
from workrail_mcp_server.clients.known import (
    TITLES,
    ClientName,
    Machine,
    Scope,
    Settings,
    settings_of,
)
from workrail_mcp_server.clients.own_command import entry_for, own_script
from workrail_mcp_server.clients.settings_file import enter, keep_copy, present
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    epilog="""\b
Examples:
  workrail install --client claude-code
  workrail install --client cursor --scope project
  workrail install --client vscode --print

With --scope user the entry names this installation by its whole path, since a client does not
know your shell's PATH; WORKRAIL_HOME goes into it when it is set. With --scope project it goes
into a file of the current folder to be shared with it, and says `workrail`, which everyone must
have on their PATH. Whatever else the file holds stays as it is, comments too, and what was there
before is kept beside it. Doing it again changes nothing.
""",
)
@click.option(
    "--client",
    type=click.Choice(get_args(ClientName)),
    required=True,
    help="The program that is to start the server.",
)
@click.option(
    "--scope",
    type=click.Choice(get_args(Scope)),
    default="user",
    show_default=True,
    help="For all you do with it, or for the current folder's project.",
)
@click.option("--name", default="workrail", show_default=True, help="What the client calls it.")
@click.option("--print", "only_print", is_flag=True, help="Print the entry and change nothing.")
def install(*, client: ClientName, scope: Scope, name: str, only_print: bool) -> None:
    """Make the server known to an MCP client."""
    machine = Machine(sys.platform, Path.home(), os.environ)
    settings = settings_of(client, scope, machine, Path.cwd())
    if settings is None:
        message = f"{TITLES[client]} has no settings of a project. Use --scope user."
        raise click.UsageError(message)
    entry = entry_for(settings, scope, os.environ)
    if only_print:
        print_json({settings.key: {name: entry}})
        page(errors=True).print(styled(f"This belongs into {settings.path}."))
        return
    if client == "claude-code" and scope == "user":
        changed = _register(settings, name, entry)
    else:
        changed = _enter(settings, name, entry)
    if not changed:
        page().print(styled(f'Nothing to do: "{name}" is in {settings.path} already.'))
    _say_what_is_missing(client, scope)
    if changed:
        page(errors=True).print(
            styled(f"Restart {TITLES[client]}. `workrail doctor` checks the rest.")
        )


def _register(settings: Settings, name: str, entry: JsonObject) -> bool:
    """Through Claude Code's own program: the file is its, and it may be writing it just now.

    Tells whether anything was changed.
    """
    claude = find_claude(os.environ)
    if claude is None:
        message = (
            "`claude` is not on your PATH, and only it may change its settings. Put it there, or name "
            "it in CLAUDE_BIN, and run this again; or use --scope project, or --print."
        )
        raise InvalidInputError(message)
    before = present(settings, name)
    wanted = merged(before or {}, entry)
    if before == wanted:
        return False
    if before is not None and "url" in before:
        message = (
            f'"{name}" is a server at an address in {settings.path}; nothing was changed. Give ours '
            "another name with --name."
        )
        raise InvalidInputError(message)
    backup = None if before is None else keep_copy(settings)
    register(claude, name, wanted, before)
    done = "Added" if before is None else "Changed"
    page().print(styled((done, "green"), f' "{name}" in {settings.path}, with `claude mcp`.'))
    _say_what_is_kept(backup)
    return True


def _enter(settings: Settings, name: str, entry: JsonObject) -> bool:
    result = enter(settings, name, entry)
    if not result.changed:
        return False
    done = "Made" if result.made else "Changed"
    page().print(styled((done, "green"), f' {result.path}: "{name}" in "{settings.key}".'))
    _say_what_is_kept(result.backup)
    return True


def _say_what_is_kept(backup: Path | None) -> None:
    if backup is not None:
        page().print(styled((f"As it was before: {backup}", "dim")))


def _say_what_is_missing(client: ClientName, scope: Scope) -> None:
    hints = page(errors=True)
    if scope == "project" and shutil.which("workrail") is None:
        folder = shlex.quote(str(own_script().parent))
        hints.print(
            styled(
                (
                    "There is no `workrail` on your PATH, which the entry needs. For now: "
                    f"export PATH={folder}:$PATH",
                    "yellow",
                )
            )
        )
    if scope == "user" and os.environ.get("WORKRAIL_DATABASE_URL"):
        hints.print(
            styled(
                (
                    "WORKRAIL_DATABASE_URL is not in the entry, since it may hold a password: start "
                    f"{TITLES[client]} where it is set, or its sessions go to a file.",
                    "yellow",
                )
            )
        )
