"""How is a long session read whole, a part at a time?"""

from collections.abc import Iterator

from workrail_engine.ids import SessionId
from workrail_engine.projections.session_window import SessionWindow
from workrail_engine.reader import Reader


def every_window(reader: Reader, session_id: SessionId) -> Iterator[SessionWindow]:
    """The parts of a session from its beginning; at least one.

    Raises:
        SessionNotFoundError: no such session.
        CorruptSessionError: what is stored of it contradicts itself.
    """
    newest = reader.inspection.window(session_id)
    for start in newest.starts[:-1]:
        yield reader.inspection.window(session_id, start)
    yield newest
