"""`worktrain models`: which models are there, and do they answer?"""

import os
from pathlib import Path
from time import monotonic

import click

from workrail_daemon.commands.model_lines import (
    Row,
    Tried,
    row_json,
    row_lines,
    rows_of,
    tried_json,
    tried_line,
)
from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_daemon.config.loading import load
from workrail_daemon.errors import ModelError
from workrail_daemon.models.protocol import ModelRequest, Text, UserMessage
from workrail_daemon.models.registry import Models
from workrail_daemon.options import RunOptions
from workrail_daemon.stopping import Stop
from workrail_engine.system import Locations

_QUESTION = ModelRequest(
    system="You are asked whether you can be reached.",
    messages=(UserMessage((Text("Answer with one word: ready"),)),),
    tools=(),
    max_tokens=1024,
)
"""Small, with room for a model that thinks first."""


@click.group(
    epilog="""\b
Examples:
  worktrain models list
  worktrain models test
  worktrain models test anthropic/claude-haiku-5-5

docs/models.md says how other providers are added, and how a model is chosen.
""",
)
def models() -> None:
    """List the models there are, or try them."""


@models.command(
    "list",
    epilog="""\b
Examples:
  worktrain models list
  worktrain models list --json | jq -r '.models[].model'

Nothing is asked of any provider. Prices are in US dollars per million tokens.
""",
)
@json_option
def list_models(*, as_json: bool) -> None:
    """Show which model serves each tier and role, its price, and whether its key is there."""
    rows = _rows()
    if as_json:
        print_json({"models": [row_json(row) for row in rows]})
        return
    for line in row_lines(rows):
        say(*line)
    if any(not row.usable for row in rows):
        remark(("A key is missing: set the variable where the daemon is started.", "yellow"))


@models.command(
    "test",
    epilog="""\b
Examples:
  worktrain models test
  worktrain models test --all --json
  worktrain models test scripted/demo --script demo.yaml

A model is asked once, without second tries, and this costs what its answer costs.
Exit codes: 0 all answered; 1 one did not.
""",
)
@click.argument("name", required=False)
@click.option("--all", "every", is_flag=True, help="Try every model that is listed.")
@click.option(
    "--script",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What a scripted model follows.",
)
@json_option
def test_models(*, name: str | None, every: bool, script: Path | None, as_json: bool) -> None:
    """Ask the model NAME, or the one for ordinary runs, a short question."""
    if every and name is not None:
        message = "Give the name of a model or --all, not both."
        raise click.UsageError(message)
    loaded = load(Locations.from_environment().home, os.environ)
    asked = Models(loaded.settings, os.environ)
    names = [name or asked.choose(RunOptions()).model]
    if every:
        names = list(dict.fromkeys(row.model for row in rows_of(loaded.settings, os.environ)))
    try:
        found = [_try(asked, each, script, quiet=as_json) for each in names]
    finally:
        asked.close()
    if as_json:
        print_json({"tried": [tried_json(tried) for tried in found]})
    if any(tried.failure is not None for tried in found):
        raise click.exceptions.Exit(1)


def _rows() -> list[Row]:
    loaded = load(Locations.from_environment().home, os.environ)
    return rows_of(loaded.settings, os.environ)


def _try(asked: Models, name: str, script: Path | None, *, quiet: bool) -> Tried:
    begun = monotonic()
    try:
        reply = asked.one(name, script).ask(_QUESTION, Stop(), lambda _: None)
        tried = Tried(name, monotonic() - begun, reply, None)
    except ModelError as error:
        tried = Tried(name, monotonic() - begun, None, str(error))
    if tried.failure is not None:
        remark((tried_line(tried), "red"))
    elif not quiet:
        say(tried_line(tried))
    return tried
