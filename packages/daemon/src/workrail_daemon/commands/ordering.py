"""How does an order on the command line become a session that is worked on?"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

import click

from workrail_daemon.config.loading import load
from workrail_daemon.options import Limits, RunOptions
from workrail_engine.canonical import JsonObject, JsonValue
from workrail_engine.engine import Engine, StartRequest
from workrail_engine.errors import InvalidSubmissionError
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunOrder, RunView
from workrail_engine.system import Locations

_TRIGGER = "cli"
DEEPEST = 3
"""How many runs may stand above one."""


@dataclass(frozen=True)
class Wanted:
    """What is ordered."""

    workflow: str
    goal: str
    workspace: Path
    context: JsonObject
    options: RunOptions
    parent: RunView | None = None
    priority: int = 0
    lane: str | None = None
    key: str | None = None
    """Names the call: made again with the same one, it starts nothing new."""


@dataclass(frozen=True)
class Ordered:
    """A session that is, or was, ordered to be worked on."""

    session_id: SessionId
    new: bool
    """Whether this call ordered it."""


def place_order(engine: Engine, wanted: Wanted) -> Ordered:
    """Start a session and have it worked on, or find the one the same call started before.

    Raises:
        WorkflowNotFoundError: no such workflow.
        InvalidInputError: the goal, the context or the workflow cannot be used.
    """
    parent = wanted.parent
    depth = 0 if parent is None else parent.depth + 1
    if depth > DEEPEST:
        message = (
            f"{parent and parent.session_id} stands {DEEPEST} runs deep, and no run may stand "
            "deeper. Order it without --parent, or with one further up."
        )
        raise InvalidSubmissionError(message, field="parent")
    request = StartRequest(
        workflow_id=wanted.workflow,
        goal=wanted.goal,
        workspace=wanted.workspace,
        parent_session_id=None if parent is None else parent.session_id,
        context=wanted.context,
        origin="daemon",
        call_id=None if wanted.key is None else f"worktrain:{wanted.key}",
    )
    session_id = SessionId(engine.start(request).session_id)
    if wanted.key is not None and engine.runs.view(session_id) is not None:
        return Ordered(session_id, new=False)
    order = RunOrder(
        session_id=session_id,
        priority=wanted.priority,
        lane=wanted.lane,
        parent=None if parent is None else parent.session_id,
        depth=depth,
        options={**_said(wanted.options), "trigger": _TRIGGER},
    )
    engine.runs.order(order)
    return Ordered(session_id, new=True)


def _said(options: RunOptions) -> JsonObject:
    """What an order says, as the store keeps it; what it does not say is left to the settings."""
    unsaid = RunOptions().model_dump(mode="json")
    said = cast("JsonObject", options.model_dump(mode="json"))
    return {name: value for name, value in said.items() if value != unsaid[name]}


def limits_of(
    locations: Locations,
    *,
    minutes: float | None,
    turns: int | None,
    usd: float | None,
    tokens: int | None,
) -> Limits | None:
    """The limits that were named, over those of the settings; None: none was named.

    Raises:
        ConfigError: the settings cannot be used.
    """
    asked = {"minutes": minutes, "turns": turns, "usd": usd, "tokens": tokens}
    named = {name: value for name, value in asked.items() if value is not None}
    if not named:
        return None
    return load(locations.home, os.environ).settings.limits.model_copy(update=named)


def globs_of(globs: Sequence[str]) -> tuple[str, ...]:
    """The globs of files that may be changed; every file where none is named.

    Raises:
        click.UsageError: one leads out of the workspace.
    """
    for glob in globs:
        path = PurePosixPath(glob)
        if path.is_absolute() or ".." in path.parts or not path.parts or glob.startswith("~"):
            message = f"--writable {glob}: it is no path below the workspace. Write, say, src/**."
            raise click.UsageError(message)
    return tuple(globs) or ("**",)


def context_of(pairs: Sequence[str], document: bytes | None) -> JsonObject:
    """Named values: those of a JSON object, and over them those of KEY=VALUE.

    Raises:
        click.UsageError: the document is no JSON object, or a pair has no name.
    """
    found: JsonObject = {} if document is None else _object(document)
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            message = f"--context {pair}: it is no KEY=VALUE. Write, say, --context issue=12."
            raise click.UsageError(message)
        found = {**found, name.strip(): _value(value)}
    return found


def _value(text: str) -> JsonValue:
    try:
        return cast("JsonValue", json.loads(text))
    except ValueError:
        return text


def _object(document: bytes) -> JsonObject:
    try:
        value: object = json.loads(document)
    except ValueError as error:
        message = f"--context-file: it is no JSON ({error}). Give an object of named values."
        raise click.UsageError(message) from error
    if not isinstance(value, dict):
        message = "--context-file: it is JSON, but no object. Give an object of named values."
        raise click.UsageError(message)
    return cast("JsonObject", value)
