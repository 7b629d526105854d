"""What is left after all the kills: is anything lost, doubled, or repeated too often?"""

from collections import Counter
from dataclasses import dataclass
from statistics import median
from typing import Final

from crash_daemon_model import TURNS_A_STEP, WORD, StandIn
from crash_daemon_site import STEPS, Campaign

from workrail_engine.agent_events import ToolFinished, TurnTaken
from workrail_engine.engine import Engine
from workrail_engine.ids import SessionId
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

LONGEST_TAKEOVER: Final = 10.0
_TURNS: Final = STEPS * TURNS_A_STEP


@dataclass(frozen=True)
class Verdict:
    """What one campaign came to."""

    store: str
    kills: int
    sessions: int
    session_crashes: int
    turns: int
    """In all logs."""
    repeated: int
    """Requests for a turn that had been asked for before."""
    most_repeated: int
    """Of one turn."""
    interrupted: int
    """Calls that were shown to the model as interrupted."""
    lost: tuple[str, ...]
    """Runs that did not complete, or whose log lacks a turn."""
    doubled: tuple[str, ...]
    """Facts that are in a log twice."""
    forks: tuple[str, ...]
    """Requests that did not repeat what was answered before."""
    damaged: tuple[str, ...]
    takeovers: tuple[float, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, doubled or repeated more often than once a crash."""
        late = self.store == "postgresql" and max(self.takeovers, default=0) > LONGEST_TAKEOVER
        sound = not (self.lost or self.doubled or self.forks or self.damaged)
        return sound and self.repeated <= self.session_crashes and not late

    @property
    def told(self) -> str:
        """In a few lines."""
        takeovers = self.takeovers or (0.0,)
        lines = [
            f"{self.store}: {self.kills} kills, {self.session_crashes} session-crashes over "
            f"{self.sessions} sessions of {_TURNS} turns; {self.repeated} turns asked again "
            f"(at most {self.most_repeated} times one), {self.interrupted} calls interrupted; "
            f"lost {len(self.lost)}, doubled {len(self.doubled)}, forked {len(self.forks)}, "
            f"damaged {len(self.damaged)}; next request after a kill: median "
            f"{median(takeovers):.2f} s, longest {max(takeovers):.2f} s",
            *self.lost,
            *self.doubled,
            *self.forks[:5],
            *self.damaged,
        ]
        return "\n".join(lines)


def verdict_on(engine: Engine, locations: Locations, model: StandIn, campaign: Campaign) -> Verdict:
    """Look at every log."""
    lost: list[str] = []
    doubled: list[str] = []
    turns = interrupted = 0
    for session_id in campaign.sessions:
        events = [entry.event for entry in engine.journal.read(session_id)]
        taken = [event for event in events if isinstance(event, TurnTaken)]
        finished = [event for event in events if isinstance(event, ToolFinished)]
        interrupted += sum(event.outcome == "interrupted" for event in finished)
        turns += len(taken)
        lost += _lacking(engine, session_id, [event.turn for event in taken])
        words = [WORD.search(event.said or "") for event in taken]
        doubled += _twice(session_id, "word", [word[0] for word in words if word])
        calls = [f"{event.turn}:{event.call}" for event in finished]
        doubled += _twice(session_id, "call", calls)
    with open_reader(locations) as reader:
        damaged = [
            f"{session_id}: {problem}"
            for session_id in campaign.sessions
            for problem in reader.verify(session_id).problems
        ]
    repeats = model.repeats()
    return Verdict(
        store=campaign.store,
        kills=campaign.killed,
        sessions=len(campaign.sessions),
        session_crashes=len(campaign.crashes),
        turns=turns,
        repeated=sum(repeats.values()),
        most_repeated=max(repeats.values(), default=0),
        interrupted=interrupted,
        lost=tuple(lost),
        doubled=tuple(doubled),
        forks=tuple(model.forks),
        damaged=tuple(damaged),
        takeovers=tuple(campaign.takeovers),
    )


def _lacking(engine: Engine, session_id: SessionId, turns: list[int]) -> list[str]:
    view = engine.runs.view(session_id)
    problems: list[str] = []
    if view is None or view.outcome != "completed":
        outcome = None if view is None else (view.outcome, view.said)
        problems.append(f"{session_id} did not complete: {outcome}")
    if turns != list(range(1, len(turns) + 1)):
        problems.append(f"{session_id} has the turns {turns}")
    return problems


def _twice(session_id: SessionId, what: str, found: list[str]) -> list[str]:
    return [
        f"{session_id}: {what} {each} is there {count} times"
        for each, count in Counter(found).items()
        if count > 1
    ]
