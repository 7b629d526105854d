"""What is a child ordered with, so that it can do no more than the run that spawned it?"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final

from pydantic import Field, JsonValue

from workrail_daemon.ground import Ground
from workrail_daemon.options import Limits, RunOptions, Tier
from workrail_daemon.tools.bash import folder_of
from workrail_daemon.tools.contract import Call
from workrail_daemon.tools.inside import Inside
from workrail_daemon.tools.making import Arguments
from workrail_daemon.tools.policy import NAMES, STEERING, globs_below
from workrail_daemon.tools.refusing import NotDoneError, refused
from workrail_engine.engine import StartRequest
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunOrder
from workrail_engine.reader import Reader

DEEPEST: Final = 3
"""How many runs may stand above one."""


class Terms(Arguments):
    """How a child works, whatever it works on."""

    workspace_path: str = Field(
        default=".",
        alias="workspacePath",
        description="A folder of your workspace to work in; all of it if left out.",
    )
    context: dict[str, JsonValue] | None = Field(
        default=None, description="Variables its workflow begins with."
    )
    model_tier: Tier | None = Field(
        default=None, alias="modelTier", description="How able a model it needs."
    )
    allowed_tools: list[str] | None = Field(
        default=None,
        alias="allowedTools",
        description="The only tools it may use, besides those that steer a run.",
    )


class Agent(Terms):
    """A child that is wanted."""

    workflow_id: str = Field(
        min_length=1, alias="workflowId", description="The workflow it goes through."
    )
    goal: str = Field(pattern=r"\S", description="What it is to achieve, in a sentence.")


@dataclass(frozen=True)
class Nursery:
    """What agents are spawned with."""

    ground: Ground
    reader: Callable[[], AbstractContextManager[Reader]]
    inside: Inside
    order: RunOrder
    """Of the run that spawns."""
    options: RunOptions
    """The same, as the daemon reads them."""
    left: Callable[[], Limits | None]
    """What the run may still use; None: nothing."""


@dataclass(frozen=True)
class Plan:
    """A child, before it is begun."""

    request: StartRequest
    order: Callable[[SessionId, Limits], RunOrder]


def planned(nursery: Nursery, call: Call, number: int, agent: Agent) -> Plan:
    """A child before it is begun.

    Args:
        nursery: what it is spawned with.
        call: that asks for it.
        number: its place among those the call asks for, from 1.
        agent: what is wanted.

    Raises:
        NotDoneError: it would stand too deep, or could do what its parent cannot.
    """
    above = nursery.order
    if above.depth >= DEEPEST:
        message = (
            f"{above.depth} runs stand above this one, and {DEEPEST} is the most: it spawns no "
            "further agents. Do the work yourself."
        )
        raise refused(message)
    place = folder_of(nursery.inside, agent.workspace_path)
    tools = nursery.options.tools.model_copy(
        update={
            "allowed": _tools(nursery.options.tools.allowed, agent.allowed_tools),
            "writable": globs_below(nursery.options.tools.writable, place),
        }
    )
    request = StartRequest(
        workflow_id=agent.workflow_id,
        goal=agent.goal,
        workspace=nursery.inside.workspace / place,
        parent_session_id=call.session_id,
        context=agent.context or {},
        origin="daemon",
        call_id=f"{call.session_id}:{call.turn}:{call.number}:{number}",
    )

    def order(child: SessionId, limits: Limits) -> RunOrder:
        tier = {} if agent.model_tier is None else {"model": None, "tier": agent.model_tier}
        changed = {"role": "child", "limits": limits, "tools": tools, **tier}
        options = nursery.options.model_copy(update=changed)
        return RunOrder(
            child,
            priority=above.priority,
            parent=call.session_id,
            depth=above.depth + 1,
            options=options.model_dump(mode="json"),
        )

    return Plan(request, order)


def _tools(mine: Sequence[str] | None, wanted: Sequence[str] | None) -> tuple[str, ...] | None:
    """The tools a child may use: never more than its parent."""
    if wanted is None:
        return None if mine is None else tuple(mine)
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        message = f"allowedTools: there is no {', '.join(unknown)}. There are: {', '.join(NAMES)}."
        raise NotDoneError(message)
    denied = [] if mine is None else [name for name in wanted if name not in (*mine, *STEERING)]
    if denied:
        message = f"allowedTools: you may not use {', '.join(denied)}, so no agent of yours may."
        raise refused(message)
    return tuple(dict.fromkeys(wanted))


def share(left: Limits | None, agents: int) -> Limits:
    """What each of some agents may use, so that together they keep to what is left.

    Raises:
        NotDoneError: nothing is left.
    """
    if left is None:
        message = "Nothing is left to spend, so no agent is begun."
        raise refused(message)
    return Limits(
        minutes=left.minutes / agents,
        turns=max(left.turns // agents, 1),
        tokens=None if left.tokens is None else max(left.tokens // agents, 1),
        usd=None if left.usd is None else left.usd / agents,
    )
