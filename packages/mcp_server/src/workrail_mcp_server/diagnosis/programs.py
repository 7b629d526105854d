"""Do the programs fit each other: Python, the installed packages, git?"""

import platform
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from workrail_mcp_server.diagnosis.finding import Finding, good, problem, warning

OLDEST_PYTHON: Final = (3, 11)
_NEEDED: Final = ("workrail-engine", "workrail-mcp-server")
_OTHERS: Final = ("workrail-daemon", "workrail-console")
_GIT_SECONDS: Final = 10.0


def check_python(now: tuple[int, int] = sys.version_info[:2]) -> Finding:
    """Is this Python one the programs are made for?"""
    said = f"Python {platform.python_version()}, {sys.executable}"
    if now < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        return problem(
            "python",
            f"{said}: too old, {wanted} or later is needed.",
            f"Install Python {wanted} or later, and workrail-mcp-server with it.",
        )
    return good("python", said)


def installed_versions() -> dict[str, str]:
    """Our packages in this environment, by name."""
    found: dict[str, str] = {}
    for name in (*_NEEDED, *_OTHERS):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def check_versions(found: dict[str, str]) -> Finding:
    """Are our packages all of one version?"""
    said = ", ".join(f"{name} {number}" for name, number in found.items())
    missing = [name for name in _NEEDED if name not in found]
    if missing:
        return problem(
            "versions",
            f"{' and '.join(missing)} is not installed as a package ({said or 'none of ours is'}).",
            f"{sys.executable} -m pip install {' '.join(_NEEDED)}",
        )
    if len(set(found.values())) > 1:
        return problem(
            "versions",
            f"The packages are of several versions: {said}.",
            f"{sys.executable} -m pip install --upgrade {' '.join(found)}",
        )
    return good("versions", said)


def check_git(*, needed: bool) -> Finding:
    """Is git there, for sources that are repositories?

    Args:
        needed: whether a source is one.
    """
    found = shutil.which("git")
    remedy = "Install git, and run `workrail doctor` again."
    if found is None:
        said = "git is not on the PATH; workflows of repositories cannot be fetched."
        return problem("git", said, remedy) if needed else warning("git", said, remedy)
    try:
        done = subprocess.run(
            [found, "--version"], capture_output=True, text=True, check=True, timeout=_GIT_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        return problem("git", f"{found} does not say its version ({error}).", remedy)
    return good("git", f"{done.stdout.strip()}, {Path(found)}")
