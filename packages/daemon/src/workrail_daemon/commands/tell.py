"""`worktrain tell`: say something to a run, or to all of them."""

import click

from workrail_daemon.commands.chosen import chosen_run
from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.run_lines import short_id
from workrail_daemon.commands.saying import say_to
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_engine.canonical import JsonObject
from workrail_engine.engine import open_engine
from workrail_engine.projections.runs import RunView
from workrail_engine.reader import open_reader


@click.command(
    epilog="""\b
Examples:
  worktrain tell "The staging server is down until noon."
  worktrain tell --session sess_q3kd "Leave the old API as it is."

Agents hear it before their next turn, as words of their operator. Exits with 1 when no run is under
way that could hear it.
""",
)
@click.option("--session", "session_id", metavar="ID", help="Only this run.")
@click.argument("text")
@json_option
def tell(*, session_id: str | None, text: str, as_json: bool) -> None:
    """Say TEXT to a run, or to every run that is not over."""
    views = _meant(session_id)
    if not views:
        message = (
            "No run is under way that could hear it. `worktrain overview` shows what there is."
        )
        raise click.ClickException(message)
    with open_engine() as engine:
        sent = [(view, say_to(engine, view, text)) for view in views]
    if as_json:
        told: list[JsonObject] = [
            {"sessionId": view.session_id, "message": number} for view, number in sent
        ]
        print_json({"sent": told})
        return
    for view, _ in sent:
        say((short_id(view.session_id), "bold"), f"  {view.state}")
    remark(f"Said to {len(sent)}; each hears it before its next turn.")


def _meant(session_id: str | None) -> tuple[RunView, ...]:
    with open_reader() as reader:
        if session_id is None:
            return reader.runs.views("running", "queued", "parked")
        view = chosen_run(reader, session_id)
    return () if view.state == "ended" else (view,)
