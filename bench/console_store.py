"""What does a store for the console's benchmark hold beside many short sessions?"""

import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from material import LINEAR, LONG_LOOP, notes
from scale_store import scaled

from workrail_engine.engine import Engine, ResumeRequest, StartRequest, Submission, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import Blocked, Found, StepReady
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

STEPS: Final = 41
EVENTS: Final = 10_000
_KEPT: Final = "console-bench.json"
_BEFORE: Final = 100
"""Steps the watched session has taken, so that the name of its next one is part of no other's."""
_A_LOOK: Final = 500
"""Steps between two looks at how many events there are."""


@dataclass(frozen=True)
class Made:
    """A store, and the sessions in it that are looked at."""

    sessions: int
    """In all."""
    usual: SessionId
    """Of 41 steps."""
    long: SessionId
    """Of 10,000 events."""
    watched: SessionId
    """Goes on while it is looked at."""


def made(folder: Path, sessions: int) -> tuple[Locations, Made]:
    """A store of that many sessions, one of 41 steps among them and one of 10,000 events.

    What an earlier run made in the same folder is used again.
    """
    where = scaled(folder, sessions - 3)
    kept = folder / _KEPT
    if kept.exists():
        return where, Made(**json.loads(kept.read_text(encoding="utf-8")))
    with open_engine(where) as engine:
        long = _walked(engine, where, LONG_LOOP, "Walk through 10,000 events", EVENTS // 3)
        usual = _walked(engine, where, LINEAR, "Walk through 41 steps", STEPS)
        watched = _walked(engine, where, LINEAR, "Be seen at once", _BEFORE)
    done = Made(sessions, usual, long, watched)
    kept.write_text(json.dumps(asdict(done)), encoding="utf-8")
    return where, done


def _walked(engine: Engine, where: Locations, workflow: str, goal: str, steps: int) -> SessionId:
    """A session of so many steps, and of 10,000 events where there are thousands of steps."""
    outcome = ready(engine.start(StartRequest(workflow, goal)))
    session = SessionId(outcome.session_id)
    number = 0
    while number < steps or (steps > _A_LOOK and _events(where) < EVENTS):
        for _ in range(min(_A_LOOK, steps)):
            number += 1
            outcome = ready(engine.advance(outcome.token, Submission(notes=notes(number))))
        if steps > _A_LOOK:
            print(f"\r  {number:,} steps", end="", file=sys.stderr, flush=True)
    if steps > _A_LOOK:
        print(file=sys.stderr)
    return session


def gone_on_with(engine: Engine, session: SessionId) -> StepReady | Blocked:
    """Where a session stands, ready to be advanced."""
    match engine.resume(ResumeRequest(session_id=session)):
        case Found(candidates=(only, *_)):
            return ready(engine.rehydrate(only.token))
        case other:
            failure = f"The session of the benchmark is not found: {other}"
            raise TypeError(failure)


def ready(outcome: object) -> StepReady | Blocked:
    """What can be advanced further."""
    if isinstance(outcome, StepReady | Blocked):
        return outcome
    failure = f"The session of the benchmark does not go on: {outcome}"
    raise TypeError(failure)


def _events(where: Locations) -> int:
    with open_reader(where) as reader:
        return next(one.event_count for one in reader.sessions(limit=1).sessions)
