"""`worktrain daemon status`: does a daemon run, and does all it needs work?"""

import os
import sys
from dataclasses import dataclass
from typing import Final

import click

from workrail_daemon.commands.options import json_option
from workrail_daemon.commands.run_lines import duration
from workrail_daemon.commands.terminal import print_json, say
from workrail_daemon.config.loading import load
from workrail_daemon.errors import ConfigError
from workrail_daemon.healing.health import Health, store_health, store_is_there
from workrail_daemon.service.lock import Held, held
from workrail_daemon.service.powers import Powers, powers
from workrail_engine.canonical import JsonObject
from workrail_engine.errors import WorkRailError
from workrail_engine.projections.runs import RunState
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock

_HANGS: Final = 15.0
"""Seconds without a sign of life after which a daemon is said to hang."""
_MOST: Final = 10_000
_STATES: Final[tuple[RunState, ...]] = ("running", "queued", "parked")


@dataclass(frozen=True)
class _Found:
    held: Held | None
    silent: float
    """Seconds since its last sign of life."""
    store: str
    made: bool
    """Whether there is a store; the first session makes one."""
    counts: dict[RunState, int] | None
    store_problem: str | None
    health: Health
    powers: Powers | None
    settings_problem: str | None

    @property
    def code(self) -> int:
        """The exit code."""
        if self.store_problem is not None or self.settings_problem is not None:
            return 2
        well = self.held is not None and self.silent < _HANGS
        able = self.powers is not None and self.powers.sandbox.enough
        return 0 if well and able and not self.unwell else 1

    @property
    def unwell(self) -> tuple[str, ...]:
        """What is wrong with the store's surroundings; nothing where it was never made."""
        bad = (
            probe for probe in self.health.bad if probe.name != "lock"
        )  # it is held for a moment
        return tuple(probe.said for probe in bad) if self.made else ()


@click.command(
    "status",
    epilog="""\b
Examples:
  worktrain daemon status
  worktrain daemon status --json | jq .queued

Exit codes: 0 a daemon runs here and has what it needs; 1 none runs, or it hangs, or no run could
begin; 2 the store or the settings are at fault.
""",
)
@json_option
def status(*, as_json: bool) -> None:
    """Say whether a daemon runs, and whether all it needs works."""
    found = _look(Locations.from_environment())
    if as_json:
        print_json(_json(found))
    else:
        _print(found)
    sys.exit(found.code)


def _look(locations: Locations) -> _Found:
    there = held(locations.home)
    now = SystemClock().now().timestamp()
    counts: dict[RunState, int] | None = None
    store_problem, settings_problem = None, None
    try:
        with open_reader(locations) as reader:
            counts = {state: len(reader.runs.views(state, most=_MOST)) for state in _STATES}
    except WorkRailError as error:
        store_problem = str(error)
    able: Powers | None = None
    try:
        able = powers(load(locations.home, os.environ), os.environ)
    except ConfigError as error:
        settings_problem = str(error)
    silent = 0.0 if there is None else max(0.0, now - there.beat_at)
    return _Found(
        held=there,
        silent=silent,
        store=locations.store_shown,
        made=store_is_there(locations),
        counts=counts,
        store_problem=store_problem,
        health=store_health(locations),
        powers=able,
        settings_problem=settings_problem,
    )


def _json(found: _Found) -> JsonObject:
    counts = found.counts or {}
    holder = None if found.held is None else found.held.holder
    return {
        "ok": found.code == 0,
        "running": holder is not None,
        "pid": None if holder is None else holder.pid,
        "host": None if holder is None else holder.host,
        "slots": None if holder is None else holder.slots,
        "startedAt": None if holder is None else holder.started_at,
        "silentSeconds": None if holder is None else round(found.silent, 1),
        "store": {
            "place": found.store,
            "made": found.made,
            "problem": found.store_problem,
            "probes": found.health.json(),
        },
        "settings": {"problem": found.settings_problem},
        "working": counts.get("running"),
        "queued": counts.get("queued"),
        "parked": counts.get("parked"),
        **_powers_json(found.powers),
    }


def _powers_json(able: Powers | None) -> JsonObject:
    if able is None:
        return {"sandbox": None, "models": None, "warnings": None}
    return {
        "sandbox": {
            "wish": able.sandbox.wish,
            "kind": able.sandbox.kind,
            "problem": able.sandbox.why_not,
        },
        "models": [
            {"use": one.use, "model": one.model, "key": one.key, "usable": one.usable}
            for one in able.models
        ],
        "warnings": list(able.warnings),
    }


def _print(found: _Found) -> None:
    _row("daemon", *_daemon(found))
    if found.store_problem is not None:
        _row("store", found.store_problem, "red")
    else:
        _row("store", found.store if found.made else f"{found.store}, not made yet", "")
        for said in found.unwell:
            _row("!", said, "red")
    if found.counts is not None:
        words = {"running": "under way", "queued": "queued", "parked": "parked"}
        counts = ", ".join(f"{found.counts[state]} {words[state]}" for state in _STATES)
        _row("runs", counts, "")
    if found.settings_problem is not None:
        _row("settings", found.settings_problem, "red")
    if found.powers is not None:
        _print_powers(found.powers)


def _daemon(found: _Found) -> tuple[str, str]:
    if found.held is None:
        return "none runs here; `worktrain daemon` starts one", "yellow"
    holder = found.held.holder
    name = f"process {holder.pid} on {holder.host}, {holder.slots} runs at a time"
    if found.silent >= _HANGS:
        return (
            f"{name}: no sign of life for {duration(found.silent)}; stop it and start it anew",
            "red",
        )
    return f"{name}, since {holder.started_at[:19].replace('T', ' ')}Z", "green"


def _print_powers(able: Powers) -> None:
    for one in able.models:
        _row("model", f"{one.model} for {one.use}, key {one.key}", "" if one.usable else "yellow")
    sandbox = able.sandbox
    less = sandbox.kind == "none"
    why = "" if sandbox.why_not is None else f": {sandbox.why_not}"
    _row("sandbox", f"{sandbox.kind} (asked for: {sandbox.wish}){why}", "yellow" if less else "")
    for warning in able.warnings:
        _row("note", warning, "yellow")


def _row(label: str, text: str, style: str) -> None:
    say((f"{label:<10}", "dim"), (text, style))
