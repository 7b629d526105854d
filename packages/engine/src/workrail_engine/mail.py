"""What do sessions, operators and the daemon have to say to each other?"""

from workrail_engine.canonical import JsonObject
from workrail_engine.ids import SessionId
from workrail_engine.ports import Clock
from workrail_engine.projections.runs import Message
from workrail_engine.store import mail
from workrail_engine.store.database import Database


class Mail:
    """The messages of one store. Safe to use from several threads."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def send(self, to: SessionId | None, sender: str, body: JsonObject) -> int:
        """Leave a message for a session, or for the operators.

        Args:
            to: the session; None: the operators.
            sender: `operator`, a session's id, `daemon`.
            body: `kind` says what it is. With a text as `key` it is sent once: sent again, to the
                same receiver, it changes nothing.

        Returns:
            The message's number; of one that was sent before, the number it has.

        Raises:
            SessionNotFoundError: no such session.
        """
        at = self._clock.now()
        with self._database.writing() as connection:
            return mail.send(connection, to, sender, body, at)

    def waiting(self, to: SessionId | None) -> tuple[Message, ...]:
        """What a session, or the operators (None), have not dealt with yet, oldest first.

        Raises:
            SessionNotFoundError: no such session.
        """
        return self._database.read(lambda connection: mail.waiting(connection, to))

    def message(self, number: int) -> Message | None:
        """One message, dealt with or not; None when there is none of this number."""
        return self._database.read(lambda connection: mail.message(connection, number))

    def acknowledge(self, number: int) -> None:
        """Note that a message was dealt with; again, or of none, it does nothing."""
        at = self._clock.now()
        self._database.write(lambda connection: mail.acknowledge(connection, number, at))
