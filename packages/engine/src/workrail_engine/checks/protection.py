"""Are the files that judge the work as they were at the base, and where does a command run clean?

Nothing of the user's is touched. Without `isolate` a protected file that is not as it was is a
failure. With it, the command runs over a checkout of the present tree that lies elsewhere, in which
the protected files are those of the base, and new files that match a protected glob are missing.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from workrail_engine.checks.changes import Changed, base_of, changes_since
from workrail_engine.checks.findings import CannotCheckError, one_line
from workrail_engine.checks.paths import matches_any, shown_path
from workrail_engine.checks.tree import View
from workrail_engine.git_command import GitFailedError

_COMPILED: Final = "__pycache__/"


def protected_changes(
    view: View | None, base: str | None, protect: Sequence[str]
) -> tuple[Changed, ...]:
    """Protected paths that are not as they were at the base.

    Raises:
        CannotCheckError: there is nothing to compare with.
    """
    if view is None:
        message = "files can only be protected in a git repository; there is none here"
        raise CannotCheckError(message)
    every = changes_since(view, base_of(view.aside, base))
    return tuple(each for each in every if matches_any(each.path, protect))


def missing_from_disk(workspace: Path, view: View, protect: Sequence[str]) -> list[str]:
    """Protected files that count as unchanged and are not there: a sparse checkout leaves them out."""
    if not view.aside.repository.sparse:
        return []
    listed = view.aside.run(("ls-files", "-z", "--full-name"))
    paths = (path for path in os.fsdecode(listed).split("\0") if path.startswith(view.prefix))
    names = (path.removeprefix(view.prefix) for path in paths if path)
    return [
        name
        for name in names
        if matches_any(name, protect) and not os.path.lexists(workspace / name)
    ]


def hidden_from_git(view: View, protect: Sequence[str]) -> list[str]:
    """Files that match a protected glob and that git ignores, so that nobody knows how they were.

    What Python has compiled is left out: a command does not read it.
    """
    listed = view.aside.run(
        ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--full-name")
    )
    paths = (path for path in os.fsdecode(listed).split("\0") if path.startswith(view.prefix))
    names = (path.removeprefix(view.prefix) for path in paths if path)
    return [name for name in names if matches_any(name, protect) and _COMPILED not in name]


def said_of(changed: Changed) -> str:
    """One protected change for people."""
    return f"{shown_path(changed.path)}: protected, and {changed.kind} since the base revision"


def checkout(view: View, base: str | None, protect: Sequence[str], folder: Path) -> Path:
    """Lay out the present tree in an empty folder, the protected files as at the base.

    Args:
        view: the files; its index is changed.
        base: the session's base revision; not needed when nothing is protected.
        protect: globs.
        folder: where; it must exist and be empty.

    Returns:
        The folder in it that stands for the workspace.

    Raises:
        CannotCheckError: it cannot be done.
    """
    put_back = protected_changes(view, base, protect) if protect else ()
    try:
        view.aside.update_index(_entry_at_base(view, each) for each in put_back)
        view.aside.run(("checkout-index", "--all", "--force", f"--prefix={folder}/"))
    except GitFailedError as error:
        message = f"the files could not be laid out elsewhere: {one_line(str(error))}"
        raise CannotCheckError(message) from error
    place = folder / view.prefix
    place.mkdir(parents=True, exist_ok=True)
    return place


def _entry_at_base(view: View, changed: Changed) -> bytes:
    path = os.fsencode(changed.path_in_repository)
    if changed.kind == "added":
        return view.aside.removal(path)
    mode, name = changed.entry_at_base
    return f"{mode} {name}\t".encode("ascii") + path
