"""`workrail db move`: how does a store get from a file to a server, or back?"""

from pathlib import Path

import click
from rich.progress import Progress

from workrail_engine.engine import move_store
from workrail_engine.projections.store_status import Move
from workrail_mcp_server.terminal import page, styled


@click.command(
    epilog="""\b
Examples:
  workrail db move --to postgresql://ada@db.example/workrail
  workrail db move --to ../home-of-one

The other place must be empty: a PostgreSQL database, or a home folder without sessions. All is
copied in one transaction, then both stores are compared: every table's rows and every session's
hashes. Nothing is kept unless they agree. Nobody can write to the old store meanwhile, and it is left
as it is. Give the password as PGPASSWORD or in ~/.pgpass, where other users cannot see it.
""",
)
@click.option(
    "--to", "target", required=True, metavar="URL|FOLDER", help="Where the sessions are to be kept."
)
def move(*, target: str) -> None:
    """Copy the whole store to another database, and compare the two."""
    to = target if "://" in target else Path(target).absolute()
    out = page(errors=True)
    with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("Opening", total=None)

        def told(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        moved = move_store(to, told)
    _print(moved, to)


def _print(moved: Move, to: Path | str) -> None:
    out = page()
    sessions = "1 session" if moved.sessions == 1 else f"{moved.sessions:,} sessions"
    what = f"  {sessions}, {moved.rows:,} rows, "
    out.print(styled((moved.target, "bold"), what, ("compared and equal", "green")))
    for session_id in moved.damaged:
        out.print(styled((session_id, "bold"), ("  damaged", "red"), " here as before"))
    variable = (
        f"WORKRAIL_HOME to {to}, unset WORKRAIL_DATABASE_URL"
        if isinstance(to, Path)
        else "WORKRAIL_DATABASE_URL to it"
    )
    hint = (
        f"Set {variable} for every program that uses the store and start them again. The old store is "
        f"as it was: {moved.source}"
    )
    page(errors=True).print(styled(hint))
