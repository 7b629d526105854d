"""What does an agent remember while its servers are killed, and is all of it on disk?

An agent starts sessions and completes steps one after another. It remembers what was acknowledged.
When a server dies under a call, the same call is made again to the next server: that is all an agent
can do, and what the product promises to bear.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from wire import TOKEN, Wire

from workrail_engine.reader import Reader, open_reader
from workrail_engine.system import Locations

WORKFLOW = "crash-bench"
STEPS = 30
_PAGE = 500
_REPLAYED = "This call was made before."
_CONTRADICTED = "This token was used before, with other content."


@dataclass
class Told:
    """One session as its agent remembers it."""

    goal: str
    sent: list[str] = field(default_factory=list[str])
    """Notes, in order; the last may be unacknowledged."""
    acknowledged: int = -1
    """How many of them were answered; -1 while the start itself was not."""


@dataclass
class Agent:
    """Works through sessions; survives any number of servers."""

    name: str
    steps: int = STEPS
    sessions: list[Told] = field(default_factory=list[Told])
    token: str | None = None
    replayed: int = 0
    """Calls made again that had been recorded before they were answered."""
    contradicted: int = 0
    """Calls that were told that something else had been recorded; there must be none."""

    @property
    def acknowledged(self) -> int:
        """How many calls that record something were answered."""
        return sum(told.acknowledged + 1 for told in self.sessions)

    @property
    def finished(self) -> bool:
        """Whether its newest session is complete."""
        return bool(self.sessions) and self.sessions[-1].acknowledged == self.steps

    def step(self, wire: Wire) -> None:
        """Make one call that records something, or make again the one that got no answer.

        Raises:
            RuntimeError: the server answered with an error or went away.
            OSError: the server went away.
        """
        if self.token is None:
            if not self.sessions or self.sessions[-1].acknowledged >= 0:
                self.sessions.append(Told(f"{self.name} session {len(self.sessions) + 1}"))
            goal = self.sessions[-1].goal
            reply = wire.call("start_workflow", {"workflowId": WORKFLOW, "goal": goal})
        else:
            told = self.sessions[-1]
            if len(told.sent) == told.acknowledged:
                told.sent.append(f"{told.goal}, step {len(told.sent) + 1}.")
            reply = wire.call("complete_step", {"token": self.token, "notes": told.sent[-1]})
            self.replayed += _REPLAYED in reply
            self.contradicted += _CONTRADICTED in reply
        self.sessions[-1].acknowledged += 1
        self.token = None if self.finished else _next_token(reply)


@dataclass
class Findings:
    """What a store holds, against what its agents remember."""

    sessions: int = 0
    acknowledged: int = 0
    unacknowledged: int = 0
    """Calls without an answer that were recorded whole; made again, they were told so."""
    lost: int = 0
    """Acknowledged calls that are not there."""
    repeated: int = 0
    """Steps that are there more than once."""
    unreadable: int = 0
    """Sessions that cannot be read, or that `verify` finds damaged."""
    faults: list[str] = field(default_factory=list[str])

    def add(self, other: "Findings") -> None:
        """Count another store's findings too."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, repeated or unreadable."""
        return not (self.lost or self.repeated or self.unreadable)


def prepared_home(folder: Path, steps: int = STEPS) -> Path:
    """A folder with the benchmark's workflow and no store yet."""
    workflows = folder / "workflows"
    workflows.mkdir(parents=True)
    document = {
        "id": WORKFLOW,
        "name": "Crash bench",
        "description": "Plain steps.",
        "version": "1.0.0",
        "steps": [
            {"id": f"step-{n}", "title": f"Step {n}", "prompt": "Go on."}
            for n in range(1, steps + 1)
        ],
    }
    (workflows / f"{WORKFLOW}.json").write_text(json.dumps(document))
    return folder


def inspect_store(home: Path, agents: list[Agent]) -> Findings:
    """Compare every session of a store with what the agents remember of it."""
    findings = Findings()
    with open_reader(Locations.under(home)) as reader:
        notes_by_goal = _read_all(reader, findings)
    for agent in agents:
        findings.acknowledged += agent.acknowledged
        findings.unacknowledged += agent.replayed
        findings.repeated += agent.contradicted
        for told in agent.sessions:
            _compare(told, notes_by_goal.pop(told.goal, []), findings)
    if notes_by_goal:
        findings.faults.append(f"{len(notes_by_goal)} sessions nobody started")
        findings.unreadable += len(notes_by_goal)
    return findings


def _read_all(reader: Reader, findings: Findings) -> dict[str, list[list[str]]]:
    """The notes of every session's steps, in order, by the session's goal."""
    found: dict[str, list[list[str]]] = {}
    before: str | None = None
    while True:
        page = reader.sessions(limit=_PAGE, before=before)
        for session in page.sessions:
            findings.sessions += 1
            problems = reader.verify(session.session_id).problems
            if problems:
                findings.unreadable += 1
                findings.faults.append(f"{session.session_id}: {problems[0]}")
                continue
            events = reader.events(session.session_id)
            notes = [str(e.payload["notes"]) for e in events if e.kind == "step_completed"]
            found.setdefault(session.goal, []).append(notes)
        before = page.next_before
        if before is None:
            return found


def _compare(told: Told, stored: list[list[str]], findings: Findings) -> None:
    """One session against its agent's memory; a start made again may have left an empty one."""
    worked = [notes for notes in stored if notes]
    if len(worked) > 1 or (told.acknowledged >= 0 and not stored):
        findings.lost += 1
        findings.faults.append(f"{told.goal}: {len(stored)} sessions, {len(worked)} with steps")
        return
    findings.unacknowledged += max(0, len(stored) - (1 if told.acknowledged >= 0 else 0))
    notes = worked[0] if worked else []
    times = Counter(notes)
    expected = told.sent[: max(0, told.acknowledged)]
    missing = [note for note in expected if not times[note]]
    again = sum(count - 1 for count in times.values())
    strange = [note for note in times if note not in told.sent]
    findings.lost += len(missing)
    findings.repeated += again + len(strange)
    findings.unacknowledged += max(0, len(times) - len(expected))
    if notes != told.sent[: len(notes)]:
        findings.faults.append(f"{told.goal}: stored {notes[-3:]}, sent {told.sent[-3:]}")


def _next_token(reply: str) -> str:
    found = TOKEN.search(reply)
    if found is None:
        failure = f"No token in this reply:\n{reply}"
        raise RuntimeError(failure)
    return found[0]
