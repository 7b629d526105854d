"""How does the demo look on a terminal, and in a file?"""

import os
import sys
from collections.abc import Iterable

_STYLES = {"heading": "1;36", "agent": "33", "good": "32", "bad": "1;31", "dim": "2", "step": "1"}


class Screen:
    """Writes the story to standard output; in colour on a terminal, unless NO_COLOR is set."""

    def __init__(self) -> None:
        self._colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def heading(self, text: str) -> None:
        """Open a chapter."""
        self._write(f"\n== {text}", "heading")

    def say(self, text: str) -> None:
        """One plain line."""
        self._write(text)

    def good(self, text: str) -> None:
        """Something that was checked and holds."""
        self._write(f"  ok  {text}", "good")

    def bad(self, text: str) -> None:
        """Something that does not hold."""
        self._write(f"  FAILED  {text}", "bad")

    def agent(self, text: str) -> None:
        """What the agent does."""
        self._write(f"  agent> {text}", "agent")

    def step(self, title: str, size: int, lines: Iterable[str]) -> None:
        """A step as the server handed it out: its title, its size in bytes, its first lines."""
        self._write(f"\n  [{title}]  {size} bytes", "step")
        self.quote(lines)

    def quote(self, lines: Iterable[str]) -> None:
        """Lines somebody else wrote."""
        for line in lines:
            self._write(f"  | {line}", "dim")

    def _write(self, text: str, style: str | None = None) -> None:
        if self._colour and style:
            text = f"\x1b[{_STYLES[style]}m{text}\x1b[0m"
        print(text, flush=True)
