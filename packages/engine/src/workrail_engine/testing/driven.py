"""A session that is driven without a person: facts of every kind lie between its steps."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from workrail_engine.agent_events import (
    AgentEvent,
    ArtifactSaved,
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
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.outcomes import AdvanceOutcome
from workrail_engine.projections.runs import RunOrder
from workrail_engine.session.lease import Lease

WORKER = "here:1"
TTL = 600.0
HEAD = {"id": "team.drive", "name": "Drive it", "description": "Plain steps.", "version": "1.0.0"}


def with_a_workflow(project: Path, steps: int = 4) -> Path:
    """Write the workflow `team.drive`, of some plain steps, into a project; returns the project."""
    folder = project / ".workrail" / "workflows"
    folder.mkdir(parents=True)
    names = [f"step-{number}" for number in range(1, steps + 1)]
    told = [{"id": name, "title": f"Do {name}", "prompt": "Go on."} for name in names]
    (folder / "drive.json").write_text(json.dumps({**HEAD, "steps": told}))
    return project


def a_turn(node: NodeId, turn: int, cost: int | None = 250) -> tuple[TurnTaken, bytes]:
    """A model's answer that uses a tool, and its blocks."""
    blocks = json.dumps([{"type": "tool_use", "name": "Bash", "input": {"turn": turn}}]).encode()
    usage = Usage(input=100, output=10, cache_read=1_000, cache_write=20)
    tools, said = ("Bash",), "I shall look."
    event = TurnTaken(
        node, turn, "scripted", "tool_use", said, tools, content_of(blocks), usage, cost, 12, 1
    )
    return event, blocks


def a_tool(node: NodeId, turn: int, text: bytes | None = None) -> tuple[ToolFinished, bytes]:
    """What a tool answered, and the text of it."""
    answer = f"{turn} files\n".encode() * 50 if text is None else text
    shown = content_of(answer)
    return ToolFinished(node, turn, 1, "Bash", "ok", "ls", shown, None, 3), answer


def a_notice(node: NodeId, said: str = "The model was slow.") -> Noticed:
    """An incident with facts of several kinds."""
    return Noticed(node, "model_retried", said, {"tries": 2, "why": None, "of": ["a", "b"]})


@dataclass
class Driven:
    """One session, driven by a worker that holds its lease."""

    engine: Engine
    session_id: SessionId
    lease: Lease
    turns: int = 0
    kept: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """What its facts name, by digest."""

    @property
    def node(self) -> NodeId:
        """Where it stands."""
        return self.engine.place(self.session_id).node

    def append(self, *events: AgentEvent, contents: tuple[bytes, ...] = ()) -> None:
        """Record some facts."""
        self.engine.journal.append(self.lease, events, contents)
        self.kept |= {content_of(each).digest: each for each in contents}

    def work(self) -> None:
        """Facts of all kinds but one: the run is not ended by it."""
        self.turns += 1
        node, turn = self.node, self.turns
        prompt, whole = b'[{"name": "soul"}]', f"all of it {turn}\n".encode() * 5_000
        taken, blocks = a_turn(node, turn)
        done, answer = a_tool(node, turn)
        longer = ToolFinished(
            node, turn, 2, "Read", "error", "a file", content_of(answer), content_of(whole), 4
        )
        note = f"# Note {turn}\n".encode()
        self.append(
            RunBegun(node, turn, WORKER, "scripted", "none", content_of(prompt)), contents=(prompt,)
        )
        self.append(taken, ToolBegun(node, turn, 1, "Bash", "ls"), contents=(blocks,))
        self.append(done, longer, contents=(answer, whole))
        self.append(
            MessageGiven(node, turn, 1, "operator", "Mind the ümlaut \x00 and the \x1a."),
            ArtifactSaved(node, turn, 2, "note", "text/markdown", content_of(note)),
            a_notice(node),
            RunParked(node, "child", "Waits for a child.", None, (self.session_id,)),
            contents=(note,),
        )

    def step(self, notes: str = "Done.") -> AdvanceOutcome:
        """Complete the pending step."""
        token = self.engine.place(self.session_id).token or ""
        return self.engine.advance(token, Submission(notes=notes), lease=self.lease)

    def end(self) -> None:
        """Say that the run is over, in the log and in its row."""
        self.append(RunEnded(self.node, "incomplete", "It stopped here."))
        self.engine.runs.end(self.lease, "incomplete", "It stopped here.")


def driven(engine: Engine, project: Path, goal: str = "Drive the cart") -> Driven:
    """A session of `team.drive` that was ordered and taken up."""
    begun = engine.start(StartRequest("team.drive", goal, project, origin="daemon"))
    session_id = SessionId(begun.session_id)
    engine.runs.order(RunOrder(session_id))
    claim = engine.runs.claim_this(session_id, WORKER, TTL)
    if claim is None:
        message = f"session {session_id} cannot be claimed"
        raise AssertionError(message)
    return Driven(engine, session_id, claim.lease)
