"""`workrail simulate`: which way does a workflow go for these values?"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import click
from rich.text import Text

from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.library import open_registry
from workrail_engine.rehearsal.simulation import (
    Entry,
    SimulatedLoop,
    SimulatedStep,
    SkippedStep,
)
from workrail_engine.rehearsal.simulation import (
    simulate as simulated,
)
from workrail_mcp_server.commands.options import json_option, workspace_option
from workrail_mcp_server.rehearsal_json import simulation_json
from workrail_mcp_server.terminal import page, print_json, styled


@click.command(
    epilog="""\b
Examples:
  workrail simulate wr.coding-task --set taskComplexity=Small --set riskLevel=Low
  workrail simulate wr.coding-task --set 'slices=["reader", "writer"]'
  workrail simulate wr.bug-investigation --set reproduction=never --passes 2 --json

A VALUE is JSON where it can be read as such (3, true, ["a"]), else text. Nothing runs and nothing is
recorded; no step changes a value. Shows each step with what the engine would check and whom it would
ask, each step that is skipped with the reason, and each pass of a loop. Exits with 1 when there is no
such workflow, or when a loop lacks a value.
""",
)
@click.argument("workflow_id")
@click.option(
    "--set", "values", multiple=True, metavar="NAME=VALUE", help="A value; repeat it for more."
)
@click.option(
    "--passes",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="In which pass the agent leaves a loop that asks it.",
)
@workspace_option
@json_option
@click.pass_context
def simulate(
    context: click.Context,
    *,
    workflow_id: str,
    values: tuple[str, ...],
    passes: int,
    workspace: Path,
    as_json: bool,
) -> None:
    """Show the way through a workflow, without running it."""
    given = dict(_value(text) for text in values)
    workflow = open_registry().prepare(workflow_id, workspace.resolve()).compiled
    result = simulated(workflow, given, passes)
    if as_json:
        print_json(simulation_json(result))
    else:
        page().print(styled((result.name, "bold"), f"  {result.workflow_id}"))
        end = ("complete", "green") if result.completed else ("no further", "red")
        _print_below("", [*_branches(result.entries), _Branch(styled(end))])
        if result.stopped:
            page(errors=True).print(styled((result.stopped, "red")))
    context.exit(0 if result.completed else 1)


def _value(text: str) -> tuple[str, JsonValue]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        message = f'"{text}" is not of the form NAME=VALUE.'
        raise click.BadParameter(message, param_hint="--set")
    try:
        return name, cast("JsonValue", json.loads(value, parse_constant=_refused))
    except ValueError:
        return name, value


def _refused(name: str) -> JsonObject:
    raise ValueError(name)


@dataclass(frozen=True)
class _Branch:
    """A line of the tree, and those below it."""

    text: Text
    below: "Sequence[_Branch]" = ()


def _print_below(margin: str, branches: Sequence[_Branch]) -> None:
    for branch in branches:
        last = branch is branches[-1]
        guide = f"{margin}{'└── ' if last else '├── '}"
        page().print(Text.assemble((guide, "dim"), branch.text))
        _print_below(f"{margin}{'    ' if last else '│   '}", branch.below)


def _branches(entries: Sequence[Entry]) -> Iterator[_Branch]:
    for entry in entries:
        match entry:
            case SimulatedStep():
                facts = [_Branch(fact) for fact in _facts(entry)]
                yield _Branch(_named(entry.title, entry.step_id), facts)
            case SkippedStep():
                why = ", ".join(_why(entry))
                told = f"skipped {entry.step_id}: runs when {entry.condition}; {why}"
                yield _Branch(styled((told, "dim")))
            case SimulatedLoop():
                ends = f"loop, {entry.ended}" if entry.ended else "loop"
                passes = [
                    _Branch(styled(f"pass {one.number}"), list(_branches(one.entries)))
                    for one in entry.passes
                ]
                yield _Branch(_named(entry.title, entry.loop_id, ends), passes)


def _named(title: str, name: str, more: str = "") -> Text:
    return styled((title, "bold"), (f"  [{name}]", "dim"), f"  {more}" if more else "")


def _facts(step: SimulatedStep) -> Iterator[Text]:
    for check in step.checks:
        yield styled(("check ", "cyan"), check)
    if step.fresh:
        yield styled(("check ", "cyan"), f"again, of earlier steps: {', '.join(step.fresh)}")
    if step.confirmation:
        yield styled(("asks ", "magenta"), step.confirmation)
    if step.demands:
        yield styled(("sends ", "dim"), "; ".join(step.demands))


def _why(entry: SkippedStep) -> Iterator[str]:
    for name, value in entry.seen:
        yield f"{name} is {json.dumps(value, ensure_ascii=False)}"
    for name in entry.unset:
        yield f"{name} is not set"
