"""`workrail reject`: a person's no, and why."""

import click

from workrail_engine.engine import Answered, open_engine
from workrail_engine.system import Locations
from workrail_mcp_server.commands.person import check_passphrase, person_at_terminal, who
from workrail_mcp_server.commands.waiting_lines import print_shown
from workrail_mcp_server.terminal import page, styled


@click.command(
    epilog="""\b
Examples:
  workrail reject sess_….4 --note "The rollback is missing."

The agent is told the note, mends its work and sends it again; approval is then asked anew. What it
sent is kept. `workrail approve` lists what waits.
""",
)
@click.argument("approval", metavar="ID")
@click.option("--note", help="What is to be changed; asked for when it is left out.")
def reject(*, approval: str, note: str | None) -> None:
    """Send back what a step waits for."""
    with open_engine() as engine:
        pending = engine.approvals.look(approval)
        with person_at_terminal("reject", engine.approvals.drivers(pending.session_id)) as person:
            print_shown(page(), pending)
            told = note or person.ask("\nWhat is to be changed? ")
            sure = person.ask("Reject this? Type yes: ")
            if sure.lower() not in ("y", "yes"):
                message = "Nothing was recorded."
                raise click.ClickException(message)
            channel = check_passphrase(person, Locations.from_environment())
        engine.approvals.answer(
            pending.approval_id,
            Answered("rejected", pending.digest, who(), channel, told or None),
        )
    page().print(styled(("Rejected. ", "yellow"), "The agent is told what is to be changed."))
