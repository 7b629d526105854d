"""How does an agent have others work for it?

Each gets a session of its own below this one, and a run in the same queue. The call is made again
whenever the run wakes: the sessions and runs that are there already are found again, none is begun
twice. When all have ended, the answer tells what they came to.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pydantic import Field

from workrail_daemon.ground import Ground
from workrail_daemon.options import Limits
from workrail_daemon.stopping import Stop
from workrail_daemon.tools.child_orders import Agent, Nursery, Plan, Terms, planned, share
from workrail_daemon.tools.child_results import child_result
from workrail_daemon.tools.contract import Answered, Call, Tool, ToolAnswer, Waits
from workrail_daemon.tools.making import Doing, make
from workrail_daemon.tools.refusing import NotDoneError
from workrail_engine.agent_events import Noticed
from workrail_engine.canonical import JsonObject
from workrail_engine.engine import Engine
from workrail_engine.errors import InvalidInputError, NotFoundError
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import RunView

_MOST: Final = 10
_DESCRIPTION: Final = (
    "Have other agents work for you, each through a workflow of its own, and wait for all of them: one "
    "(workflowId and goal), or up to ten at once (agents). They share what you have left to spend, "
    "can do at most what you can, and end when you do. The answer tells for each how it ended, its "
    "last notes and its artifacts."
)


class _Asked(Terms):
    workflow_id: str | None = Field(
        default=None,
        min_length=1,
        alias="workflowId",
        description="The workflow it goes through.",
    )
    goal: str | None = Field(
        default=None, pattern=r"\S", description="What it is to achieve, in a sentence."
    )
    agents: list[Agent] | None = Field(
        default=None,
        min_length=1,
        max_length=_MOST,
        description="Several at once, in place of all the others.",
    )


def spawn_agent_tool(nursery: Nursery) -> Tool:
    """The tool `spawn_agent`."""

    def act(asked: _Asked, call: Call, _stop: Stop, _doing: Doing) -> ToolAnswer:
        agents = _agents(asked)
        children = nursery.ground.call(lambda engine: _recorded(engine, call))
        spawned: tuple[Noticed, ...] = ()
        if not children:
            plans = [
                planned(nursery, call, place, one) for place, one in enumerate(agents, start=1)
            ]
            limits = share(nursery.left(), len(plans))
            children = nursery.ground.call(lambda engine: _begin(engine, plans, limits))
            spawned = tuple(
                _noticed(call, child, one) for child, one in zip(children, agents, strict=True)
            )
        runs = [_run(nursery.ground, child) for child in children]
        if all(run is None or run.state == "ended" for run in runs):
            answer = _answer(nursery, call, [run for run in runs if run is not None], asked)
            return replace(answer, events=(*spawned, *answer.events))
        names = ", ".join(children)
        return Waits("child", f"It waits for {names}.", children, spawned)

    return make(("spawn_agent", _DESCRIPTION), "waits", _Asked, act, _brief)


def _brief(asked: _Asked) -> str:
    return ", ".join(f"{one.workflow_id}: {one.goal}" for one in _agents(asked))


def _agents(asked: _Asked) -> list[Agent]:
    """Those that are wanted, in order.

    Raises:
        NotDoneError: neither one nor several are, or both.
    """
    one = asked.model_dump(by_alias=True, exclude_unset=True, exclude={"agents"})
    if asked.agents is not None:
        if one:
            message = f"Beside agents there can be nothing else, and there is: {', '.join(one)}."
            raise NotDoneError(message)
        return asked.agents
    if asked.workflow_id is None or asked.goal is None:
        message = "Send workflowId and goal, or agents with these for each."
        raise NotDoneError(message)
    return [Agent.model_validate(one)]


def _recorded(engine: Engine, call: Call) -> tuple[SessionId, ...]:
    """The sessions that an earlier making of the same call began, as the log tells it."""
    found: list[SessionId] = []
    for entry in engine.journal.read(call.session_id):
        event = entry.event
        if isinstance(event, Noticed) and event.what == "child_spawned":
            facts = event.facts
            if (facts.get("turn"), facts.get("call")) == (call.turn, call.number):
                found.append(SessionId(str(facts["sessionId"])))
    return tuple(found)


def _begin(engine: Engine, plans: Sequence[Plan], limits: Limits) -> tuple[SessionId, ...]:
    """Start every session, then order every run.

    Raises:
        NotDoneError: one of them cannot be started; no run was ordered.
    """
    requests = [plan.request for plan in plans]
    for number, request in enumerate(requests, start=1):
        try:
            engine.inspect(request.workflow_id, request.workspace)
        except (InvalidInputError, NotFoundError) as error:
            raise _not_begun(number, error) from error
    children: list[SessionId] = []
    for number, request in enumerate(requests, start=1):
        try:
            children.append(SessionId(engine.start(request).session_id))
        except (InvalidInputError, NotFoundError) as error:
            raise _not_begun(number, error) from error
    for plan, child in zip(plans, children, strict=True):
        if engine.runs.view(child) is None:
            engine.runs.order(plan.order(child, limits))
    return tuple(children)


def _not_begun(number: int, error: Exception) -> NotDoneError:
    return NotDoneError(f"No agent was begun, because of number {number}: {error}")


def _noticed(call: Call, child: SessionId, agent: Agent) -> Noticed:
    facts: JsonObject = {
        "sessionId": child,
        "workflowId": agent.workflow_id,
        "goal": agent.goal,
        "turn": call.turn,
        "call": call.number,
    }
    said = f"An agent was spawned: {child}, {agent.workflow_id}."
    return Noticed(call.node, "child_spawned", said, facts)


def _run(ground: Ground, child: SessionId) -> RunView | None:
    return ground.call(lambda engine: engine.runs.view(child))


def _answer(nursery: Nursery, call: Call, runs: Sequence[RunView], asked: _Asked) -> Answered:
    with nursery.reader() as reader:
        results = [child_result(reader, run) for run in runs]
    answer = {"kind": "single" if asked.agents is None else "parallel", "results": results}
    ended = tuple(
        Noticed(
            call.node,
            "child_ended",
            f"{run.session_id} ended: {run.outcome}.",
            {"sessionId": run.session_id, "outcome": run.outcome},
        )
        for run in runs
    )
    return Answered(json.dumps(answer, ensure_ascii=False, indent=1), events=ended)
