"""`workrail proof export`: the file that proves a session to someone who was not there."""

from pathlib import Path

import click

from workrail_engine.reader import open_reader
from workrail_mcp_server.commands.chosen_session import chosen_session
from workrail_mcp_server.terminal import page, styled


@click.command(
    "export",
    epilog="""\b
Examples:
  workrail proof export sess_q3kd --out proofs.jsonl
  workrail proof export sess_q3kd | git hash-object -w --stdin

The file holds the whole log of the session, with its notes and paths, and the workflow it ran. It is
checked with `workrail proof verify` and the public key that `workrail proof key` shows.
""",
)
@click.argument("session_id")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write this file, which must not be there yet; else it is printed.",
)
def export_proofs(*, session_id: str, out: Path | None) -> None:
    """Write a session's log and proofs as one file."""
    with open_reader() as reader:
        chosen = chosen_session(reader, session_id)
        lines = [f"{line}\n" for line in reader.proof_lines(chosen)]
    text = "".join(lines).encode("utf-8")
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        with out.open("xb") as file:
            file.write(text)
    except OSError as error:
        message = f"{out} cannot be written ({error.strerror}). Name a file that is not there yet."
        raise click.ClickException(message) from error
    page(errors=True).print(styled(f"{len(lines)} lines written to {out}."))
