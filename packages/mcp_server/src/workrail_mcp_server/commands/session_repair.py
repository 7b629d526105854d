"""`workrail session repair`: what of a damaged session can be saved?"""

from pathlib import Path

import click

from workrail_engine.engine import open_engine
from workrail_engine.projections.repair import Repair
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations
from workrail_mcp_server.commands.chosen_session import chosen_session
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.session_json import repair_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    "repair",
    epilog="""\b
Examples:
  workrail session repair sess_q3kd7n4w
  workrail session repair sess_q3kd7n4w --into ../salvaged
  workrail session repair --new-key

The damaged session is never changed. The copy holds the longest beginning of its log that can be
proven, under a new id and with "(repaired from …)" in its goal; agents find it with resume_session.
--into puts the copy into the store of another home, for when this store's file itself is damaged.
--new-key gives a store that lost the key of its tokens a new one: tokens made before are refused then.
Exits with 1 when something had to be left out, with 2 when nothing can be proven.
""",
)
@click.argument("session_id", required=False)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Home whose store gets the copy; made when it is not there.",
)
@click.option("--new-key", is_flag=True, help="Give the store a new key for its tokens.")
@json_option
@click.pass_context
def repair_session(
    context: click.Context,
    *,
    session_id: str | None,
    into: Path | None,
    new_key: bool,
    as_json: bool,
) -> None:
    """Copy what can be proven of a damaged session."""
    if (session_id is None) != new_key:
        message = "Name one session, or give --new-key."
        raise click.UsageError(message)
    if session_id is None:
        with open_engine() as engine:
            engine.renew_token_key()
        page(errors=True).print(styled("The store has a new key. resume_session gives new tokens."))
        return
    with open_reader() as reader:
        chosen = chosen_session(reader, session_id)
    with open_engine() as engine:
        result = engine.repair(chosen, None if into is None else Locations.under(into))
    if as_json:
        print_json(repair_json(result))
    else:
        _print(result)
    context.exit(1 if result.dropped else 0)


def _print(result: Repair) -> None:
    out = page()
    for reason in result.dropped:
        out.print(styled((result.session_id, "bold"), ("  dropped: ", "red"), reason))
    if result.copy_id is None:
        out.print(styled((result.session_id, "bold"), ("  whole", "green"), ", nothing to repair"))
        return
    kept = f", {result.kept} of {result.found} events found"
    out.print(styled((result.copy_id, "bold"), ("  copied", "green"), kept))
