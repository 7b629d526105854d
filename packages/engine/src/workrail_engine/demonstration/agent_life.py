"""How is the run of a made-up session told: its turns, its tools, and how it stands at the end?"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from workrail_engine.agent_events import (
    AgentEvent,
    MessageGiven,
    Noticed,
    RunBegun,
    RunEnded,
    RunParked,
    ToolBegun,
    ToolFinished,
    TurnTaken,
    Usage,
    content_of,
)
from workrail_engine.canonical import JsonValue
from workrail_engine.demonstration.made_up_time import TaleClock
from workrail_engine.demonstration.tale import Drive, Thought, Used
from workrail_engine.engine import Engine
from workrail_engine.errors import InvalidInputError
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.runs import Beat, Lease, RunOrder

_LEASE = timedelta(days=30).total_seconds()
"""Nobody drives what is made up, and it is to look as if someone did for as long as it is shown."""
_CENTS_READ = 3
_CENTS_WRITTEN = 15
"""Millionths of a dollar that a token costs."""


@dataclass
class Life:
    """A run that is being told."""

    engine: Engine
    clock: TaleClock
    drive: Drive
    session_id: SessionId
    lease: Lease
    at: datetime
    """When what was told of it last happened."""
    turn: int = 0
    messages: int = 0

    def live(self, thoughts: Sequence[Thought]) -> None:
        """Take some turns, at the step where the session stands."""
        for thought in thoughts:
            for _ in range(thought.times):
                self._think(thought, self.engine.place(self.session_id).node)
        self.at = self.clock.now()

    def end(self) -> None:
        """Leave the run as its tale says, when that was."""
        self.clock.set(self.at)
        node = self.engine.place(self.session_id).node
        drive, engine = self.drive, self.engine
        said = drive.said.replace("{session}", self.session_id)
        if drive.asks is not None:
            body: dict[str, JsonValue] = {"kind": "question", "text": drive.asks, "options": []}
            number = engine.mail.send(None, self.session_id, body)
            self._keep(Noticed(node, "question_asked", drive.asks, {"message": number}))
            said = f"It asks in message {number}: {drive.asks}"
        if drive.rests is not None:
            children = tuple(run.session_id for run in engine.runs.below(self.session_id))
            until = None
            self._keep(RunParked(node, drive.rests, said, until, children))
            engine.runs.park(self.lease, drive.rests, said, drive.wait)
        elif drive.ends is not None:
            self._keep(RunEnded(node, drive.ends, said))
            engine.runs.end(self.lease, drive.ends, said)
        else:
            engine.runs.beat(self.lease, Beat(_LEASE, drive.doing, drive.since))

    def _think(self, thought: Thought, node: NodeId) -> None:
        if thought.told is not None:
            self.messages += 1
            source, text = thought.told
            self._keep(MessageGiven(node, self.turn, self.messages, source, text))
        if thought.said is not None or thought.tools:
            self._turn(thought, node)
        if thought.noticed is not None:
            what, said = thought.noticed
            self._keep(Noticed(node, what, said, dict(thought.facts)))

    def _turn(self, thought: Thought, node: NodeId) -> None:
        self.turn += 1
        self.messages = 0
        self.clock.pass_minutes(thought.ms / 60_000)
        blocks: list[JsonValue] = [{"type": "text", "text": thought.said or ""}]
        blocks.extend({"type": "tool_use", "name": one.tool} for one in thought.tools)
        answer = json.dumps(blocks).encode()
        cost = thought.read * _CENTS_READ + thought.wrote * _CENTS_WRITTEN
        self._keep(
            TurnTaken(
                node=node,
                turn=self.turn,
                model=self.drive.model,
                stop="tool_use" if thought.tools else "end_turn",
                said=None if thought.said is None else thought.said[:500],
                tools=tuple(one.tool for one in thought.tools),
                content=content_of(answer),
                usage=Usage(thought.read, thought.wrote),
                cost=cost,
                ms=thought.ms,
                tries=1,
            ),
            answer,
        )
        for call, used in enumerate(thought.tools, start=1):
            self._use(node, call, used)

    def _use(self, node: NodeId, call: int, used: Used) -> None:
        self._keep(ToolBegun(node, self.turn, call, used.tool, used.said))
        if used.outcome is None:
            return
        self.clock.pass_minutes(used.ms / 60_000)
        answer = used.answer.encode()
        end = ToolFinished(
            node=node,
            turn=self.turn,
            call=call,
            tool=used.tool,
            outcome=used.outcome,
            said=used.said,
            answer=content_of(answer),
            whole=None,
            ms=used.ms,
        )
        self._keep(end, answer)

    def _keep(self, event: AgentEvent, *contents: bytes) -> None:
        self.engine.journal.append(self.lease, [event], contents)


def begin_life(
    engine: Engine, clock: TaleClock, drive: Drive, session_id: SessionId, parent: SessionId | None
) -> Life:
    """Order the run of a session and take it up.

    Raises:
        InvalidInputError: it cannot be taken up.
    """
    above = None if parent is None else engine.runs.view(parent)
    options: dict[str, JsonValue] = {"model": drive.model, "limits": dict(drive.limits)}
    order = RunOrder(
        session_id,
        parent=None if above is None else parent,
        depth=0 if above is None else above.depth + 1,
        options=options,
    )
    engine.runs.order(order)
    claim = engine.runs.claim_this(session_id, drive.driver, _LEASE)
    if claim is None:
        message = "A made-up run cannot be taken up: something else drives it."
        raise InvalidInputError(message)
    prompt = json.dumps([part.model_dump() for part in drive.prompt]).encode()
    node = engine.place(session_id).node
    begun = RunBegun(node, 1, drive.driver, drive.model, drive.sandbox, content_of(prompt))
    engine.journal.append(claim.lease, [begun], [prompt])
    if drive.lesser is not None:
        lesser = Noticed(node, "sandbox_downgraded", drive.lesser, {"sandbox": drive.sandbox})
        engine.journal.append(claim.lease, [lesser])
    return Life(engine, clock, drive, session_id, claim.lease, clock.now())
