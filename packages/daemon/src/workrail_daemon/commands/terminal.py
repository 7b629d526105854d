"""How is text written to a person's terminal, and JSON to a program?

Colours appear on a terminal only, and not where `NO_COLOR` is set. Text that comes from agents is
cleaned of control characters, so that no note can steer the terminal.
"""

import json
import re
from typing import Final

from rich.console import Console
from rich.text import Text

from workrail_engine.canonical import JsonValue

_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


def page(*, errors: bool = False) -> Console:
    """Where to print: stdout, or stderr; long lines are left whole for pipes to read."""
    return Console(stderr=errors, highlight=False, markup=False, emoji=False, soft_wrap=True)


def say(*parts: tuple[str, str] | str) -> None:
    """Print a line of (text, style) pairs and plain texts on stdout."""
    page().print(styled(*parts))


def remark(*parts: tuple[str, str] | str) -> None:
    """Print a line beside the answer, on stderr."""
    page(errors=True).print(styled(*parts))


def plain(text: str) -> str:
    """A text without characters that do more than show."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def one_line(text: str, most: int = 100) -> str:
    """The beginning of a text on one line."""
    line = " ".join(plain(text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def styled(*parts: tuple[str, str] | str) -> Text:
    """A line of (text, style) pairs and plain texts, each cleaned."""
    cleaned = [
        plain(part) if isinstance(part, str) else (plain(part[0]), part[1]) for part in parts
    ]
    return Text.assemble(*cleaned)


def indented(text: str, spaces: int) -> Text:
    """A text of several lines, each moved to the right."""
    margin = " " * spaces
    return Text("\n".join(f"{margin}{line}".rstrip() for line in plain(text).splitlines()))


def moment(timestamp: str) -> str:
    """An RFC 3339 time in UTC to the second, with a blank in place of the T."""
    return f"{timestamp[:10]} {timestamp[11:19]}Z"


def print_json(value: JsonValue) -> None:
    """A value for machines, indented, on stdout."""
    page().out(json.dumps(value, indent=2), highlight=False)


def print_json_line(value: JsonValue) -> None:
    """A value for machines, on a line of its own, on stdout."""
    page().out(json.dumps(value), highlight=False)
