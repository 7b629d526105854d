"""What was a run sent while it worked or rested?"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from workrail_daemon.ground import Ground
from workrail_engine.canonical import JsonObject
from workrail_engine.ids import SessionId
from workrail_engine.projections.runs import Message

_RAISED: Final = {"usd": "US dollars", "turns": "turns", "minutes": "minutes", "tokens": "tokens"}


@dataclass(frozen=True)
class Letter:
    """A message to the run, as far as the loop takes it in."""

    number: int
    kind: str
    text: str
    facts: JsonObject


class Letters:
    """The mail of one run. What is read stays there until it is recorded."""

    def __init__(self, ground: Ground, session_id: SessionId) -> None:
        self._ground = ground
        self._session_id = session_id

    def waiting(self) -> tuple[Letter, ...]:
        """What nobody took in yet, oldest first."""
        found = self._ground.call(lambda engine: engine.mail.waiting(self._session_id))
        return tuple(_letter(message) for message in found)

    def done(self, letter: Letter) -> None:
        """It was taken in."""
        self._acknowledge(letter.number)

    def settled(self, numbers: Iterable[int]) -> None:
        """What these messages said is recorded in the answer of a tool."""
        for number in numbers:
            self._acknowledge(number)

    def _acknowledge(self, number: int) -> None:
        self._ground.call(lambda engine: engine.mail.acknowledge(number))


def _letter(message: Message) -> Letter:
    body = message.body
    kind = str(body.get("kind", ""))
    if kind != "raise":
        return Letter(message.number, kind, str(body.get("text", "")), {})
    more = {name: body[name] for name in _RAISED if body.get(name) is not None}
    words = ", ".join(f"{value} {_RAISED[name]}" for name, value in more.items())
    return Letter(
        message.number,
        kind,
        f"{message.sender} allowed {words} more.",
        {**more, "message": message.number},
    )
