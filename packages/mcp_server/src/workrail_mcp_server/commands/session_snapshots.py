"""`workrail session snapshots`: whose files does a repository keep, and which may go?"""

from pathlib import Path

import click

from workrail_engine.forking import prune_snapshots, snapshot_lines
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.session_json import snapshots_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    "snapshots",
    epilog="""\b
Examples:
  workrail session snapshots
  workrail session snapshots --repository ../shop --prune

Each accepted step keeps the files of its workspace under refs/workrail/, for `workrail session fork`.
--prune drops those of sessions this store does not have, and nothing else; their content goes with the
repository's next `git gc`. A session of another store (WORKRAIL_HOME, WORKRAIL_DATABASE_URL) is not
known here: look at the list first.
Exits with 1 when the folder is in no repository.
""",
)
@click.option(
    "--repository",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="A folder of the repository; the current one when left out.",
)
@click.option("--prune", is_flag=True, help="Drop those of sessions that are gone.")
@json_option
def session_snapshots(*, repository: Path, prune: bool, as_json: bool) -> None:
    """List the sessions whose files a repository keeps."""
    folder = repository.absolute()
    lines = prune_snapshots(folder) if prune else snapshot_lines(folder)
    if as_json:
        print_json(snapshots_json(lines, pruned=prune))
        return
    out, rest = page(), page(errors=True)
    for line in lines:
        said = "" if line.known else "  dropped" if prune else "  gone"
        count = f"  {line.snapshots:,} snapshot{'' if line.snapshots == 1 else 's'}"
        out.print(styled((line.session_id, "bold"), count, (said, "yellow")))
    if not lines:
        rest.print(styled("No such snapshots." if prune else "No snapshots."))
    elif not prune and not all(line.known for line in lines):
        rest.print(styled(("workrail session snapshots --prune drops those that are gone.", "dim")))
