"""Does a path or glob of a workflow stay within the workspace?"""

from collections.abc import Iterable, Iterator

from workrail_engine.workflow.pointers import child
from workrail_engine.workflow.problems import Problem, shown


def outside(pointer: str, path: str) -> Iterator[Problem]:
    """A problem when a path or glob may lead out of the workspace."""
    first, *rest = path.replace("\\", "/").split("/")
    if ".." in (first, *rest) or first in ("", "~") or first[1:2] == ":" or "\\" in path:
        message = f"is no path within the workspace: {shown(path)}"
        expected = "a path below the workspace, written with `/` and without `..`"
        yield Problem(pointer, message, expected, rests_on=())


def globs(pointer: str, paths: Iterable[str]) -> Iterator[Problem]:
    """The problems of some globs."""
    for index, path in enumerate(paths):
        yield from outside(child(pointer, index), path)
