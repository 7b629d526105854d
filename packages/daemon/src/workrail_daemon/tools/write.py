"""How does an agent write a whole file?"""

from collections.abc import Sequence
from typing import Final

from pydantic import Field

from workrail_daemon.stopping import Stop
from workrail_daemon.tools.contract import Answered, Call, Tool
from workrail_daemon.tools.inside import Inside, version_of
from workrail_daemon.tools.making import Arguments, Doing, make
from workrail_daemon.tools.policy import check_writable
from workrail_daemon.tools.read_files import ReadFiles, first_line

_DESCRIPTION: Final = (
    "Write a file of the workspace as a whole: a new one, folders on the way included, or one that "
    "was read before. For a change of a part use Edit."
)


class _Write(Arguments):
    file_path: str = Field(description="The file, relative to the workspace or absolute in it.")
    content: str = Field(description="All the file is to hold, exactly.")


def write_tool(inside: Inside, known: ReadFiles, writable: Sequence[str]) -> Tool:
    """The tool `Write`.

    Args:
        inside: the workspace.
        known: what the agent read.
        writable: globs of files that may be changed.
    """

    def act(wanted: _Write, _call: Call, _stop: Stop, _doing: Doing) -> Answered:
        check_writable(inside.place(wanted.file_path), writable)
        there = inside.look(wanted.file_path)
        if there is not None:
            known.check(there)
        data = wanted.content.encode("utf-8")
        mode = there.mode if there else None
        place = inside.replace(wanted.file_path, data, mode)
        known.note(place, version_of(data))
        what = "written anew" if there else "a new file"
        return Answered(first_line(place, version_of(data), f"{what}, {len(data):,} bytes"))

    return make(
        ("Write", _DESCRIPTION),
        "acts",
        _Write,
        act,
        lambda wanted: f"{wanted.file_path}, {len(wanted.content):,} characters",
    )
