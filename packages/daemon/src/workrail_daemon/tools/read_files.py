"""Which files did the agent read, and what did they hold then?

A file that exists is changed only by an agent that has read it as it is. What was read is known from
the answers themselves: the first line of an answer of Read, Write or Edit names the file and the
version of its content. So after a restart it is read back from the session's log.
"""

import re
from collections.abc import Iterable
from typing import Final

from workrail_daemon.tools.inside import File
from workrail_daemon.tools.refusing import NotDoneError

FILE_TOOLS: Final = frozenset({"Read", "Write", "Edit"})
"""Tools whose answers tell what was read."""
_FIRST_LINE: Final = re.compile(r"(.+) · version ([0-9a-f]{12})(?: ·|$)")


def first_line(path: str, version: str, more: str) -> str:
    """How an answer about a file begins."""
    return f"{path} · version {version} · {more}"


class ReadFiles:
    """What the agent knows of the files of its workspace."""

    def __init__(self) -> None:
        self._versions: dict[str, str] = {}

    def note(self, path: str, version: str) -> None:
        """The agent knows a file as it is now.

        Args:
            path: its real place, relative to the workspace.
            version: of its content.
        """
        self._versions[path] = version

    def recall(self, answers: Iterable[str]) -> None:
        """Take in what answers of `FILE_TOOLS` told, oldest first; those that failed tell nothing."""
        for answer in answers:
            found = _FIRST_LINE.match(answer.partition("\n")[0])
            if found is not None:
                self.note(found[1], found[2])

    def check(self, file: File) -> None:
        """Refuse to change a file the agent does not know as it is.

        Raises:
            NotDoneError: it was never read, or changed since.
        """
        known = self._versions.get(file.path)
        if known is None:
            message = f"{file.path} exists and was not read yet. Read it first, then change it."
            raise NotDoneError(message)
        if known != file.version:
            message = (
                f"{file.path} changed since it was read (version {known} then, {file.version} now): "
                "by a command, or by someone else. Read it again, then change it."
            )
            raise NotDoneError(message)
