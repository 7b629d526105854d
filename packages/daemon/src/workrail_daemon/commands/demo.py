"""`worktrain demo`: watch a run of a small repository, with a model that follows a script."""

import click


@click.command(
    epilog="""\b
Examples:
  worktrain demo
  worktrain demo --keep ~/worktrain-demo
  worktrain demo --no-console

Nothing of yours is touched: the store, the repository and the daemon lie in a folder of their own,
which is removed at the end unless it is kept. No key and no network are needed. Exit codes: 0 the
run did all that it should; 1 it did not.
""",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False),
    metavar="FOLDER",
    help="A new folder to work in, which stays.",
)
@click.option(
    "--console/--no-console",
    default=None,
    help="Show the session in the browser console at the end.  [default: on a terminal]",
)
def demo(*, keep: str | None, console: bool | None) -> None:
    """Watch a run of a small repository; no key is needed."""
    from workrail_daemon.demo.showing import show  # noqa: PLC0415 - help needs no engine

    raise SystemExit(show(keep, console=console))
