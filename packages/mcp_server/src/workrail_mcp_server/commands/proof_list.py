"""`workrail proof list`: which checks, approvals and ends of runs are proved?"""

from typing import Literal

import click

from workrail_engine.projections.proofs import ProofAsk, ProofLine
from workrail_engine.projections.retention import age_of
from workrail_engine.reader import open_reader
from workrail_engine.system import SystemClock
from workrail_mcp_server.commands.chosen_session import chosen_session
from workrail_mcp_server.commands.options import json_option
from workrail_mcp_server.proof_json import proof_json
from workrail_mcp_server.terminal import moment, page, print_json, styled


@click.command(
    "list",
    epilog="""\b
Examples:
  workrail proof list
  workrail proof list --module 'src/auth/**' --kind check --outcome fail --since 30d
  workrail proof list --session sess_q3kd --json

Newest first. A module is a path that differed from the commit the session started from when the
proof was made, or the folder of the session; a folder stands for all below it, * stays within a name
and ** crosses folders.
""",
)
@click.option("--session", "session_id", metavar="ID", help="Only those of a session.")
@click.option("--module", metavar="GLOB", help="Only those that speak of such a path.")
@click.option(
    "--kind",
    type=click.Choice(["check", "approval", "assessment", "completion"]),
    help="Only this kind.",
)
@click.option("--outcome", type=click.Choice(["pass", "fail"]), help="Only those that came out so.")
@click.option("--since", metavar="AGE", help="Only those not older: 12h, 30d, 8w.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="At most so many.",
)
@json_option
def list_proofs(  # noqa: PLR0913 (an argument for each option)
    *,
    session_id: str | None,
    module: str | None,
    kind: Literal["check", "approval", "assessment", "completion"] | None,
    outcome: Literal["pass", "fail"] | None,
    since: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List what is proved."""
    begin = None if since is None else SystemClock().now() - age_of(since)
    with open_reader() as reader:
        chosen = None if session_id is None else chosen_session(reader, session_id)
        ask = ProofAsk(chosen, module, kind, outcome, begin, limit)
        found = reader.proofs(ask)
    if as_json:
        print_json({"proofs": [proof_json(line) for line in found]})
    else:
        _print(found, limit)


def _print(found: tuple[ProofLine, ...], limit: int) -> None:
    out = page()
    for line in found:
        held = ("pass", "green") if line.outcome == "pass" else ("fail", "red")
        shown = line.digest.removeprefix("sha256:")[:12]
        out.print(
            styled(
                (shown, "bold"),
                f"  {moment(line.at)}  ",
                held,
                f"  {line.kind:<10}  event {line.seq:<4}  {line.workflow_id}  {line.session_id}",
            )
        )
    more = " More may be there; give --limit." if len(found) == limit else ""
    count = "1 proof" if len(found) == 1 else f"{len(found)} proofs"
    page(errors=True).print(styled(f"{count}.{more}"))
