"""Which arguments is a command written as one text, and what in it would need a shell?

There is no shell: a text is split into arguments the way a shell quotes them, and nothing else is
done to it.
"""

import shlex
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

PLACEHOLDERS: Final = ("{workspace}", "{report}", "{base}", "{tree}")
"""What the engine puts in for an argument that is nothing else."""

_OPERATORS: Final = ";&|<>\n"


class CommandLineError(Exception):
    """A text is no command; the message reads on from the name of its place."""

    def __init__(self, message: str, advice: str) -> None:
        """Say what is wrong, and what to do about it."""
        super().__init__(message)
        self.advice = advice


def arguments(command: str | Sequence[str]) -> tuple[str, ...]:
    """The arguments of a command, the program first.

    Args:
        command: a list of arguments, which is taken as it is, or one text.

    Raises:
        CommandLineError: there is no program, or the text cannot be split or needs a shell.
    """
    argv = tuple(_split(command)) if isinstance(command, str) else tuple(command)
    if not argv or not argv[0].strip():
        message = "names no program"
        raise CommandLineError(message, "write the program and its arguments")
    return argv


def _split(text: str) -> list[str]:
    try:
        argv = shlex.split(text.strip())
    except ValueError as error:
        message = (
            "ends with a backslash that quotes nothing"
            if "escape" in str(error)
            else "has a quotation mark that is not closed"
        )
        raise CommandLineError(message, "close it, or write a list of arguments") from error
    operator = "".join(takewhile(_OPERATORS.__contains__, _from_first_operator(text.strip())))
    if operator:
        what = "a line break" if "\n" in operator else f"`{operator}`"
        message = f"holds {what}, which only a shell understands, and no shell is used"
        advice = "write a check for each command, or quote it where it is meant as it stands"
        raise CommandLineError(message, advice)
    return argv


def _from_first_operator(text: str) -> str:
    """The text from its first operator on that is not quoted; nothing when there is none."""
    places = (place for place, bare in enumerate(_bare(text)) if bare and text[place] in _OPERATORS)
    first = next(places, None)
    return "" if first is None else text[first:]


def _bare(text: str) -> Iterator[bool]:
    """For each character whether it stands outside of quotes."""
    quote, escaped = "", False
    for character in text:
        yield not (quote or escaped)
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
