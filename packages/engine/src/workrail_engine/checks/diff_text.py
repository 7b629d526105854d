"""How does a person read what changed since the base revision?

A unified diff, bounded, of the same change a `diff` check looks at: nothing in the repository can
leave a file out of it or show it another way.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from workrail_engine.checks.bounded_output import BoundedOutput
from workrail_engine.checks.findings import CannotCheckError
from workrail_engine.checks.git_aside import SECONDS
from workrail_engine.checks.processes import run_command
from workrail_engine.checks.tree import View
from workrail_engine.git_command import git_argv, git_environment


@dataclass(frozen=True)
class DiffText:
    """A unified diff that can be shown anywhere."""

    text: str
    complete: bool
    """Whether all of it is there; if not, the text says where something is left out."""
    size: int
    """Bytes of the whole."""


def diff_text(view: View, base_tree: str, most: int) -> DiffText:
    """The changes since a base tree.

    Args:
        view: the present files.
        base_tree: the tree to compare with.
        most: how many bytes are kept.

    Raises:
        CannotCheckError: git failed, or took too long.
    """
    compare = ("--no-pager", "diff-tree", "-r", "-p", "--no-renames", "--no-ext-diff")
    argv = git_argv((*compare, "--no-textconv", "--no-color", base_tree, view.tree))
    output = BoundedOutput(whole=most)
    with TemporaryDirectory(prefix="workrail-diff-", ignore_cleanup_errors=True) as home:
        settings = {**view.aside.settings(), "HOME": home}
        root: Path = view.aside.repository.root
        ended = run_command(
            argv, root, git_environment(settings), SECONDS, output.take, lambda _seconds: None
        )
    if ended.overdue or ended.exit_code != 0:
        message = "git could not show what changed; look at the repository with git itself"
        raise CannotCheckError(message)
    return DiffText(output.text(), output.complete, output.size)
