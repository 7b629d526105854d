"""`workrail session export`: a session's log, for other programs and for safe keeping."""

import json
from typing import Literal

import click

from workrail_engine.reader import open_reader
from workrail_mcp_server.commands.chosen_session import chosen_session
from workrail_mcp_server.session_json import event_json, summary_json


@click.command(
    "export",
    epilog="""\b
Examples:
  workrail session export sess_q3kd > session.jsonl
  workrail session export sess_q3kd --format json | jq '.events[].kind'

jsonl prints one event a line, in order; json prints one object with the session and its events.
Exits with 1 when there is no such session.
""",
)
@click.argument("session_id")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["jsonl", "json"]),
    default="jsonl",
    show_default=True,
    help="One event a line, or one object.",
)
def export_session(*, session_id: str, shape: Literal["jsonl", "json"]) -> None:
    """Print a session's log, event by event."""
    with open_reader() as reader:
        chosen = chosen_session(reader, session_id)
        summary = reader.session(chosen).summary
        events = (event_json(record) for record in reader.events(chosen))
        if shape == "jsonl":
            for event in events:
                click.echo(json.dumps(event, separators=(",", ":")))
        else:
            whole = {"session": summary_json(summary), "events": list(events)}
            click.echo(json.dumps(whole, indent=2))
