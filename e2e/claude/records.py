"""What does the store hold, whatever the conversation said?"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from workrail_engine.reader import open_reader
from workrail_engine.system import Locations


@dataclass(frozen=True)
class Record:
    """One session."""

    session_id: str
    workflow_id: str
    status: str
    kinds: Counter[str]
    """How often each kind of event was recorded."""


def records(home: Path) -> tuple[Record, ...]:
    """Every session of a home, each checked to be whole."""
    with open_reader(Locations.under(home / ".workrail")) as reader:
        found: list[Record] = []
        for session in reader.sessions().sessions:
            checked = reader.verify(session.session_id)
            assert not checked.problems, checked
            kinds = Counter(event.kind for event in reader.events(session.session_id))
            found.append(Record(session.session_id, session.workflow_id, session.status, kinds))
    return tuple(found)


def only_record(home: Path, workflow_id: str) -> Record:
    """The session of a home in which one was started, and no more."""
    found = records(home)
    assert [one.workflow_id for one in found] == [workflow_id], found
    return found[0]
