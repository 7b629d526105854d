"""How does an agent find files by their names?"""

import os
from itertools import islice
from typing import Final

from pydantic import Field

from workrail_daemon.stopping import Stop
from workrail_daemon.tools.bash import folder_of
from workrail_daemon.tools.contract import Answered, Call, Tool
from workrail_daemon.tools.files import LEFT_OUT, MOST_LOOKED_AT, Listed, walk
from workrail_daemon.tools.globs import matches_any
from workrail_daemon.tools.inside import Inside
from workrail_daemon.tools.making import Arguments, Doing, make
from workrail_daemon.tools.refusing import refused

_MOST: Final = 100
_DESCRIPTION: Final = (
    "Find files of the workspace by name, newest first, at most 100. * and ? stay within a name, ** "
    "crosses folders, {a,b} are alternatives: **/*.py, src/**/test_*.{ts,tsx}. Folders such as "
    f"{', '.join(LEFT_OUT[:3])} and {LEFT_OUT[-1]} are left out unless the pattern names them."
)


class _Glob(Arguments):
    pattern: str = Field(
        min_length=1, max_length=500, description="What the path, relative to `path`, looks like."
    )
    path: str = Field(default=".", description="The folder to look in; the workspace if left out.")


def glob_tool(inside: Inside) -> Tool:
    """The tool `Glob`."""

    def act(wanted: _Glob, _call: Call, stop: Stop, _doing: Doing) -> Answered:
        place = folder_of(inside, wanted.path)
        pattern = _relative(inside, place, wanted.pattern)
        looked_at = list(islice(walk(inside, place, stop, pattern), MOST_LOOKED_AT))
        found = [each for each in looked_at if matches_any(_below(place, each.path), (pattern,))]
        return Answered(_told(found, cut=len(looked_at) == MOST_LOOKED_AT))

    return make(("Glob", _DESCRIPTION), "reads", _Glob, act, _brief)


def _brief(wanted: _Glob) -> str:
    return wanted.pattern if wanted.path == "." else f"{wanted.pattern} in {wanted.path}"


def _relative(inside: Inside, place: str, pattern: str) -> str:
    """A pattern relative to the folder; an absolute one may name it.

    Raises:
        NotDoneError: it leads out.
    """
    folder = os.path.normpath(inside.workspace / place)
    inner = pattern.removeprefix(f"{folder}/")
    if inner.startswith(("/", "~")) or ".." in inner.split("/"):
        message = f"{pattern} leads out of {folder}. Only files of the workspace can be found."
        raise refused(message)
    return inner


def _below(place: str, path: str) -> str:
    return path if place == "." else path.removeprefix(f"{place}/")


def _told(found: list[Listed], *, cut: bool) -> str:
    newest = sorted(found, key=lambda each: (-each.changed, each.path))
    lines = [each.path for each in newest[:_MOST]] or ["No file has such a name."]
    if len(newest) > _MOST:
        lines.append(f"[{len(newest) - _MOST:,} more; a narrower pattern shows them]")
    if cut:
        lines.append(f"[only the first {MOST_LOOKED_AT:,} files were looked at; name a folder]")
    return "\n".join(lines)
