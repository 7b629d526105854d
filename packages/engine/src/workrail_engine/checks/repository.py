"""Which repository does a folder belong to, and what of its settings changes how files are read?"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from workrail_engine.git_command import GitFailedError, run_git

_CARRIED: Final = (
    "autocrlf|eol|filemode|symlinks|ignorecase|precomposeunicode|excludesfile|sparsecheckout"
)
"""Settings of `core` that say how files lie on this disk; none of them runs anything."""
_ASKED: Final = (
    *("rev-parse", "--path-format=absolute", "--show-object-format", "--show-toplevel"),
    *("--git-dir", "--git-path", "objects", "--git-path", "info/exclude", "--git-path", "index"),
)


@dataclass(frozen=True)
class Repository:
    """A repository with a work tree, as git describes it."""

    root: Path
    """Top of the work tree."""
    git_dir: Path
    objects: Path
    exclude: Path
    """The list of ignored files that is not shared; may not exist."""
    index: Path
    """May not exist."""
    object_format: str
    """`sha1` or `sha256`."""
    settings: Mapping[str, str]

    @property
    def sparse(self) -> bool:
        """Whether tracked files may be absent on purpose."""
        return self.settings.get("core.sparsecheckout", "") in {"true", "yes", "on", "1"}


def repository_of(folder: Path) -> Repository | None:
    """The repository a folder lies in; None outside git, and where git does not take the files.

    A folder that its repository ignores as a whole counts as outside: no tree would hold its files.

    Raises:
        GitFailedError: there is a repository, and git cannot read it.
    """
    if not any((at / ".git").exists() for at in (folder, *folder.parents)):
        return None
    lines = run_git(_ASKED, folder).decode("utf-8", "surrogateescape").split("\n")
    if len(lines) != 7:
        message = "the path of the repository has a line break in it"
        raise GitFailedError(message)
    root = Path(lines[1])
    if folder != root and _ignored(folder):
        return None
    git_dir, objects, exclude, index = (Path(line) for line in lines[2:6])
    return Repository(root, git_dir, objects, exclude, index, lines[0], _settings(folder))


def _settings(folder: Path) -> dict[str, str]:
    """What is set of the settings that are carried along."""
    pattern = f"^core\\.({_CARRIED})$"
    try:
        told = run_git(("config", "-z", "--get-regexp", pattern), folder)
    except GitFailedError:
        return {}  # none is set
    pairs = (each.partition("\n") for each in told.decode("utf-8", "surrogateescape").split("\0"))
    return {name: value for name, _, value in pairs if name}


def _ignored(folder: Path) -> bool:
    try:
        run_git(("check-ignore", "--quiet", "--", str(folder)), folder)
    except GitFailedError:
        return False
    return True
