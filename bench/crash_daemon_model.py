"""What does the model of the crash campaign answer, and what was it asked?

Each request names its session by the goal and its turn by the answers it repeats. Each answer carries a
word of its own, so that a forked or lost conversation shows.
"""

import re
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final

from workrail_daemon.testing.model_messages import Answer
from workrail_daemon.testing.model_server import Deed, Heard, Slow, serving

TURNS_A_STEP: Final = 5
MARK: Final = re.compile(r"campaign session (\d+)\.")
WORD: Final = re.compile(r"word-(\d+)-")
_THINKS: Final = 0.03
"""Seconds before each of an answer's events."""
_NOTES: Final = (
    "Whatever this step asked for was done, and what came of it was looked at once more by me."
)


class StandIn:
    """The model, and all it was asked."""

    def __init__(self) -> None:
        self.address = ""
        self.count = 0
        self.asked: list[tuple[int, int]] = []
        """(session, turn) of every request, in order."""
        self.forks: list[str] = []
        """Requests that do not repeat what was answered."""
        self._answers: dict[tuple[int, int], set[str]] = {}
        self._lock = Lock()

    def answer(self, heard: Heard) -> Deed:
        """The next turn of the session that asks."""
        messages: list[dict[str, Any]] = heard.body["messages"]
        marked = MARK.search(str(messages[0]))
        session = int(marked[1]) if marked else -1
        said = [message for message in messages if message["role"] == "assistant"]
        turn = len(said) + 1
        with self._lock:
            self.count += 1
            self.asked.append((session, turn))
            word = f"word-{self.count}-"
            self._check(session, said)
            self._answers.setdefault((session, turn), set()).add(word)
        return Slow(Answer(text=word, calls=[_call(turn)]), _THINKS)

    def repeats(self) -> Counter[tuple[int, int]]:
        """How often each turn was asked beyond the first time."""
        counts = Counter(self.asked)
        return Counter({which: count - 1 for which, count in counts.items() if count > 1})

    def asked_since(self, place: int, sessions: Iterable[int]) -> bool:
        """Whether one of some sessions asked after so many requests."""
        wanted = set(sessions)
        return any(session in wanted for session, _turn in self.asked[place:])

    def _check(self, session: int, said: list[dict[str, Any]]) -> None:
        for turn, message in enumerate(said, start=1):
            word = WORD.search(str(message))
            if word is None or word[0] not in self._answers.get((session, turn), set()):
                self.forks.append(f"session {session}, turn {turn}: {word and word[0]}")


@contextmanager
def stand_in() -> Generator[StandIn]:
    """The model, as long as the block runs."""
    model = StandIn()
    with serving(model.answer) as server:
        model.address = server.address
        yield model


def _call(turn: int) -> tuple[str, dict[str, Any]]:
    match turn % TURNS_A_STEP:
        case 0:
            return "complete_step", {"notes": _NOTES}
        case 1:
            return "Bash", {"command": f"echo {turn} >> done.txt", "cwd": "."}
        case 2:
            return "Read", {"file_path": "a.txt"}
        case 3:
            return "Write", {"file_path": f"made/{turn}.txt", "content": f"{turn}\n"}
        case _:
            return "Bash", {"command": "head -c 50000 /dev/zero | tr '\\0' x; echo", "cwd": "."}
