"""`workrail approve`: what waits for a person, and their yes."""

import click

from workrail_engine.engine import Answered, Approvals, open_engine
from workrail_engine.system import Locations
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.commands.person import check_passphrase, person_at_terminal, who
from workrail_mcp_server.commands.waiting_lines import pending_json, print_pending, print_shown
from workrail_mcp_server.terminal import page, print_json, styled

_ASKED = 6
"""Characters of the digest a person types."""


@click.command(
    epilog="""\b
Examples:
  workrail approve
  workrail approve sess_….4
  workrail approve sess_….4 --note "Ship it on Monday."

Without an ID it lists what waits. With one it shows, whole, what the agent sent, and asks at the
terminal for the first characters of its digest: so what is approved is what was shown. The step is
then completed with exactly that. When the agent sends something else meanwhile, the approval is
void and the new one is asked for. Nothing is ever approved by waiting.
""",
)
@click.argument("approval", metavar="[ID]", required=False)
@click.option("--note", help="Kept with the decision.")
@json_option
def approve(*, approval: str | None, note: str | None, as_json: bool) -> None:
    """Approve what a step waits for, or list what waits."""
    with open_engine() as engine:
        if approval is None:
            _list(engine.approvals, as_json=as_json)
        elif as_json:
            print_json(pending_json(engine.approvals.look(approval)))
        else:
            _approve(engine.approvals, approval, note)


def _list(approvals: Approvals, *, as_json: bool) -> None:
    waiting = approvals.pending()
    if as_json:
        print_json({"approvals": [pending_json(one) for one in waiting]})
        return
    for one in waiting:
        print_pending(page(), one)
    rest = page(errors=True)
    rest.print(
        styled("To look at one and decide: workrail approve ID, or workrail reject ID.")
        if waiting
        else styled("Nothing waits for approval.")
    )


def _approve(approvals: Approvals, approval: str, note: str | None) -> None:
    pending = approvals.look(approval)
    with person_at_terminal("approve", approvals.drivers(pending.session_id)) as person:
        print_shown(page(), pending)
        wanted = pending.digest.removeprefix("sha256:")[:_ASKED]
        typed = person.ask(
            f"\nTo approve exactly this, type the first {_ASKED} characters of its digest, after "
            "sha256: "
        )
        if typed.lower().removeprefix("sha256:") != wanted:
            message = "That is not the digest shown. Nothing was recorded."
            raise click.ClickException(message)
        channel = check_passphrase(person, Locations.from_environment())
    given = Answered("approved", pending.digest, who(), channel, note)
    approvals.answer(pending.approval_id, given)
    page().print(styled(("Approved. ", "green"), "The step is complete; the agent can go on."))
