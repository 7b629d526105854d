"""How is text written to a person's terminal?

Colours appear on a terminal only, and not where `NO_COLOR` is set. Text that comes from files or
agents is cleaned of control characters, so that no workflow and no note can steer the terminal.
"""

import json
import re
from typing import Literal, TypeAlias, assert_never

from rich.console import Console
from rich.text import Text

from workrail_engine.canonical import JsonValue

StatusName: TypeAlias = Literal["running", "blocked", "waiting", "completed"]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def page(*, errors: bool = False) -> Console:
    """Where to print: stdout, or stderr; long lines are left whole for pipes to read."""
    return Console(stderr=errors, highlight=False, markup=False, emoji=False, soft_wrap=True)


def plain(text: str) -> str:
    """A text without characters that do more than show."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


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


def status_style(status: StatusName) -> str:
    """The colour a status is shown in."""
    match status:
        case "running":
            return "cyan"
        case "blocked":
            return "yellow"
        case "waiting":
            return "magenta"
        case "completed":
            return "green"
        case _:
            assert_never(status)


def moment(timestamp: str) -> str:
    """An RFC 3339 time in UTC to the second, with a blank in place of the T."""
    return f"{timestamp[:10]} {timestamp[11:19]}Z"


def print_json(value: JsonValue) -> None:
    """A value for machines, indented, on stdout."""
    page().out(json.dumps(value, indent=2), highlight=False)
