"""Which command starts this installation's server?

A client runs it without a shell, without an activated environment and from any folder. So the user's
own settings name the script by its whole path. A project's settings are shared with people whose
paths are other ones, so they say `workrail` and leave it to each one's PATH.
"""

import re
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from workrail_engine.canonical import JsonObject
from workrail_engine.errors import InvalidInputError
from workrail_mcp_server.clients.known import Scope, Settings

_CARRIED: Final = ("WORKRAIL_HOME", "WORKRAIL_BUNDLED_DIR")
"""Variables a client would not pass on when it is not started from this shell."""
_PASSING: Final = re.compile(r"archive-v\d+|environments-v\d+|builds-v\d+")
"""Folders of uv's cache, in which `uvx` keeps what it runs once."""


def entry_for(settings: Settings, scope: Scope, environ: Mapping[str, str]) -> JsonObject:
    """How a client starts the server, as its settings say it.

    Raises:
        InvalidInputError: this installation may be gone tomorrow, or has no script.
    """
    entry: JsonObject = {"type": "stdio"} if settings.typed else {}
    if scope == "project":
        return {**entry, "command": "workrail", "args": ["start"]}
    carried = {name: str(Path(environ[name]).absolute()) for name in _CARRIED if environ.get(name)}
    started = {**entry, "command": str(lasting_script()), "args": ["start"]}
    return {**started, "env": dict(carried)} if carried else started


def lasting_script() -> Path:
    """The script of this installation, by its whole path.

    Raises:
        InvalidInputError: the installation may be gone tomorrow, or has no script.
    """
    script = own_script()
    if is_passing(Path(sys.prefix)):
        message = (
            f"This workrail runs from a cache ({sys.prefix}) that may be emptied any time, and a client "
            "would then find nothing to start. Install it to stay, with `uv tool install "
            "workrail-mcp-server` or pip, and run `workrail install` again."
        )
        raise InvalidInputError(message)
    return script


def own_script() -> Path:
    """The script of this installation, by its whole path.

    Raises:
        InvalidInputError: there is none.
    """
    name = "workrail.exe" if sys.platform.startswith("win") else "workrail"
    called = Path(sys.argv[0]).absolute()
    places = (Path(sysconfig.get_path("scripts")) / name, called)
    for place in places:
        if place.name == name and place.is_file():
            return place
    message = (
        f"There is no `{name}` in {places[0].parent}, so no client could start it. Install "
        "workrail-mcp-server there with pip, and try again."
    )
    raise InvalidInputError(message)


def is_passing(prefix: Path) -> bool:
    """Whether an installation lies in a cache of a program that runs things once."""
    return any(_PASSING.fullmatch(part) for part in prefix.parts) or (
        ".cache" in prefix.parts and "pipx" in prefix.parts
    )
