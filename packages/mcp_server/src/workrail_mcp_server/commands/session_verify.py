"""`workrail session verify`: is a session's log whole?"""

import click

from workrail_engine.projections.verification import Verification
from workrail_engine.reader import open_reader
from workrail_mcp_server.commands.chosen_session import all_sessions, chosen_session
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.session_json import verification_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    "verify",
    epilog="""\b
Examples:
  workrail session verify sess_q3kd
  workrail session verify --all --json

Every event's hash, the stored state and every artifact are worked out again and compared.
Exits with 1 when anything differs.
""",
)
@click.argument("session_id", required=False)
@click.option("--all", "every", is_flag=True, help="Check every session of the store.")
@json_option
@click.pass_context
def verify_sessions(
    context: click.Context, *, session_id: str | None, every: bool, as_json: bool
) -> None:
    """Check that logs are whole and agree with what is stored."""
    if (session_id is None) != every:
        message = "Name one session, or give --all."
        raise click.UsageError(message)
    with open_reader() as reader:
        chosen = [chosen_session(reader, session_id)] if session_id else all_sessions(reader)
        results = [reader.verify(one) for one in chosen]
    if as_json:
        print_json({"sessions": [verification_json(result) for result in results]})
    else:
        _print(results)
    context.exit(1 if any(result.problems for result in results) else 0)


def _print(results: list[Verification]) -> None:
    out = page()
    for result in results:
        if not result.problems:
            out.print(
                styled(
                    (result.session_id, "bold"), ("  whole", "green"), f", {result.events} events"
                )
            )
        for problem in result.problems:
            out.print(styled((result.session_id, "bold"), ("  damaged: ", "red"), problem))
    damaged = sum(1 for result in results if result.problems)
    count = "1 session" if len(results) == 1 else f"{len(results)} sessions"
    page(errors=True).print(styled(f"{count} checked, {damaged or 'none'} damaged."))
