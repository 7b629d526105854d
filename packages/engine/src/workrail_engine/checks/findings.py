"""What does looking once come to, before it is put down as a result?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from workrail_engine.canonical import JsonObject
from workrail_engine.workflow.checks import CheckOutcome, Counts

SHOWN_PROBLEMS: Final = 20
_SHOWN_LENGTH: Final = 300
_HIDDEN: Final = frozenset(
    map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF))
)
"""Characters that change how others are shown, or are not seen themselves."""


class CannotCheckError(Exception):
    """It could not be looked at; the message says why and what to do. It becomes an `error`."""

    def __init__(self, message: str, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Finding:
    """What was found."""

    outcome: CheckOutcome
    summary: str
    problems: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    counts: Counts | None = None
    output: JsonObject | None = field(default=None, repr=False)


def bounded(problems: Iterable[str]) -> tuple[str, ...]:
    """Problems, each on a line that is not too long; how many more there are is said last."""
    every = [one_line(problem) for problem in problems]
    left = len(every) - SHOWN_PROBLEMS
    return tuple(every) if left <= 0 else (*every[:SHOWN_PROBLEMS], f"and {left} more")


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 file`, `2 files`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def one_line(text: str, most: int = _SHOWN_LENGTH) -> str:
    """A text on one line that can be shown anywhere, cut with a mark when it is too long."""
    shown = " ".join(harmless(text).split())
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def harmless(text: str) -> str:
    """A text without characters that steer a terminal or hide; lines stay lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        each
        if each in "\n\t" or (each.isprintable() and each not in _HIDDEN)
        else "\N{REPLACEMENT CHARACTER}"
        for each in lines
    )
