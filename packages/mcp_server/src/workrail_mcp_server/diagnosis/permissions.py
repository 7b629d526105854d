"""Who else may read or change what is stored?

The store holds the key tokens are made with, and the list of sources says what is trusted. Both are
for their owner alone: folders 0700, files 0600.
"""

import os
import shlex
import stat
from pathlib import Path
from typing import Final

from workrail_engine.system import Locations
from workrail_mcp_server.diagnosis.finding import Finding, good, problem, skipped, warning

_OTHERS: Final = 0o077
_OTHERS_WRITE: Final = 0o022


def check_permissions(locations: Locations) -> list[Finding]:
    """Of the data folder and of every file in it that holds a key or gives trust."""
    if os.name != "posix":
        return [skipped("permissions", "This system keeps rights in another way.")]
    if not locations.home.exists():
        return [good("permissions", f"{locations.home} is made, for you alone, when it is needed.")]
    if not locations.home.is_dir():
        said = f"{locations.home} is a file; the folder for data has to be there."
        return [problem("permissions", said, "Move it away, or set WORKRAIL_HOME to a folder.")]
    findings = [one for path in _folders(locations) for one in _of_folder(path)]
    findings += [one for path in _files(locations) for one in _of_file(path)]
    if findings:
        return findings
    return [good("permissions", f"{locations.home} and its keys are yours alone.")]


def _folders(locations: Locations) -> list[Path]:
    return [at for at in (locations.home, locations.managed_sources) if at.is_dir()]


def _files(locations: Locations) -> list[Path]:
    named = locations.home.glob(f"{locations.database.name}*")
    listed = locations.managed_sources.glob("*.json")
    return sorted(path for path in (*named, *listed) if path.is_file())


def _of_folder(path: Path) -> list[Finding]:
    found = path.stat()
    strange = _owner(path, found)
    if strange is not None:
        return [strange]
    said = f"{path} is {_mode(found)}, 0700 is expected"
    remedy = f"chmod 700 {shlex.quote(str(path))}"
    if found.st_mode & _OTHERS_WRITE:
        return [problem("permissions", f"{said}: others may put files there.", remedy)]
    if found.st_mode & _OTHERS:
        return [warning("permissions", f"{said}: others may see what is there.", remedy)]
    return []


def _of_file(path: Path) -> list[Finding]:
    found = path.stat()
    strange = _owner(path, found)
    if strange is not None:
        return [strange]
    if not found.st_mode & _OTHERS:
        return []
    said = f"{path} is {_mode(found)}, 0600 is expected: others may read or change it."
    return [problem("permissions", said, f"chmod 600 {shlex.quote(str(path))}")]


def _owner(path: Path, found: os.stat_result) -> Finding | None:
    if found.st_uid in (os.geteuid(), 0):
        return None
    return problem(
        "permissions",
        f"{path} belongs to another user ({found.st_uid}).",
        f'sudo chown "$USER" {shlex.quote(str(path))}',
    )


def _mode(found: os.stat_result) -> str:
    return f"{stat.S_IMODE(found.st_mode):04o}"
