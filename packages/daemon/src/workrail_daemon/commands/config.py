"""`worktrain config`: which settings hold, where do they come from, and can they be used?"""

import os

import click

from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.setting_lines import leaves, setting_json
from workrail_daemon.commands.terminal import print_json, remark, say
from workrail_daemon.config.doubts import doubts
from workrail_daemon.config.loading import VARIABLES, Loaded, load
from workrail_daemon.config.problems import dotted
from workrail_daemon.errors import ConfigError
from workrail_engine.canonical import JsonValue
from workrail_engine.system import Locations


@click.group(
    epilog="""\b
Examples:
  worktrain config show
  worktrain config show models.tiers
  worktrain config check && worktrain daemon

Settings are in config.toml in the home of the store. docs/configuration.md lists them.
""",
)
def config() -> None:
    """Show the settings and where they come from, or check them."""


@config.command(
    epilog="""\b
Examples:
  worktrain config show
  worktrain config show limits
  worktrain config show --json | jq .settings.models.tiers

Keys of models are never part of the settings, and values of headers are not shown.
""",
)
@click.argument("beginning", default="")
@json_option
def show(*, beginning: str, as_json: bool) -> None:
    """Show every setting, or those whose names have this BEGINNING."""
    loaded = _load()
    found = [leaf for leaf in leaves(loaded) if _is_within(dotted(leaf.path), beginning)]
    if as_json:
        settings, origins = setting_json(found)
        print_json({**_file_json(loaded), "settings": settings, "origins": origins})
        return
    if not found:
        message = f"No setting has a name that begins with {beginning}. Leave it out to see all."
        raise click.ClickException(message)
    remark(f"{loaded.file}" + ("" if loaded.exists else " is not there; these are the defaults."))
    widest = max(len(leaf.line) for leaf in found if len(leaf.line) < 60)
    for leaf in found:
        origin = ("", "dim") if leaf.origin is None else (f"  # {leaf.origin}", "cyan")
        say(leaf.line.ljust(widest) if leaf.origin else leaf.line, origin)


@config.command(
    epilog="""\b
Examples:
  worktrain config check
  worktrain config check --strict --json

Exit codes: 0 the settings can be used; 1 they cannot, or --strict is given and there
are warnings. Warnings are on stderr.
""",
)
@click.option("--strict", is_flag=True, help="Let a warning fail too.")
@json_option
def check(*, strict: bool, as_json: bool) -> None:
    """Check whether the settings can be used, and what in them may surprise."""
    home = Locations.from_environment().home
    try:
        loaded = load(home, os.environ)
    except ConfigError as error:
        problems = str(error).splitlines()
        if as_json:
            print_json({"ok": False, "problems": [*problems], "warnings": []})
        for problem in problems:
            remark((problem, "red"))
        raise click.exceptions.Exit(1) from error
    warnings = [*loaded.warnings, *doubts(loaded, os.environ)]
    if as_json:
        value: dict[str, JsonValue] = {**_file_json(loaded), "ok": not (strict and warnings)}
        print_json({**value, "problems": [], "warnings": [*warnings]})
    else:
        what = f"{loaded.file} can be used." if loaded.exists else f"{loaded.file} is not there."
        say(what if loaded.exists else f"{what} The defaults can be used.")
    for warning in warnings:
        remark((warning, "yellow"))
    if strict and warnings:
        raise click.exceptions.Exit(1)


def _load() -> Loaded:
    return load(Locations.from_environment().home, os.environ)


def _file_json(loaded: Loaded) -> dict[str, JsonValue]:
    variables: list[JsonValue] = [*VARIABLES]
    return {"file": str(loaded.file), "exists": loaded.exists, "variables": variables}


def _is_within(name: str, beginning: str) -> bool:
    return name.startswith(beginning)
