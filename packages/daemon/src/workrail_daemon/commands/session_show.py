"""`worktrain session show`: how did a run go, and what was it told?"""

import json
from dataclasses import dataclass
from typing import cast

import click

from workrail_daemon.commands.chosen import chosen_run
from workrail_daemon.commands.looking import Lookout, SeenRun
from workrail_daemon.commands.options import json_option, session_argument
from workrail_daemon.commands.results import CompletedStep, completed_steps, result_json
from workrail_daemon.commands.run_json import spent_json
from workrail_daemon.commands.run_lines import cost_words, facts, run_line, wishes
from workrail_daemon.commands.terminal import indented, one_line, page, print_json, say
from workrail_engine.agent_events import ArtifactSaved, RunBegun
from workrail_engine.canonical import JsonObject
from workrail_engine.errors import CorruptSessionError, WorkRailError
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunView
from workrail_engine.reader import Reader, open_reader
from workrail_engine.system import Locations


@dataclass(frozen=True)
class Part:
    """A part of what the model was told beforehand."""

    name: str
    source: str
    text: str


@click.command(
    "show",
    epilog="""\b
Examples:
  worktrain session show last
  worktrain session show sess_q3kd --prompt
  worktrain session show sess_q3kd --json | jq .treeSpent.usd

--prompt shows what the model was told beforehand, part by part, each with where it came from.
""",
)
@session_argument
@click.option("--prompt", is_flag=True, help="Show the system prompt, part by part.")
@json_option
def show(*, session_id: str, prompt: bool, as_json: bool) -> None:
    """Show how a run went."""
    with open_reader() as reader:
        view = chosen_run(reader, session_id)
        parts = _parts(reader, view.session_id)
        if as_json:
            print_json(_json(reader, view, parts))
        elif prompt:
            _print_prompt(parts)
        else:
            _print(reader, view, parts)


def _json(reader: Reader, view: RunView, parts: tuple[Part, ...]) -> JsonObject:
    run = Lookout(reader, Locations.from_environment()).at(view)
    saved = [
        {
            "name": one.name,
            "mediaType": one.media_type,
            "digest": one.content.digest,
            "size": one.content.size,
        }
        for one in _saved(reader, view.session_id)
    ]
    return {
        **result_json(reader, run),
        "treeSpent": spent_json(reader.runs.tree_spent(view.session_id)),
        "children": [child.session_id for child in reader.runs.below(view.session_id)],
        "saved": saved,
        "prompt": [
            {
                "name": part.name,
                "source": part.source,
                "bytes": len(part.text.encode()),
                "text": part.text,
            }
            for part in parts
        ],
    }


def _print(reader: Reader, view: RunView, parts: tuple[Part, ...]) -> None:
    lookout = Lookout(reader, Locations.from_environment())
    run = lookout.at(view)
    if run.summary is not None:
        say((run.summary.goal, "bold"))
        workflow = f"{run.summary.workflow_name} ({run.summary.workflow_id})"
        say(("workflow  ", "dim"), workflow)
    say(("session   ", "dim"), view.session_id)
    for label, text in facts(view, run.at):
        say((f"{label:<10}", "dim"), text)
    wished = wishes(view.options)
    if wished:
        say(("asked for ", "dim"), wished)
    told = ", ".join(f"{part.name} ({len(part.text.encode()):,} bytes)" for part in parts)
    if told:
        say(("told      ", "dim"), told)
    _print_steps(reader, run)
    for one in _saved(reader, view.session_id):
        say(("saved     ", "dim"), f"{one.name} ({one.content.size:,} bytes) {one.content.digest}")
    children = reader.runs.below(view.session_id)
    for child in children:
        seen = lookout.at(child)
        page().print(run_line(child, seen.summary, seen.at, attended=seen.attended))
    if children:
        say(("all of it ", "dim"), cost_words(reader.runs.tree_spent(view.session_id)))


def _print_steps(reader: Reader, run: SeenRun) -> None:
    try:
        steps = completed_steps(reader.session(run.view.session_id))
    except WorkRailError as error:
        say(("!         ", "yellow"), str(error))
        return
    for step in steps:
        say(
            ("✓ ", "green"), (step.node.title or step.node.step_id or "", "bold"), (_back(step), "")
        )
        if step.node.notes:
            page().print(indented(step.node.notes, 4))


def _back(step: CompletedStep) -> str:
    times = "once" if step.refused == 1 else f"{step.refused} times"
    return f"  sent back {times}" if step.refused else ""


def _print_prompt(parts: tuple[Part, ...]) -> None:
    if not parts:
        message = "The run has not begun yet, so nothing was told. `worktrain status` shows it."
        raise click.ClickException(message)
    for part in parts:
        size = len(part.text.encode())
        say((f"── {part.name}", "bold"), (f"  {one_line(part.source)}, {size:,} bytes", "dim"))
        page().print(indented(part.text, 0))


def _parts(reader: Reader, session_id: SessionId) -> tuple[Part, ...]:
    """What the model was told when the run was taken up last; nothing where that is lost."""
    begun = [
        entry.event
        for entry in reader.journal.read(session_id)
        if isinstance(entry.event, RunBegun) and entry.event.prompt is not None
    ]
    if not begun or begun[-1].prompt is None:
        return ()
    try:
        value: object = json.loads(reader.journal.content(begun[-1].prompt))
    except (CorruptSessionError, ValueError):
        return ()
    parts = cast("list[dict[str, object]]", value) if isinstance(value, list) else []
    return tuple(
        Part(*(str(part.get(name, "")) for name in ("name", "source", "text"))) for part in parts
    )


def _saved(reader: Reader, session_id: SessionId) -> list[ArtifactSaved]:
    entries = reader.journal.read(session_id)
    return [entry.event for entry in entries if isinstance(entry.event, ArtifactSaved)]
