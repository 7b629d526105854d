"""How is a source shown on a terminal?"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import assert_never

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from workrail_engine.projections.managed import ManagedSource, Trust
from workrail_mcp_server.terminal import page, plain, styled

SHORT_COMMIT = 12

seconds_option = click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(1, 3600),
    default=30,
    show_default=True,
    help="Seconds git may take for one request.",
)


class Telling:
    """Shows on a terminal what is being done, with the time it takes; elsewhere nothing."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("", visible=False)

    def __call__(self, text: str) -> None:
        """Say what is done now."""
        self._progress.reset(self._task, description=plain(text), visible=True)


@contextmanager
def telling() -> Generator[Telling]:
    """Say what is being done while it is."""
    out = page(errors=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        yield Telling(progress)


def print_source(out: Console, source: ManagedSource) -> None:
    """A source in two lines, and what is wrong with it."""
    files = "1 file" if source.files == 1 else f"{source.files} files"
    by = "" if source.added_by == "person" else ", added by an agent"
    out.print(
        styled((source.name, "bold"), f"  {source.kind}, {files}, ", trust_word(source.trust), by)
    )
    out.print(styled((f"    {source.location}{_commit(source)}", "dim")))
    if source.problem is not None:
        out.print(styled((f"    {source.problem}.", "red")))


def print_changes(out: Console, lines: tuple[str, ...]) -> None:
    """Which files differ."""
    for line in lines:
        out.print(styled(f"    {line}"))


def trust_word(trust: Trust) -> tuple[str, str]:
    """The trust a source has, and its colour."""
    match trust:
        case "trusted":
            return "trusted", "green"
        case "untrusted":
            return "untrusted", "yellow"
        case "changed":
            return "changed since it was trusted", "yellow"
        case _:
            assert_never(trust)


def how_to_trust(source: ManagedSource) -> Text:
    """What a person does so that workflows of a source can be started."""
    if source.trust == "trusted":
        return styled("Its workflows can be started.")
    return styled(
        f"Its workflows cannot be started yet. Look at them ({source.path}), then run: ",
        (f"workrail trust {source.name}", "bold"),
    )


def _commit(source: ManagedSource) -> str:
    if source.commit is None:
        return ""
    ref = f"{source.ref} " if source.ref is not None and source.ref != source.commit else ""
    return f" at {ref}{source.commit[:SHORT_COMMIT]}"
