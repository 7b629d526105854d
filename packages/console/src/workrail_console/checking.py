"""What does the check of a record find, and who does it?"""

from dataclasses import dataclass
from typing import Protocol

from workrail_console.door import ReaderFactory
from workrail_engine.errors import CorruptSessionError
from workrail_engine.ids import SessionId
from workrail_engine.reader import Reader


@dataclass(frozen=True)
class Found:
    """What the check of one record found."""

    events: int
    """That were read; 0 where the record could not be read at all."""
    problems: tuple[str, ...]
    """Empty when it is whole."""


class Checker(Protocol):
    """Who checks records. For one thread at a time, but for `let_go`."""

    def check(self, session_id: SessionId) -> Found:
        """Check one record.

        Raises:
            SessionNotFoundError: no such session.
            WorkRailError: nothing can be said of it now.
        """
        ...

    def let_go(self) -> None:
        """There is nothing to check for a while; from any thread, also while one is checked."""
        ...


class CheckerHere:
    """Checks in the thread that asks."""

    def __init__(self, open_reader: ReaderFactory) -> None:
        self._open_reader = open_reader

    def check(self, session_id: SessionId) -> Found:
        """Check one record."""
        with self._open_reader() as reader:
            return checked(reader, session_id)

    def let_go(self) -> None:
        """Nothing is held."""


def checked(reader: Reader, session_id: SessionId) -> Found:
    """What is wrong with a record.

    Raises:
        SessionNotFoundError: no such session.
    """
    try:
        verified = reader.verify(session_id)
    except CorruptSessionError as error:
        return Found(0, (str(error),))
    return Found(verified.events, verified.problems)
