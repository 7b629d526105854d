"""How does an agent read a file?"""

from typing import Final

from pydantic import Field

from workrail_daemon.stopping import Stop
from workrail_daemon.tools.contract import Answered, Call, Tool
from workrail_daemon.tools.inside import File, Inside
from workrail_daemon.tools.making import Arguments, Doing, make
from workrail_daemon.tools.read_files import ReadFiles, first_line
from workrail_daemon.tools.readable import is_binary
from workrail_daemon.tools.refusing import NotDoneError

_LINES: Final = 2000
_PAGE: Final = 28_000
"""Bytes of one answer: less than a model is shown of it, so none of it is cut."""
_LONGEST_LINE: Final = 2000
_DESCRIPTION: Final = (
    "Read a text file of the workspace. The first line of the answer names the file and the version "
    "of its content; each further line is a line number, a tab and the line. A file that exists must "
    "be read before Write or Edit changes it."
)


class _Read(Arguments):
    file_path: str = Field(description="The file, relative to the workspace or absolute in it.")
    offset: int = Field(default=1, ge=1, description="The first line wanted, counted from 1.")
    limit: int = Field(default=_LINES, ge=1, description=f"Lines at most; {_LINES} if left out.")


def read_tool(inside: Inside, known: ReadFiles) -> Tool:
    """The tool `Read`."""

    def act(wanted: _Read, _call: Call, _stop: Stop, _doing: Doing) -> Answered:
        file = inside.read(wanted.file_path)
        answer = _page(file, wanted)
        known.note(file.path, file.version)
        return Answered(answer)

    return make(("Read", _DESCRIPTION), "reads", _Read, act, lambda wanted: wanted.file_path)


def _page(file: File, wanted: _Read) -> str:
    if is_binary(file.data):
        message = f"{file.path} is no text: {len(file.data):,} bytes of binary data."
        raise NotDoneError(message)
    lines = file.data.decode("utf-8", "backslashreplace").split("\n")
    if lines[-1] == "":
        del lines[-1]
    if not lines:
        return first_line(file.path, file.version, "it is empty")
    if wanted.offset > len(lines):
        message = f"{file.path} has {len(lines):,} lines; there is no line {wanted.offset:,}."
        raise NotDoneError(message)
    shown: list[str] = []
    room = _PAGE
    for number, line in enumerate(lines[wanted.offset - 1 :], start=wanted.offset):
        text = f"{number}\t{_short(line.removesuffix(chr(13)))}"
        room -= len(text.encode("utf-8", "backslashreplace")) + 1
        if len(shown) >= wanted.limit or (shown and room < 0):
            break
        shown.append(text)
    last = wanted.offset + len(shown) - 1
    facts = f"lines {wanted.offset}-{last} of {len(lines)}"
    if b"\r\n" in file.data:
        facts += ", they end with CRLF"
    parts = [first_line(file.path, file.version, facts), *shown]
    if last < len(lines):
        parts.append(f"[{len(lines) - last:,} more lines: Read with offset {last + 1} goes on]")
    return "\n".join(parts)


def _short(line: str) -> str:
    if len(line) <= _LONGEST_LINE:
        return line
    left_out = len(line) - _LONGEST_LINE
    return f"{line[:_LONGEST_LINE]} [{left_out:,} more characters of this line: Grep or Bash]"
