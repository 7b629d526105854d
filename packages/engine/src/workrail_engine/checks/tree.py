"""Which tree is a result bound to, and where can it be worked with?

One object lives as long as the process and remembers what it read, by repository; a few of them.
"""

import os
from collections import OrderedDict
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, mkdtemp
from threading import Lock
from typing import Final
from weakref import finalize

from workrail_engine.checks.file_digest import TooMuchError, digest_of_files
from workrail_engine.checks.findings import CannotCheckError, one_line
from workrail_engine.checks.git_aside import GitAside
from workrail_engine.checks.git_tree import Remembered, present_tree
from workrail_engine.checks.repository import repository_of
from workrail_engine.git_command import GitFailedError

GIT: Final = "git:"
FILES: Final = "files:"
_REMEMBERED: Final = 8
"""Repositories whose last reading is kept."""


@dataclass(frozen=True)
class View:
    """The files of a repository as they were when it was opened, and git over them."""

    aside: GitAside
    tree: str
    """The id of their tree; the index of `aside` holds it."""
    prefix: str
    """Where the workspace lies in the repository: empty, or a path that ends with `/`."""


class Trees:
    """Tells trees, and remembers what it read."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Path, Remembered] = OrderedDict()
        self._lock = Lock()
        self._spare: Path | None = None

    def present(self, workspace: Path) -> str:
        """`git:` and the id of the present tree, or `files:` and a digest outside git.

        Raises:
            CannotCheckError: it cannot be told; the message says why.
        """
        with self.opened(workspace) as view:
            return self.named(workspace, view)

    def named(self, workspace: Path, view: View | None) -> str:
        """What the tree of an opened workspace is called.

        Raises:
            CannotCheckError: it lies outside git and is too large to be read.
        """
        if view is not None:
            return GIT + view.tree
        try:
            return FILES + digest_of_files(workspace)
        except TooMuchError as error:
            message = f"what lies in the workspace cannot be told: {error}; use a git repository"
            raise CannotCheckError(message) from error

    @contextmanager
    def opened(self, workspace: Path) -> Generator[View | None]:
        """The present tree, to be worked with while the context lasts; None outside git.

        Raises:
            CannotCheckError: there is a repository, and its files cannot be read.
        """
        with TemporaryDirectory(prefix="workrail-tree-", ignore_cleanup_errors=True) as folder:
            yield self._view(workspace, Path(folder) / "git")

    def forget(self) -> None:
        """Read every file again the next time: what was remembered turned out to be gone."""
        with self._lock:
            self._kept.clear()

    def _spare_objects(self, root: Path) -> Path:
        """Where objects of a repository are kept that cannot be written to; as long as we live."""
        with self._lock:
            if self._spare is None:
                self._spare = Path(mkdtemp(prefix="workrail-objects-"))
                finalize(self, rmtree, self._spare, ignore_errors=True)
            return self._spare / sha256(os.fsencode(root)).hexdigest()[:16]

    def _view(self, workspace: Path, folder: Path) -> View | None:
        try:
            repository = repository_of(workspace)
            if repository is None:
                return None
            root = repository.root
            with self._lock:
                before = self._kept.get(root)
            aside = GitAside(repository, folder, self._spare_objects(root))
            tree, kept = present_tree(aside, before)
        except (GitFailedError, OSError, ValueError) as error:
            message = f"git cannot tell the files of the workspace: {one_line(str(error))}"
            raise CannotCheckError(message) from error
        with self._lock:
            self._kept[root] = kept
            self._kept.move_to_end(root)
            while len(self._kept) > _REMEMBERED:
                self._kept.popitem(last=False)
        below = workspace.relative_to(root).as_posix()
        return View(aside, tree, "" if below == "." else f"{below}/")
