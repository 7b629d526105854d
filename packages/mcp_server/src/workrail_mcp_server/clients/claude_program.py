"""What does the program `claude` (Claude Code) say and do about MCP servers?

It is asked as a person would ask it, with a bound on the time: listing starts every server there is.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import InvalidInputError

LISTING_SECONDS: Final = 60.0
"""How long listing may take; a server that does not answer holds it up for half of that."""
_CHANGING_SECONDS: Final = 30.0
_USER: Final = ("--scope", "user")
_LINE: Final = re.compile(r"^(?P<name>\S.*?): (?P<command>.+) - (?P<state>\S.*)$")


class ClaudeFailedError(InvalidInputError):
    """`claude` did not do what it was asked; the message holds its words."""


@dataclass(frozen=True)
class Registered:
    """A server as `claude mcp list` shows it."""

    name: str
    command: str
    state: str

    @property
    def connected(self) -> bool:
        """Whether it answered."""
        return "connected" in self.state.lower() and "failed" not in self.state.lower()

    @property
    def waits(self) -> bool:
        """Whether a person has to allow it first."""
        return "pending" in self.state.lower()


def find_claude(environ: Mapping[str, str]) -> Path | None:
    """The program: what CLAUDE_BIN names, else `claude` on the PATH."""
    named = environ.get("CLAUDE_BIN", "").strip()
    found = named or shutil.which("claude", path=environ.get("PATH"))
    return Path(found) if found and Path(found).is_file() else None


def ours_among(listed: str) -> tuple[Registered, ...]:
    """The servers in a list of `claude mcp list` that are `workrail start`."""
    found = (_LINE.match(line.strip()) for line in listed.splitlines())
    servers = [Registered(one["name"], one["command"], one["state"]) for one in found if one]
    return tuple(one for one in servers if re.search(r"\bworkrail(\.exe)?\"? start\b", one.command))


def list_servers(claude: Path, folder: Path) -> str:
    """What `claude mcp list` prints in a folder.

    Raises:
        ClaudeFailedError: it failed, or took too long.
    """
    return _run(claude, ("mcp", "list"), LISTING_SECONDS, folder)


def register(claude: Path, name: str, entry: JsonObject, instead_of: JsonObject | None) -> None:
    """Make a server known to Claude Code in every project of the user.

    Args:
        claude: the program.
        name: what the server is called.
        entry: how it is started.
        instead_of: what is registered under this name now; None: nothing.

    Raises:
        ClaudeFailedError: it could not be done; what was registered before still is.
    """
    if instead_of is None:
        _run(claude, ("mcp", "add-json", name, _text(entry), *_USER), _CHANGING_SECONDS)
        return
    _run(claude, ("mcp", "remove", name, *_USER), _CHANGING_SECONDS)
    try:
        _add_unseen(claude, name, entry)
    except ClaudeFailedError:
        _add_unseen(claude, name, instead_of)
        raise


def _add_unseen(claude: Path, name: str, entry: JsonObject) -> None:
    """By way of stdin: an entry a person wrote may hold keys, and arguments can be seen by anyone."""
    arguments = ("mcp", "add-json", name, "-", *_USER)
    _run(claude, arguments, _CHANGING_SECONDS, given=_text(entry).encode())


def _text(entry: JsonObject) -> str:
    return json.dumps(entry, ensure_ascii=False)


def _run(
    claude: Path,
    arguments: Sequence[str],
    seconds: float,
    folder: Path | None = None,
    given: bytes = b"",
) -> str:
    shown = f"`claude {' '.join(arguments[:2])}`"
    # Of its own group, so that what it started goes with it when the time is over.
    try:
        process = subprocess.Popen(
            [claude, *arguments],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        message = f"{shown} could not be started ({error.strerror}: {claude})."
        raise ClaudeFailedError(message) from error
    with process:
        try:
            out, err = process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired as error:
            _end(process)
            message = f"{shown} was stopped: it did not end within {seconds:.0f} seconds."
            raise ClaudeFailedError(message) from error
    if process.returncode != 0:
        said = " ".join((err or out).decode("utf-8", "replace").split())
        message = f"{shown} failed: {said[:300] or f'exit code {process.returncode}'}"
        raise ClaudeFailedError(message)
    return out.decode("utf-8", "replace")


def _end(process: "subprocess.Popen[bytes]") -> None:
    if os.name == "posix":
        os.killpg(process.pid, 9)
    else:
        process.kill()
    process.communicate()
