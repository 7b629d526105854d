"""How do templates get HTML that is made outside of them?

Each function takes text of an agent and returns HTML that is safe to put into a page as it is. What
looks like a secret is masked here, because the classes of coloured code would take it apart.
"""

from dataclasses import dataclass
from typing import Final

from workrail_console.ansi import terminal_html
from workrail_console.highlighting import code_html
from workrail_console.masking import masked


@dataclass(frozen=True)
class Html:
    """HTML that is safe as it is; templates put it in without escaping it, by its `__html__`."""

    text: str

    def __html__(self) -> str:
        """What a template puts in."""
        return self.text


@dataclass(frozen=True)
class Cut:
    """The beginning of some notes, or all of them."""

    html: Html
    left_out: int
    """Characters that are not shown."""


class RichText:
    """What templates are given; has no state."""

    def notes(self, text: str, limit: int | None = None, below: int = 3) -> Cut:
        """Markdown; with a limit only its beginning, where it is longer."""
        from workrail_console.notes import (  # noqa: PLC0415 (reading Markdown is heavy to load)
            beginning,
            notes_html,
        )

        start = None if limit is None else beginning(text, limit)
        if start is None:
            return Cut(Html(notes_html(masked(text), below)), 0)
        return Cut(Html(notes_html(masked(start), below)), len(text) - len(start))

    def terminal(self, text: str) -> Html:
        """The output of a command, with its colours."""
        # After, because a control sequence before a secret hides where it begins.
        return Html(masked(terminal_html(text)))

    def code(self, text: str, language: str) -> Html:
        """Source code, coloured."""
        return Html(code_html(masked(text), language))


RICH: Final = RichText()
