"""`worktrain spawn`: start a session and have it worked on."""

import sys
from pathlib import Path
from typing import BinaryIO, get_args

import click

from workrail_daemon.commands.awaited_lines import print_awaited, told
from workrail_daemon.commands.chosen import chosen_run
from workrail_daemon.commands.looking import Lookout
from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.ordering import (
    Ordered,
    Wanted,
    context_of,
    globs_of,
    limits_of,
    place_order,
)
from workrail_daemon.commands.results import result_json
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_daemon.commands.waiting import wait_for
from workrail_daemon.event_log.writing import EventLog
from workrail_daemon.options import RunOptions, StuckPolicy, Tier, ToolsAllowed
from workrail_daemon.sandbox.contract import SandboxWish
from workrail_daemon.service.attendance import attendance
from workrail_engine.canonical import JsonObject
from workrail_engine.engine import open_engine
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunView
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock


@click.command(
    epilog="""\b
Examples:
  worktrain spawn wr.bug-investigation --goal "Why is the login slow?"
  worktrain spawn team.fix --goal "Mend issue 12" --context issue=12 --usd 5 --wait
  worktrain spawn team.review --goal "Review" --tool Read --tool Grep --tier heavy --json
  worktrain spawn team.fix --goal "Mend it" --writable "src/**" --writable "tests/**"

Prints the id of the session. A VALUE of --context that is JSON counts as such: 12 is a number, '"12"'
a text; everything else is text. With no daemon the session is queued until one starts. The same call
with the same --idempotency-key starts nothing new and prints the same id.

With --wait it exits as `worktrain await` does.
""",
)
@click.argument("workflow")
@click.option("--goal", required=True, help="What is to be achieved, in a sentence.")
@click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    show_default="the current folder",
    help="Folder the agent works in.",
)
@click.option("--context", "pairs", multiple=True, metavar="KEY=VALUE", help="A named value.")
@click.option(
    "--context-file", type=click.File("rb"), help="A JSON object of named values; - is stdin."
)
@click.option("--parent", metavar="ID", help="The session it belongs to; ends with it.")
@click.option("--model", metavar="PROVIDER/MODEL", help="The model, whatever tier a step asks for.")
@click.option("--tier", type=click.Choice(get_args(Tier)), help="How able a model.")
@click.option(
    "--script",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file the scripted model follows.",
)
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), help="Of work at most.")
@click.option("--turns", type=click.IntRange(min=1), help="Of the model at most.")
@click.option("--usd", type=click.FloatRange(min=0, min_open=True), help="To spend at most.")
@click.option("--tokens", type=click.IntRange(min=1), help="Read and written at most.")
@click.option("--tool", "tools", multiple=True, metavar="NAME", help="Only these tools.")
@click.option(
    "--host", "hosts", multiple=True, metavar="NAME", help="Only these hosts are reached."
)
@click.option("--writable", multiple=True, metavar="GLOB", help="Only these files are changed.")
@click.option("--sandbox", type=click.Choice(get_args(SandboxWish)), help="How tools are held.")
@click.option(
    "--soul",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file with your rules for the agent.",
)
@click.option(
    "--stuck", type=click.Choice(get_args(StuckPolicy)), help="What comes of going in circles."
)
@click.option("--priority", type=int, default=0, show_default=True, help="Higher goes first.")
@click.option("--lane", help="Runs of one lane go one at a time.")
@click.option("--idempotency-key", "key", help="Names this call, so that it counts once.")
@click.option("--wait", is_flag=True, help="Wait for its end and say what came of it.")
@json_option
def spawn(  # noqa: PLR0913 - one for each option
    *,
    workflow: str,
    goal: str,
    workspace: Path,
    pairs: tuple[str, ...],
    context_file: BinaryIO | None,
    parent: str | None,
    model: str | None,
    tier: Tier | None,
    script: Path | None,
    minutes: float | None,
    turns: int | None,
    usd: float | None,
    tokens: int | None,
    tools: tuple[str, ...],
    hosts: tuple[str, ...],
    writable: tuple[str, ...],
    sandbox: SandboxWish | None,
    soul: Path | None,
    stuck: StuckPolicy | None,
    priority: int,
    lane: str | None,
    key: str | None,
    wait: bool,
    as_json: bool,
) -> None:
    """Start a session of WORKFLOW and have it worked on."""
    locations = Locations.from_environment()
    options = RunOptions(
        model=model,
        tier=tier,
        limits=limits_of(locations, minutes=minutes, turns=turns, usd=usd, tokens=tokens),
        tools=ToolsAllowed(allowed=tools or None, hosts=hosts, writable=globs_of(writable)),
        sandbox=sandbox,
        soul=None if soul is None else str(soul.resolve()),
        stuck=stuck,
        script=None if script is None else str(script.resolve()),
    )
    wanted = Wanted(
        workflow=workflow,
        goal=goal,
        workspace=workspace.resolve(),
        context=context_of(pairs, None if context_file is None else context_file.read()),
        options=options,
        parent=None if parent is None else _parent(parent),
        priority=priority,
        lane=lane,
        key=key,
    )
    with open_engine(locations) as engine:
        ordered = place_order(engine, wanted)
    if ordered.new:
        _log(locations, ordered.session_id, wanted)
    _tell(ordered, locations, wait=wait, as_json=as_json)


def _log(locations: Locations, session_id: SessionId, wanted: Wanted) -> None:
    EventLog(locations.home, SystemClock().now).write(
        "session_queued",
        session_id,
        workflow=wanted.workflow,
        priority=wanted.priority,
        lane=wanted.lane,
        parent=None if wanted.parent is None else wanted.parent.session_id,
    )


def _parent(text: str) -> RunView:
    with open_reader() as reader:
        return chosen_run(reader, text)


def _tell(ordered: Ordered, locations: Locations, *, wait: bool, as_json: bool) -> None:
    there = attendance(locations)
    unattended = there.daemon is None and not there.shared
    if not as_json:
        say(ordered.session_id)
    if unattended:
        remark("Queued. No daemon runs here; `worktrain daemon` starts one, and it begins then.")
    elif not ordered.new:
        remark("The same call was made before; nothing new was started.")
    told_json: JsonObject = {
        "sessionId": ordered.session_id,
        "new": ordered.new,
        "daemon": not unattended,
    }
    if wait:
        _wait(ordered, locations, told_json if as_json else None)
    elif as_json:
        print_json(told_json)


def _wait(ordered: Ordered, locations: Locations, as_json: JsonObject | None) -> None:
    with open_reader(locations) as reader:
        lookout = Lookout(reader, locations)
        run = lookout.at(chosen_run(reader, ordered.session_id))
        awaited = wait_for(lookout, [run], "all", None, told)
        if as_json is None:
            print_awaited(reader, awaited)
        else:
            came = {"came": awaited.came.name.lower()}
            print_json({**as_json, **came, "run": result_json(reader, awaited.runs[0])})
    sys.exit(awaited.came)
