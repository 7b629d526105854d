"""What has changed in the workspace since its last commit?

Git is asked through a function, so that whoever calls says where it runs: a repository's settings can
name programs that git starts, so for an agent's workspace that is the sandbox.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from workrail_daemon.context.parts import Part
from workrail_daemon.context.untrusted import as_data
from workrail_daemon.sandbox.contract import Command, Sandbox
from workrail_daemon.stopping import Stop

AskGit: TypeAlias = Callable[[Sequence[str]], bytes | None]
"""What git prints for some arguments, its name not among them; None: it failed, or took too long."""

CHANGED_BYTES: Final = 2048
GIT_SECONDS: Final = 5.0
_SAFE: Final = (
    "--no-pager",
    "--no-optional-locks",
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
)
_STATUS: Final = (*_SAFE, "status", "--short", "--branch", "--ignore-submodules=all")
_DIFF: Final = (
    *(*_SAFE, "diff", "--stat=100", "--no-color", "--no-ext-diff", "--no-textconv"),
    *("--ignore-submodules=all", "HEAD"),
)


def changed_part(git: AskGit) -> Part | None:
    """The branch and the files that differ from the last commit; None outside of git.

    Names of files are whatever somebody called them, so they are marked as data.
    """
    status = git(_STATUS)
    if status is None:
        return None
    lines = status.decode("utf-8", "replace").rstrip("\n").split("\n")
    if len(lines) > 1:
        diff = git(_DIFF) or b""
        lines = [*lines, "", *diff.decode("utf-8", "replace").rstrip("\n").split("\n")]
    else:
        lines.append("nothing has changed since the last commit")
    said = as_data("\n".join(lines), "git status, git diff --stat", CHANGED_BYTES)
    return Part("changed_files", "git", f"# Changed files\n\n{said.text}", said.left_out)


def git_in_sandbox(sandbox: Sandbox, workspace: Path, stop: Stop) -> AskGit:
    """Git, asked where the processes of a run are held."""

    def ask(arguments: Sequence[str]) -> bytes | None:
        command = Command(("git", *arguments), workspace, GIT_SECONDS)
        ran = sandbox.run(command, stop, lambda _piece: None)
        return ran.output if ran.exit_code == 0 else None

    return ask
