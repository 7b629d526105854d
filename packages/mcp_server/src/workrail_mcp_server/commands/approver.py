"""`workrail approver`: a passphrase for whoever approves."""

import click

from workrail_engine.system import Locations
from workrail_mcp_server.approver import SHORTEST, Passphrase
from workrail_mcp_server.commands.person import Person, person_at_terminal
from workrail_mcp_server.terminal import page, styled


@click.command(
    epilog="""\b
Examples:
  workrail approver status
  workrail approver set
  workrail approver remove

With a passphrase set, `workrail approve` and `workrail reject` ask for it, and what is recorded
says that it was given. An agent that runs as you can type at a terminal it makes itself; it does not
know your passphrase. See docs/approvals.md for what this stops and what it does not.
""",
)
@click.argument("action", type=click.Choice(["status", "set", "remove"]))
def approver(*, action: str) -> None:
    """Set a passphrase for approvals, or remove it."""
    passphrase = Passphrase(Locations.from_environment().home)
    if action == "status":
        page().print(styled("A passphrase is set." if passphrase.is_set else "None is set."))
        return
    with person_at_terminal(f"approver {action}") as person:
        if passphrase.is_set and not passphrase.matches(person.ask_hidden("Passphrase now: ")):
            message = "That is not the passphrase. Nothing was changed."
            raise click.ClickException(message)
        if action == "set":
            passphrase.set(_chosen(person))
            page().print(styled(("Set. ", "green"), "Approvals ask for it from now on."))
        else:
            passphrase.remove()
            page().print(styled("Removed. Whoever is at a terminal of this account can approve."))


def _chosen(person: Person) -> str:
    new = person.ask_hidden("New passphrase: ")
    if len(new) < SHORTEST:
        message = f"A passphrase has at least {SHORTEST} characters. Nothing was changed."
        raise click.ClickException(message)
    if person.ask_hidden("The same again: ") != new:
        message = "The two differ. Nothing was changed."
        raise click.ClickException(message)
    return new
