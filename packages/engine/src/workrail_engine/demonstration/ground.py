"""Where do the made-up sessions work, and how does their store come to harm?"""

from dataclasses import dataclass, field
from pathlib import Path
from shutil import copy
from typing import Final

from workrail_engine.demonstration.tale import Cast, Damage
from workrail_engine.git_command import GitFailedError, run_git
from workrail_engine.system import Locations

_WORKFLOWS: Final = Path(__file__).parent / "workflows"
_WHO: Final = (
    *("-c", "user.name=Ada"),
    *("-c", "user.email=ada@example.org"),
    *("-c", "commit.gpgsign=false"),
)


@dataclass
class Ground:
    """Repositories in a folder; plain folders where there is no git."""

    folder: Path
    _branches: dict[Path, str] = field(default_factory=dict[Path, str])

    def lay_out(self, cast: Cast) -> None:
        """Make the repositories, each with its files in one commit."""
        for name, files in cast.repositories.items():
            place = self.folder / name
            self.write(place, files)
            self._git(place, "init", "--quiet", "--initial-branch=main")
            self._git(place, "add", "--all")
            self._git(place, *_WHO, "commit", "--quiet", "--message", "Where it begins")

    def workspace(self, repository: str | None, branch: str) -> Path | None:
        """The folder of a repository, clean, on a branch that may be new."""
        if repository is None:
            return None
        place = self.folder / repository
        if self._branches.get(place) != branch:
            self._git(place, "reset", "--quiet", "--hard")
            self._git(place, "clean", "--quiet", "-d", "--force")
            self._git(place, "checkout", "--quiet", "-B", branch, "main")
            self._branches[place] = branch
        return place

    def write(self, place: Path | None, files: dict[str, str]) -> None:
        """Write some files of a workspace."""
        for name, text in files.items():
            if place is not None:
                path = place / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")

    def _git(self, place: Path, *arguments: str) -> None:
        try:
            run_git(arguments, place)
        except GitFailedError:
            return


def offer(where: Locations, *, earlier: bool) -> None:
    """Put the workflows of the tales where the user's own lie, in their earlier or present form."""
    where.user_workflows.mkdir(parents=True, exist_ok=True)
    for path in sorted(_WORKFLOWS.glob("*.yaml")):
        before = _WORKFLOWS / "earlier" / path.name
        copy(before if earlier and before.exists() else path, where.user_workflows)


def harm(database: Path, damages: list[Damage]) -> int:
    """Change some bytes of a store's file, as a worn-out disk does; returns how many texts.

    Nobody may have the store open.
    """
    content = database.read_bytes()
    found = 0
    for damage in damages:
        was, becomes = damage.was.encode(), damage.becomes.encode()
        if was in content and len(was) == len(becomes):
            content = content.replace(was, becomes)
            found += 1
    database.write_bytes(content)
    return found
