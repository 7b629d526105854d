"""`workrail proof show`: what does one proof state, and does its signature hold?"""

import json

import click

from workrail_engine.reader import open_reader
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.proof_json import shown_proof_json
from workrail_mcp_server.terminal import indented, page, print_json, styled


@click.command(
    "show",
    epilog="""\b
Examples:
  workrail proof show 31eb2fe86dbd
  workrail proof show 31eb2fe86dbd --json

Exits with 1 when the signature does not hold, or there is no such proof.
""",
)
@click.argument("proof_id", metavar="ID")
@json_option
@click.pass_context
def show_proof(context: click.Context, *, proof_id: str, as_json: bool) -> None:
    """Show one proof, named by the beginning of its id."""
    with open_reader() as reader:
        shown = reader.proof(proof_id)
    if as_json:
        print_json(shown_proof_json(shown))
    else:
        out = page()
        out.print(styled((shown.line.digest, "bold")))
        if shown.problem is None:
            out.print(styled(("signature holds  ", "green"), f"key {shown.key}"))
        else:
            out.print(styled(("not to be relied on: ", "red"), shown.problem))
        out.print(styled(f"session {shown.line.session_id}  {shown.line.goal}"))
        out.print(indented(json.dumps(shown.statement, indent=2, ensure_ascii=False), 2))
    context.exit(0 if shown.problem is None else 1)
