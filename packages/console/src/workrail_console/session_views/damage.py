"""What can be told of a session whose record contradicts itself?

Its log, from the beginning to the first event that is not what was written. The story comes from other
rows as well, and one of those may be what is damaged; then all of the log is whole.
"""

from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from workrail_engine.ids import SessionId
from workrail_engine.projections.event_page import EventLine
from workrail_engine.reader import Reader

TITLE: Final = "This session's record is damaged"
REMEDY: Final = "Other sessions are not affected. Keep a copy of the store before you repair it."
_SHOWN: Final = 200


@dataclass(frozen=True)
class Damage:
    """A damaged session, as far as it can be told."""

    session_id: SessionId
    problem: str
    """What contradicts itself, with a sentence on what to do."""
    events: int
    """How many the log has in all."""
    whole: tuple[EventLine, ...]
    """From the first one on those that are what was written; at most 200."""
    broken: EventLine | None
    """The first that is not; None where there is none among the first 200."""
    log: str
    """The address of all of the log, as it is stored."""
    commands: tuple[str, ...]
    """What a person runs in a terminal, in their order."""


def damage(reader: Reader, session_id: SessionId, problem: str) -> Damage:
    """What can be told.

    Args:
        reader: of the store.
        session_id: whose record is damaged.
        problem: what was found.
    """
    page = reader.inspection.events(session_id, 0, _SHOWN)
    return Damage(
        session_id=session_id,
        problem=problem,
        events=page.total,
        whole=tuple(takewhile(lambda line: line.problem is None, page.lines)),
        broken=next((line for line in page.lines if line.problem is not None), None),
        log=f"/sessions/{session_id}.jsonl",
        commands=tuple(f"workrail session {verb} {session_id}" for verb in ("verify", "repair")),
    )
