"""`worktrain session events`: what did a run do, turn by turn?"""

import click

from workrail_daemon.commands.chosen import chosen_session
from workrail_daemon.commands.entry_lines import entry_json, told
from workrail_daemon.commands.options import json_option, session_argument
from workrail_daemon.commands.terminal import moment, one_line, print_json, remark, say
from workrail_engine.canonical import JsonObject
from workrail_engine.reader import open_reader


@click.command(
    "events",
    epilog="""\b
Examples:
  worktrain session events last
  worktrain session events sess_q3kd --after 120 --limit 50 --json

Shows the turns, the tools and what else happened; `workrail session export` writes down the whole
log, steps included.
""",
)
@session_argument
@click.option("--after", type=click.IntRange(min=0), default=0, help="Go on behind this number.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=500,
    show_default=True,
    help="At most so many.",
)
@json_option
def session_events(*, session_id: str, after: int, limit: int, as_json: bool) -> None:
    """Show what a run did, turn by turn."""
    with open_reader() as reader:
        chosen = chosen_session(reader, session_id)
        found = reader.journal.read(chosen, after, limit + 1)
    entries, more = found[:limit], len(found) > limit
    if as_json:
        events: list[JsonObject] = [entry_json(entry) for entry in entries]
        following = entries[-1].seq if more else None
        print_json({"sessionId": chosen, "events": events, "nextAfter": following})
        return
    for entry in entries:
        word, said = told(entry.event)
        say(
            (f"{entry.seq:>5}  {moment(entry.at)}  ", "dim"),
            (f"{word:<9}", "cyan"),
            one_line(said, 300),
        )
    if not entries:
        remark("Nothing was recorded there by a run; `workrail session show` tells of its steps.")
    elif more:
        remark(f"More: --after {entries[-1].seq}")
