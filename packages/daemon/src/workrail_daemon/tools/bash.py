"""How does an agent run a command?"""

from typing import Final

from pydantic import Field

from workrail_daemon.errors import StoppedError
from workrail_daemon.sandbox.contract import MOST_OUTPUT, Command, Ran, Sandbox
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.contract import Answered, Call, Tool
from workrail_daemon.tools.inside import Inside
from workrail_daemon.tools.making import Arguments, Doing, make
from workrail_daemon.tools.readable import readable
from workrail_daemon.tools.refusing import NotDoneError

_DESCRIPTION: Final = (
    "Run a command with bash, in the workspace and inside the run's sandbox. Nobody can type into it, "
    "and whatever it started is ended with it. The answer is what it printed, in order, and its exit "
    "code. Use Read, Grep, Glob, Edit and Write for files."
)


class _Bash(Arguments):
    command: str = Field(min_length=1, description="What bash is to run.")
    cwd: str | None = Field(default=None, description="A folder of the workspace to run it in.")
    seconds: int | None = Field(default=None, ge=1, description="Seconds after which it is ended.")


def bash_tool(inside: Inside, sandbox: Sandbox, most_seconds: float) -> Tool:
    """The tool `Bash`.

    Args:
        inside: the workspace.
        sandbox: what holds the processes.
        most_seconds: how long a command may take at most, and does where nothing is said.
    """

    def act(wanted: _Bash, _call: Call, stop: Stop, _doing: Doing) -> Answered:
        seconds = wanted.seconds or most_seconds
        if seconds > most_seconds:
            message = f"seconds: a command may take {most_seconds:g} at most here."
            raise NotDoneError(message)
        if "\0" in wanted.command:
            message = "command: it holds a zero byte, which no command can."
            raise NotDoneError(message)
        cwd = inside.workspace / folder_of(inside, wanted.cwd or ".")
        argv = (
            "bash",
            "-c",
            "--",
            wanted.command,
        )  # the model's text is one argument, and all of it
        ran = sandbox.run(Command(argv, cwd, seconds), stop, lambda _output: None)
        if ran.ended == "stopped":
            raise StoppedError(stop.reason)
        return Answered(f"{_printed(ran)}\n[{_end(ran, seconds)}]", "ok" if _well(ran) else "error")

    return make(("Bash", _DESCRIPTION), "acts", _Bash, act, lambda wanted: wanted.command)


def folder_of(inside: Inside, path: str) -> str:
    """The real place of a folder.

    Raises:
        NotDoneError: it leads out, or is no folder.
    """
    place = inside.place(path)
    try:
        with inside.folder(place):
            return place
    except OSError as error:
        message = f"{path} is no folder of the workspace: {error.strerror}."
        raise NotDoneError(message) from error


def _printed(ran: Ran) -> str:
    return readable(ran.output).rstrip("\n") or "(it printed nothing)"


def _well(ran: Ran) -> bool:
    return ran.ended is None and ran.exit_code == 0


def _end(ran: Ran, seconds: float) -> str:
    match ran.ended:
        case "time":
            return f"ended after {seconds:g} s, with all it started; it was not done"
        case "output":
            return f"ended: it wrote more than {MOST_OUTPUT // 1024 // 1024} MB, the rest is lost"
        case _:
            lost = "; some of its output is lost" if ran.cut else ""
            return f"exit code {ran.exit_code}{lost}"
