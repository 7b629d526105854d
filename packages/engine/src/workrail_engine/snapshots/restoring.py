"""How do the files of a snapshot come back, beside everything that is there?

In a new linked work tree. It stands on the commit the work stood on, with all that had not been
committed then as changes that are not committed. Files are written without filters, as they were read.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from workrail_engine.checks.git_aside import GitAside
from workrail_engine.checks.repository import repository_of
from workrail_engine.errors import InvalidForkError
from workrail_engine.git_command import GitFailedError, run_git

_ADDED: Final = (
    *("-c", "core.logAllRefUpdates=false"),
    *("worktree", "add", "--detach", "--no-checkout"),
)


def check_free(folder: Path) -> None:
    """Refuse a folder that holds anything.

    Raises:
        InvalidForkError: it does, or is no folder.
    """
    try:
        taken = folder.is_symlink() or (folder.exists() and any(folder.iterdir()))
    except OSError:
        taken = True
    if taken:
        message = (
            f"{folder} is there already. Nothing was changed. Name a folder that does not exist, or an "
            "empty one, with --worktree."
        )
        raise InvalidForkError(message)


def restore(root: Path, folder: Path, snapshot: str) -> None:
    """Make a work tree with the files of a snapshot; where that fails, nothing is left.

    Args:
        root: of a work tree of the repository.
        folder: where; absolute, absent or empty.
        snapshot: the commit that keeps the files.

    Raises:
        InvalidForkError: it cannot be made; the message says why.
    """
    try:
        run_git((*_ADDED, "--", str(folder), _base(root, snapshot)), root)
    except GitFailedError as error:
        message = (
            f"The work tree {folder} could not be made: {error}. Nothing was changed. Mend that, or "
            "name another folder with --worktree."
        )
        raise InvalidForkError(message) from error
    try:
        _fill(folder, snapshot)
    except (GitFailedError, OSError) as error:
        withdraw(root, folder)
        message = (
            f"The files could not be restored in {folder}: {error}. The work tree was taken away "
            "again. See that there is room, and try again."
        )
        raise InvalidForkError(message) from error


def withdraw(root: Path, folder: Path) -> None:
    """Take a work tree away that was just made."""
    run_git(("worktree", "remove", "--force", "--", str(folder)), root)


def _base(root: Path, snapshot: str) -> str:
    """The commit the work stood on; before the first one, the snapshot itself."""
    told = run_git(("rev-list", "--parents", "--max-count=1", snapshot), root)
    return told.decode("ascii").split()[-1]


def _fill(folder: Path, snapshot: str) -> None:
    repository = repository_of(folder)
    if repository is None:
        message = "git does not know the new work tree"
        raise GitFailedError(message)
    with TemporaryDirectory(prefix="workrail-tree-", ignore_cleanup_errors=True) as place:
        aside = GitAside(repository, Path(place) / "git", Path(place) / "objects")
        aside.run(("read-tree", snapshot))
        aside.run(("checkout-index", "--all", "--quiet"))
    run_git(("read-tree", "HEAD"), folder)
