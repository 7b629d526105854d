"""`worktrain`: which commands does an operator have?

`worktrain console` becomes the program `worktrain-console` and does not import it: the processes
share the engine and nothing else, so either works where the other is broken or not installed.
"""

import os
import shutil
import sys
from pathlib import Path

import click

CONSOLE = "worktrain-console"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="workrail-daemon", prog_name="worktrain")
def main() -> None:
    """Look after workflow sessions."""


@main.command(
    context_settings={"ignore_unknown_options": True},
    add_help_option=False,
    short_help="Show every session in a browser, read-only.",
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
