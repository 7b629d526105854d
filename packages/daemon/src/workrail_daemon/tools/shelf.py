"""What did the tools of a run keep at length?

Saved artifacts, and whole answers of which the model was shown a part. Both are in the session's log.
"""

import re
from collections.abc import Sequence
from typing import Final

from workrail_daemon.ground import Ground
from workrail_daemon.tools.bounded import output_name
from workrail_engine.agent_events import ArtifactSaved, Content, ToolFinished
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Entry

_OUTPUT: Final = re.compile(r"output:(\d{1,9}):(\d{1,9})")


class Shelf:
    """What a session keeps."""

    def __init__(self, ground: Ground, session_id: SessionId) -> None:
        self._ground = ground
        self._session_id = session_id

    def find(self, name: str) -> bytes | None:
        """What is kept under a name, the newest; None: nothing is."""
        entries = self._entries()
        content = _content(entries, name)
        if content is None:
            return None
        return self._ground.call(lambda engine: engine.journal.content(content))

    def names(self) -> tuple[str, ...]:
        """All names of artifacts, then those of whole answers, oldest first."""
        entries = self._entries()
        saved = [one.event.name for one in entries if isinstance(one.event, ArtifactSaved)]
        outputs = [
            output_name(one.event.turn, one.event.call)
            for one in entries
            if isinstance(one.event, ToolFinished) and one.event.whole is not None
        ]
        return tuple(dict.fromkeys([*saved, *outputs]))

    def _entries(self) -> tuple[Entry, ...]:
        return self._ground.call(lambda engine: engine.journal.read(self._session_id))


def _content(entries: Sequence[Entry], name: str) -> Content | None:
    output = _OUTPUT.fullmatch(name)
    for entry in reversed(entries):
        event = entry.event
        match event:
            case ArtifactSaved() if event.name == name:
                return event.content
            case ToolFinished() if output is not None:
                if (event.turn, event.call) == (int(output[1]), int(output[2])):
                    return event.whole or event.answer
            case _:
                pass
    return None
