"""What does `worktrain` understand on the command line?

Each command lives in a file of `commands` and is loaded only when it is called, so that `--help`
stays quick. What a program reads with `--json` always parses: a failure is `{"error": …}` on stdout,
and its words are on stderr too.

`worktrain console` becomes the program `worktrain-console` and does not import it: the processes
share the engine and nothing else, so either works where the other is broken or not installed.
"""

import errno
import json
import os
import re
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

CONSOLE: Final = "worktrain-console"

SUMMARIES: Mapping[str, str] = {
    "daemon": "Work on sessions; or stop that, or ask how it goes.",
    "spawn": "Start a session of a workflow and have it worked on.",
    "await": "Wait for sessions and say what came of them.",
    "status": "Show what runs do at this moment.",
    "overview": "Show what needs you, what goes on, what ended, what it cost.",
    "logs": "Show what the daemon wrote down.",
    "session": "Look at runs, and steer them.",
    "tell": "Say something to a run, or to all of them.",
    "inbox": "Show what agents ask and report.",
    "answer": "Answer a question of an agent.",
    "config": "Show the settings and where they come from, or check them.",
    "models": "List the models there are, or try them.",
    "demo": "Watch a run of a small repository; no key is needed.",
    "console": "Show every session in a browser, read-only.",
}
"""What `worktrain --help` says of each command, in its order."""

_EPILOG: Final = """\b
Examples:
  worktrain daemon                             work on what is ordered
  worktrain spawn wr.bug-investigation --goal "Why is the login slow?"
  worktrain status --watch                     see what goes on
  worktrain overview                           see what needs you

Orders and wishes lie in the store: everything but `daemon` works while no daemon
does, and is seen to when one starts. A session is named by its id, by a beginning
of it that no other has, or by the word last.

Exit codes: 0 all is well; 1 something is wrong with what was looked at, or it was
not found; 2 the call, the settings or the store are at fault; 3 the time was over;
4 nobody works on it.
"""


def load_command(name: str) -> click.Command:  # noqa: C901, PLR0912 (one closed set, one match)
    """The command of this name, imported now.

    Raises:
        KeyError: there is no such command.
    """
    match name:
        case "daemon":
            from workrail_daemon.commands.daemon import daemon as command
        case "spawn":
            from workrail_daemon.commands.spawn import spawn as command
        case "await":
            from workrail_daemon.commands.await_runs import await_runs as command
        case "status":
            from workrail_daemon.commands.status import status as command
        case "overview":
            from workrail_daemon.commands.overview import overview as command
        case "logs":
            from workrail_daemon.commands.logs import logs as command
        case "session":
            from workrail_daemon.commands.session import session as command
        case "tell":
            from workrail_daemon.commands.tell import tell as command
        case "inbox":
            from workrail_daemon.commands.inbox import inbox as command
        case "answer":
            from workrail_daemon.commands.answer import answer as command
        case "config":
            from workrail_daemon.commands.config import config as command
        case "models":
            from workrail_daemon.commands.models import models as command
        case "demo":
            from workrail_daemon.commands.demo import demo as command
        case "console":
            command = console
        case _:
            raise KeyError(name)
    return command


class _Worktrain(click.Group):
    """A group that lists its commands from a table and imports only the one that runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(SUMMARIES)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else load_command(name), rest

    def invoke(self, ctx: click.Context) -> object:
        from workrail_daemon.errors import DaemonRunningError, WorkTrainError
        from workrail_engine.errors import InvalidInputError, NotFoundError, WorkRailError

        try:
            return super().invoke(ctx)
        except (NotFoundError, InvalidInputError, DaemonRunningError) as error:
            raise _LookedAtError(error) from error
        except (WorkRailError, WorkTrainError) as error:
            raise _FailedError(error) from error

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - click's signature
        **extra: Any,
    ) -> Any:
        words = list(sys.argv[1:] if args is None else args)
        if not standalone_mode:
            return super().main(words, prog_name, complete_var, standalone_mode=False, **extra)
        if not _wants_json(words):
            return super().main(words, prog_name, complete_var, **extra)
        try:
            code = super().main(words, prog_name, complete_var, standalone_mode=False, **extra)
        except click.ClickException as error:
            error.show()
            _print_failure(error)
            code = error.exit_code
        except click.Abort:
            click.echo("Aborted!", err=True)
            _print_failure(click.ClickException("It was broken off."))
            code = 1
        except OSError as error:
            if error.errno != errno.EPIPE:
                raise
            code = 1  # whoever read the answer has gone
        sys.exit(code if isinstance(code, int) else 0)


class _SaidError(click.ClickException):
    """The words of a failure on stderr, no traceback."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _LookedAtError(_SaidError):
    """What was looked at is wrong or not there."""

    exit_code = 1


class _FailedError(_SaidError):
    """The settings or the store are at fault."""

    exit_code = 2


def _wants_json(words: Sequence[str]) -> bool:
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _print_failure(error: click.ClickException) -> None:
    """Say a failure as a value, for whoever reads stdout."""
    match error:
        case _SaidError():
            name = _snake(type(error.cause).__name__.removesuffix("Error"))
        case click.UsageError():
            name = "usage"
        case _:
            name = "refused"
    failure = {"error": {"kind": name, "message": error.format_message()}}
    click.echo(json.dumps(failure))


@click.group(
    cls=_Worktrain,
    commands={name: click.Command(name, short_help=summary) for name, summary in SUMMARIES.items()},
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="workrail-daemon", prog_name="worktrain")
def main() -> None:
    """Have AI agents work through workflows, without a person beside them."""


@click.command(
    context_settings={"ignore_unknown_options": True},
    add_help_option=False,
    short_help=SUMMARIES["console"],
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def console(arguments: tuple[str, ...]) -> None:
    """Run worktrain-console in place of this process, with the same ARGUMENTS."""
    program = find_program(CONSOLE, Path(sys.executable).parent)
    if program is None:
        click.echo(
            f"{CONSOLE} is not installed beside this program or on PATH. "
            "Install the package workrail-console and try again.",
            err=True,
        )
        sys.exit(1)
    os.execv(program, [program, *arguments])  # noqa: S606  # an argv list; there is no shell to fool


def find_program(name: str, scripts: Path) -> str | None:
    """The path of a program: from the folder `scripts` if it is there, else from PATH."""
    return shutil.which(name, path=str(scripts)) or shutil.which(name)
