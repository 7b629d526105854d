"""Where do the scripted agents work? In a copy of the case's files, as a repository of its own."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workrail_engine.git_command import run_git

_WHO = (
    "-c",
    "user.name=Rehearsal",
    "-c",
    "user.email=rehearsal@localhost",
    "-c",
    "commit.gpgsign=false",
)


@dataclass(frozen=True)
class Edits:
    """What is done to files."""

    write: Mapping[str, str] = field(default_factory=dict[str, str])
    delete: tuple[str, ...] = ()


@dataclass(frozen=True)
class PracticeGround:
    """A repository whose one commit holds the files of a case."""

    folder: Path

    @classmethod
    def laid_out(cls, files: Path, folder: Path) -> "PracticeGround":
        """Copy files to a folder that is not there yet, and commit them.

        Raises:
            GitFailedError: git cannot keep them.
            OSError: they cannot be copied.
        """
        shutil.copytree(files, folder, symlinks=True, ignore=shutil.ignore_patterns(".git"))
        run_git(("init", "--quiet"), folder)
        run_git(("add", "--all", "--force"), folder)
        run_git((*_WHO, "commit", "--quiet", "--allow-empty", "-m", "Before the rehearsal"), folder)
        return cls(folder)

    def apply(self, edits: Edits) -> None:
        """Write and delete; what leads out of the folder is left alone."""
        for name, text in edits.write.items():
            path = self._inside(name)
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
        for name in edits.delete:
            path = self._inside(name)
            if path is not None:
                path.unlink(missing_ok=True)

    def set_back(self, done: Iterable[Edits]) -> None:
        """The files as they were at first, and then these edits.

        Raises:
            GitFailedError: git cannot put them back.
        """
        run_git(("reset", "--quiet", "--hard"), self.folder)
        run_git(("clean", "--quiet", "-d", "-f", "-f", "-x"), self.folder)
        for edits in done:
            self.apply(edits)

    def files(self) -> Iterable[str]:
        """Paths of all files, relative, with `/`, in order."""
        found = sorted(self.folder.rglob("*"))
        for path in found:
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and not path.is_symlink() and not name.startswith(".git/"):
                yield name

    def text(self, name: str) -> str:
        """The text of a file, as far as it is one."""
        return (self.folder / name).read_text("utf-8", errors="replace")

    def _inside(self, name: str) -> Path | None:
        path = self.folder / name
        real = path.parent.resolve()
        return (
            path if real.is_relative_to(self.folder.resolve()) and not path.is_symlink() else None
        )
