"""What do the pages ask of the engine's reader?

`workrail_engine.reader.Reader` is the real one. Pages take a factory and open a reader for each
request, so a store that appears, moves on or is repaired while the console runs is simply seen.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal, Protocol, TypeAlias

from workrail_engine.ids import SessionId
from workrail_engine.projections.session_detail import SessionDetail
from workrail_engine.projections.session_summary import SessionPage
from workrail_engine.projections.verification import Verification

StatusWord: TypeAlias = Literal["running", "blocked", "waiting", "completed"]


class SessionReader(Protocol):
    """The part of the reader that pages use; nothing in it writes."""

    def sessions(
        self,
        limit: int = 50,
        before: str | None = None,
        status: StatusWord | None = None,
        query: str | None = None,
    ) -> SessionPage:
        """Some sessions, newest change first, that have this status and match these words."""
        ...

    def session(self, session_id: SessionId) -> SessionDetail:
        """Everything one page shows of a session.

        Raises:
            SessionNotFoundError: no such session.
            CorruptSessionError: what is stored of it contradicts itself.
        """
        ...

    def verify(self, session_id: SessionId) -> Verification:
        """The session's record checked against its hashes."""
        ...


ReaderFactory: TypeAlias = Callable[[], AbstractContextManager[SessionReader]]
