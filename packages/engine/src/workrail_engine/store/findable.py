"""What of a change can be searched for?

The index keeps no text, so what goes into it is told by the log, the titles of nodes and the blobs
alone: whoever takes a text out of the index again must be able to say the same words.
"""

from collections.abc import Mapping, Sequence

from workrail_engine.ids import Digest
from workrail_engine.session.events import (
    ApprovalAsked,
    AttemptBlocked,
    CheckpointTaken,
    Event,
    RunCompleted,
    SessionStarted,
    StepCompleted,
    StepReached,
)
from workrail_engine.store.said import Said


def named_contents(events: Sequence[Event]) -> tuple[Digest, ...]:
    """The artifacts some events name, each once, in their order."""
    refs = (
        ref.digest
        for event in events
        if isinstance(event, StepCompleted | AttemptBlocked | ApprovalAsked)
        for ref in event.artifacts
    )
    return tuple(dict.fromkeys(refs))


def findable(
    events: Sequence[Event], title: str | None, contents: Mapping[Digest, bytes]
) -> Said | None:
    """What can be searched for of a change; None when it has nothing to say.

    Args:
        events: all of the change.
        title: of the step it led to.
        contents: of the artifacts its events name; what is lost is left out.
    """
    goal: str | None = None
    notes: str | None = None
    for event in events:
        match event:
            case SessionStarted():
                goal = event.goal
            case StepCompleted() | AttemptBlocked() | ApprovalAsked() | CheckpointTaken():
                notes = event.notes
            case _:
                pass
    known = (digest for digest in named_contents(events) if digest in contents)
    artifacts = [contents[digest].decode("utf-8") for digest in known]
    if goal is None and notes is None and not artifacts:
        return None
    return Said(goal, title, notes, "\n".join(artifacts) if artifacts else None)


def place_of_speech(events: Sequence[Event]) -> int:
    """Which event of a change its text is found by: the first that can hold some.

    Results of checks and answers of approvers stand before it and hold none; from their place the
    text could not be shown.
    """
    speakers = SessionStarted | StepCompleted | AttemptBlocked | ApprovalAsked | CheckpointTaken
    return next((n for n, event in enumerate(events) if isinstance(event, speakers)), 0)


def ends_a_change(event: Event) -> bool:
    """Whether an event is the last of what one command wrote: it makes the command's node."""
    return isinstance(
        event, StepReached | AttemptBlocked | ApprovalAsked | CheckpointTaken | RunCompleted
    )
