"""Where does the demo's agent work, and how does it run commands there?"""

import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_SHOP = Path(__file__).with_name("shop")
_COMMAND_SECONDS = 30
_CACHED = "from functools import cache\n"
_DECORATOR = "@cache\n"
_GIT_IDENTITY = ("-c", "user.name=Demo", "-c", "user.email=demo@example.invalid")


@dataclass(frozen=True)
class Ran:
    """A command that really ran."""

    command: str
    exit_code: int
    output: str
    """Standard output and standard error, as printed, without the last newline."""

    def quoted(self, lines: int = 14) -> str:
        """A fenced block with the command, its exit code and the end of its output."""
        shown = self.output.splitlines()[-lines:]
        return "\n".join(
            ("```", f"$ {self.command}", *shown, f"(exit code {self.exit_code})", "```")
        )


@dataclass(frozen=True)
class Workspace:
    """A git repository in a temporary folder."""

    root: Path

    def run(self, *argv: str) -> Ran:
        """Run a command in the repository; `python` means the interpreter of this demo."""
        actual = [sys.executable if argv[0] == "python" else argv[0], *argv[1:]]
        done = subprocess.run(
            actual,
            cwd=self.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )
        return Ran(shlex.join(argv), done.returncode, done.stdout.rstrip())


def make_workspace(root: Path) -> Workspace:
    """Copy the shop to `root` as a repository of two commits; the second one brought the bug."""
    shutil.copytree(_SHOP, root, ignore=shutil.ignore_patterns("__pycache__"))
    workspace = Workspace(root)
    catalogue = root / "shop" / "catalogue.py"
    present = catalogue.read_text()
    catalogue.write_text(present.replace(_CACHED, "").replace(_DECORATOR, ""))
    _git(workspace, "init", "--quiet", "--initial-branch=main")
    _commit(workspace, "Prices, offers and carts")
    catalogue.write_text(present)
    _commit(workspace, "Read the price file only once")
    return workspace


def _commit(workspace: Workspace, message: str) -> None:
    _git(workspace, "add", "--all")
    _git(workspace, "commit", "--quiet", "--no-gpg-sign", f"--message={message}")


def _git(workspace: Workspace, *argv: str) -> None:
    ran = workspace.run("git", *_GIT_IDENTITY, *argv)
    if ran.exit_code:
        message = f"`{ran.command}` failed while the demo's repository was made:\n{ran.output}"
        raise RuntimeError(message)
