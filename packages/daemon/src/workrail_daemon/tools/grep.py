"""How does an agent find text in files?

With ripgrep, inside the sandbox as every process; where it is not installed, by a search of our own
that knows less: no types of files, no .gitignore.
"""

import os
import shutil
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from pydantic import ConfigDict, Field

from workrail_daemon.errors import StoppedError
from workrail_daemon.sandbox.contract import Command, Ran, Sandbox
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.contract import Answered, Call, Tool
from workrail_daemon.tools.inside import Inside
from workrail_daemon.tools.making import Arguments, Doing, make
from workrail_daemon.tools.plain_search import Hits, Search, search
from workrail_daemon.tools.readable import readable
from workrail_daemon.tools.refusing import NotDoneError

Mode: TypeAlias = Literal["files_with_matches", "content", "count"]
_RIPGREP: Final = "rg"
_LINES: Final = 250
_SECONDS: Final = 60.0
_COLUMNS: Final = 500
_DESCRIPTION: Final = (
    "Find text in files of the workspace by a regular expression. Answers with the paths of files "
    "that hold it, with the lines themselves (output_mode content) or with their number in each file "
    "(count). Hidden files are searched, .git and node_modules are not."
)


class _Grep(Arguments):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    pattern: str = Field(min_length=1, max_length=2000, description="A regular expression.")
    path: str = Field(default=".", description="A file or folder; the workspace if left out.")
    glob: str | None = Field(default=None, description="Only files such as *.py or **/*.{ts,tsx}.")
    type: str | None = Field(
        default=None, pattern="^[a-z0-9]+$", description="Only files of a kind: py, js, rust, …"
    )
    output_mode: Mode = Field(
        default="files_with_matches", description="What is told of what was found."
    )
    head_limit: int = Field(default=_LINES, ge=1, description="Lines of the answer at most.")
    context: int = Field(
        default=0, ge=0, le=50, description="Lines shown around each, with output_mode content."
    )
    ignore_case: bool = Field(
        default=False, alias="-i", description="Capital letters do not count."
    )


def grep_tool(inside: Inside, sandbox: Sandbox) -> Tool:
    """The tool `Grep`."""
    ripgrep = shutil.which(_RIPGREP)

    def act(wanted: _Grep, _call: Call, stop: Stop, _doing: Doing) -> Answered:
        place = inside.place(wanted.path)
        if not os.path.lexists(inside.workspace / place):
            message = f"There is no {wanted.path} in the workspace. Look for it with Glob."
            raise NotDoneError(message)
        if ripgrep is None:
            return _plainly(inside, wanted, place, stop)
        command = Command(_arguments(wanted, place), inside.workspace, _SECONDS)
        ran = sandbox.run(command, stop, lambda _output: None)
        if ran.ended == "stopped":
            raise StoppedError(stop.reason)
        return _answer(ran, wanted)

    return make(("Grep", _DESCRIPTION), "reads", _Grep, act, _brief)


def _brief(wanted: _Grep) -> str:
    return wanted.pattern if wanted.path == "." else f"{wanted.pattern} in {wanted.path}"


def _arguments(wanted: _Grep, place: str) -> list[str]:
    argv = [_RIPGREP, "--no-config", "--hidden", "--no-messages", "--color=never", "--sort=path"]
    match wanted.output_mode:
        case "files_with_matches":
            argv.append("--files-with-matches")
        case "count":
            argv += ["--count", "--with-filename"]
        case "content":
            argv += ["--line-number", "--with-filename", "--no-heading"]
            argv += [f"--max-columns={_COLUMNS}", "--max-columns-preview"]
            argv += [f"--context={wanted.context}"]
    argv += ["--ignore-case"] if wanted.ignore_case else []
    argv += [f"--type={wanted.type}"] if wanted.type else []
    argv += [f"--glob={wanted.glob}"] if wanted.glob else []
    return [
        *argv,
        "--glob=!.git",
        "--glob=!node_modules",
        f"--regexp={wanted.pattern}",
        f"./{place}",
    ]


def _answer(ran: Ran, wanted: _Grep) -> Answered:
    lines = [_without_dot(line) for line in readable(ran.output).splitlines()]
    if ran.ended == "time":
        message = f"The search took more than {_SECONDS:g} seconds and was ended. Narrow it."
        raise NotDoneError(message)
    if ran.exit_code not in (0, 1, None) and not (lines and ran.exit_code == 2 and _found(lines)):
        message = "The search could not be made:\n" + "\n".join(lines[:_LINES])
        raise NotDoneError(message)
    return Answered(_told(lines, wanted.head_limit, more=ran.cut or ran.ended is not None))


def _found(lines: Sequence[str]) -> bool:
    """Whether ripgrep, which met an error, still tells what it found."""
    return not lines[0].startswith(("rg: ", "regex parse error", "error: "))


def _without_dot(line: str) -> str:
    return line.removeprefix("./").removeprefix("./")


def _plainly(inside: Inside, wanted: _Grep, place: str, stop: Stop) -> Answered:
    if wanted.type is not None:
        message = "type: ripgrep is not installed here, so kinds of files are not known. Use glob."
        raise NotDoneError(message)
    asked = Search(
        wanted.pattern, place, wanted.glob, wanted.ignore_case, wanted.context, wanted.head_limit
    )
    hits = search(inside, asked, stop)
    match wanted.output_mode:
        case "files_with_matches":
            lines = list(hits.counts)
        case "count":
            lines = [f"{path}:{count}" for path, count in hits.counts.items()]
        case "content":
            lines = [_cut(line) for line in hits.lines]
    return Answered(_told(lines, wanted.head_limit, more=hits.cut) + _note(hits))


def _cut(line: str) -> str:
    return line if len(line) <= _COLUMNS else f"{line[:_COLUMNS]} [… more of this line]"


def _note(hits: Hits) -> str:
    ended = " It was ended early, for it took too long." if hits.cut else ""
    return f"\n[searched without ripgrep: .gitignore is not looked at.{ended}]"


def _told(lines: list[str], limit: int, *, more: bool) -> str:
    if not lines:
        return "Nothing was found."
    shown = lines[:limit]
    if len(lines) > limit:
        shown.append(f"[{len(lines) - limit:,} more lines; head_limit or a narrower search]")
    elif more:
        shown.append("[there is more; narrow the search]")
    return "\n".join(shown)
