"""How is git asked about a user's files so that nothing of theirs is run, and nothing written?

Git works with a folder of our own in place of the user's `.git`. So no hook, filter, diff driver or
file monitor that is set up there (or in anyone's settings) can run, no attribute hides a file from a
comparison, and the user's index, refs and settings are out of reach. Only objects are shared: new
ones are added to the repository, where they are harmless and may be pruned, or kept aside when the
repository cannot be written to.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from workrail_engine.checks.repository import Repository
from workrail_engine.git_command import run_git

SECONDS: Final = 120.0
_ATTRIBUTES: Final = "* {diff} !filter !ident\n"
"""The last word on attributes: no one's `-diff` makes a change unreadable, no filter is asked for."""
_MOST_EXCLUDES: Final = 1024 * 1024


class GitAside:
    """Git over a user's work tree, with a folder of its own."""

    def __init__(self, repository: Repository, folder: Path, spare: Path) -> None:
        """Lay out a folder.

        Args:
            repository: whose files are asked about.
            folder: does not exist yet, outside the work tree; used for this alone.
            spare: where new objects are kept when the repository cannot be written to; it must
                live as long as anything that is remembered of them.
        """
        self.repository = repository
        self.folder = folder
        for name in ("refs", "objects", "info"):
            (folder / name).mkdir(parents=True)
        (folder / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        (folder / "config").write_bytes(_config(repository))
        self.take_as_text(every_file=False)
        (folder / "info" / "exclude").write_bytes(_start_of(repository.exclude))
        shared = os.access(repository.objects, os.W_OK | os.X_OK)
        if not shared:
            alternates = spare / "info" / "alternates"
            alternates.parent.mkdir(parents=True, exist_ok=True)
            alternates.write_bytes(os.fsencode(repository.objects) + b"\n")
        self.objects = repository.objects if shared else spare

    @property
    def index(self) -> Path:
        """The index git works with."""
        return self.folder / "index"

    def take_as_text(self, *, every_file: bool) -> None:
        """Say whether comparisons take every file as text, or git looks which ones are binary."""
        said = _ATTRIBUTES.format(diff="diff" if every_file else "!diff")
        (self.folder / "info" / "attributes").write_text(said, encoding="ascii")

    def settings(self) -> dict[str, str]:
        """The variables that make git work here."""
        return {
            "GIT_DIR": str(self.folder),
            "GIT_WORK_TREE": str(self.repository.root),
            "GIT_INDEX_FILE": str(self.index),
            "GIT_OBJECT_DIRECTORY": str(self.objects),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def run(self, arguments: Sequence[str], given: bytes | None = None) -> bytes:
        """What git printed.

        Raises:
            GitFailedError: git failed, or took too long.
        """
        return run_git(arguments, self.repository.root, SECONDS, given, settings=self.settings())

    def update_index(self, lines: Iterable[bytes]) -> None:
        """Change entries of the index: `<mode> <object>`, a tab and the path."""
        given = b"".join(line + b"\0" for line in lines)
        if given:
            self.run(("update-index", "-z", "--replace", "--index-info"), given)

    def removal(self, path: bytes) -> bytes:
        """The change of the index that takes a path out."""
        length = 64 if self.repository.object_format == "sha256" else 40
        return b"0 " + b"0" * length + b"\t" + path

    def tree_of_index(self) -> str:
        """Write the index as a tree and name it."""
        return self.run(("write-tree", "--missing-ok")).decode("ascii").strip()


def _config(repository: Repository) -> bytes:
    known: Mapping[str, str] = repository.settings
    kept = {name.removeprefix("core."): value for name, value in known.items()}
    kept.pop("sparsecheckout", None)
    kept |= {"bare": "false", "safecrlf": "false", "loosecompression": "1", "quotepath": "false"}
    lines = [f"\t{name} = {_quoted(value)}" for name, value in kept.items()]
    head = ["[core]", "\trepositoryformatversion = 1", *lines]
    extension = ["[extensions]", f"\tobjectformat = {repository.object_format}"]
    text = "\n".join([*head, *extension, "[advice]", "\taddEmbeddedRepo = false", ""])
    return text.encode("utf-8", "surrogateescape")


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _start_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_EXCLUDES)
    except OSError:
        return b""
