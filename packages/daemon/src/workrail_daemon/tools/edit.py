"""How does an agent change a part of a file?

The old text is looked for exactly as it is sent, and the new one is put in exactly: no sign in them
means anything else. Where all lines of a file end with CRLF, so do those of both texts.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from pydantic import Field

from workrail_daemon.stopping import Stop
from workrail_daemon.tools.contract import Answered, Call, Tool
from workrail_daemon.tools.inside import File, Inside, version_of
from workrail_daemon.tools.making import Arguments, Doing, make
from workrail_daemon.tools.policy import check_writable
from workrail_daemon.tools.read_files import ReadFiles, first_line
from workrail_daemon.tools.refusing import NotDoneError

_PLACES_NAMED: Final = 10
_DESCRIPTION: Final = (
    "Replace a text in a file of the workspace that was read before. old_string must be in the file "
    "exactly as sent, indentation included and without the line numbers of Read, and only once, "
    "unless replace_all is true."
)


class _Edit(Arguments):
    file_path: str = Field(description="The file, relative to the workspace or absolute in it.")
    old_string: str = Field(min_length=1, description="The text to replace, exactly.")
    new_string: str = Field(description="What stands there afterwards, exactly.")
    replace_all: bool = Field(default=False, description="Replace every place, not just one.")


def edit_tool(inside: Inside, known: ReadFiles, writable: Sequence[str]) -> Tool:
    """The tool `Edit`.

    Args:
        inside: the workspace.
        known: what the agent read.
        writable: globs of files that may be changed.
    """

    def act(wanted: _Edit, _call: Call, _stop: Stop, _doing: Doing) -> Answered:
        check_writable(inside.place(wanted.file_path), writable)
        file = inside.read(wanted.file_path)
        known.check(file)
        text, places = _changed(file, wanted)
        data = text.encode("utf-8")
        place = inside.replace(wanted.file_path, data, file.mode)
        known.note(place, version_of(data))
        lines = ", ".join(str(line) for line in places[:_PLACES_NAMED])
        more = ", …" if len(places) > _PLACES_NAMED else ""
        counted = "1 place" if len(places) == 1 else f"{len(places)} places"
        said = f"{counted} changed, at line {lines}{more}"
        return Answered(first_line(place, version_of(data), said))

    return make(("Edit", _DESCRIPTION), "acts", _Edit, act, lambda wanted: wanted.file_path)


def _changed(file: File, wanted: _Edit) -> tuple[str, list[int]]:
    """The text of a file after an edit, and the lines of the old one where it was made."""
    try:
        text = file.data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"{file.path} is no UTF-8 text (byte {error.start}). Change it with Bash."
        raise NotDoneError(message) from error
    old, new = wanted.old_string, wanted.new_string
    if _ends_with_crlf(text):
        old, new = _with_crlf(old), _with_crlf(new)
    if old == new:
        message = "old_string and new_string are the same: there is nothing to change."
        raise NotDoneError(message)
    places = _lines_of(text, old)
    if not places:
        raise NotDoneError(_not_found(file.path, text, old))
    if len(places) > 1 and not wanted.replace_all:
        message = (
            f"old_string is in {file.path} {len(places)} times, at lines "
            f"{', '.join(map(str, places[:_PLACES_NAMED]))}. Send more of the text around the one you "
            "mean, or set replace_all."
        )
        raise NotDoneError(message)
    return text.replace(old, new), places


def _lines_of(text: str, old: str) -> list[int]:
    """The lines on which each place begins that `str.replace` would change."""
    lines: list[int] = []
    line, start = 1, 0
    while (found := text.find(old, start)) >= 0:
        line += text.count("\n", start, found)
        lines.append(line)
        line += old.count("\n")
        start = found + len(old)
    return lines


def _not_found(path: str, text: str, old: str) -> str:
    message = f"old_string is not in {path} as it was sent; nothing was changed."
    words = next((line.strip() for line in old.splitlines() if line.strip()), "")
    alike = (
        number for number, line in enumerate(text.splitlines(), start=1) if words and words in line
    )
    near = [str(number) for number in islice(alike, 5)]
    if near:
        return (
            f"{message} Its first words are at line {', '.join(near)}: compare white space and line "
            "ends there."
        )
    return f"{message} None of it was found: Read the file again."


def _ends_with_crlf(text: str) -> bool:
    ends = text.count("\n")
    return ends > 0 and text.count("\r\n") == ends


def _with_crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")
