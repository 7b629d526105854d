"""What does a row of a list say of a session?"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from markupsafe import Markup, escape

from workrail_console.standing import Integrity, Liveness, Standing, standing
from workrail_console.words import Status
from workrail_engine.projections.driving import SeenDriver
from workrail_engine.projections.listing import ListedSession, Mark, StandingReason
from workrail_engine.projections.run_lines import RunLine
from workrail_engine.projections.session_summary import SessionSummary


@dataclass(frozen=True)
class Row:
    """A session in a list: what the store says of it, and where it stands."""

    summary: SessionSummary
    standing: Standing
    marks: tuple[Mark, ...]
    """The last steps of the branch it stands on, oldest first."""
    marks_left_out: int
    """Steps of the branch before those."""
    retries: int
    """Refused attempts among the marks."""
    reason: StandingReason | None
    """None while it runs, and once it is complete."""
    last_note: str | None
    children: dict[Status, int]
    """Sessions started from it, by status."""
    drivers: tuple[SeenDriver, ...]
    problem: str | None
    """Why its row cannot be told whole."""
    run: RunLine | None
    """Of a session that is driven without a person."""


_WORDS: dict[Mark, str] = {
    "done": "done",
    "retried": "done after a refused attempt",
    "blocked": "blocked",
    "waiting": "waiting",
    "current": "current",
    "end": "end",
}
_ICONS: dict[Mark, str] = {
    "done": "▮",
    "retried": "↻",
    "blocked": "✕",
    "waiting": "?",
    "current": "▸",
    "end": "✓",
}
_MARKUP: Final = re.compile(
    r"(?P<ticks>`+)(?P<code>[^`]+)(?P=ticks)"  # what stands in code stays as it is
    r"|`+"
    r"|!?\[(?P<words>[^\]\n]*)\]\([^)\s]*\)"
    r"|(?<![\w*])(?:\*{1,3}|~~)(?=[\w`\"'(\[])|(?<=[\w`\"').,:;!?\]])(?:\*{1,3}|~~)(?![\w*])"
    r"|^[ \t]*(?:\#{1,6}|>)[ \t]+",
    re.MULTILINE,
)
"""What Markdown adds to words to make them look like something."""
_READ: Final = 600
"""Characters of notes that may be needed for one line."""


def plain(notes: str) -> str:
    """The beginning of notes as plain text: without emphasis, code marks, headings and targets."""
    return _MARKUP.sub(lambda found: found["code"] or found["words"] or "", notes[:_READ])


def strip_html(row: Row) -> Markup:
    """The marks of a row, one sign a step, with the same in words."""
    return _strip_html(row.marks, row.marks_left_out)


@lru_cache(2_048)
def _strip_html(marks: tuple[Mark, ...], left_out: int) -> Markup:
    words = escape(strip_words(marks, left_out))
    more = f'<b class="more">+{left_out}</b>' if left_out else ""
    signs = "".join(f'<b class="{mark}">{_ICONS[mark]}</b>' for mark in marks)
    # Nothing of it was written by an agent: marks are a few known words, the rest is a number.
    return Markup(  # noqa: S704  # made of our own signs and numbers
        f'<span class="strip" role="img" aria-label="{words}" title="{words}">{more}{signs}</span>'
    )


def strip_words(marks: tuple[Mark, ...], left_out: int) -> str:
    """The marks in words."""
    steps = len(marks) + left_out
    counts: dict[Mark, int] = {mark: marks.count(mark) for mark in _WORDS}
    counts["done"] += left_out
    told = ", ".join(f"{count} {_WORDS[mark]}" for mark, count in counts.items() if count)
    return f"{steps} {'step' if steps == 1 else 'steps'}: {told}" if steps else "no step yet"


def row_of(listed: ListedSession, alive: Liveness | None, whole: Integrity, now: datetime) -> Row:
    """A row; the arguments are those of `standing`."""
    return Row(
        summary=listed.summary,
        standing=standing(listed, alive, whole, now),
        marks=listed.marks,
        marks_left_out=listed.marks_left_out,
        retries=listed.retries,
        reason=listed.reason,
        last_note=listed.last_note,
        children=listed.children,
        drivers=listed.drivers,
        problem=listed.problem,
        run=listed.run,
    )
