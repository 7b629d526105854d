"""How does a page's value become HTML?"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from workrail_console.masking import masked
from workrail_console.rows import plain, strip_html
from workrail_console.run_words import money, spent_words
from workrail_console.times import ago, clock_time, lasted, shown
from workrail_engine.canonical import JsonValue
from workrail_engine.ports import Clock

_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True)
class Surroundings:
    """What every page says beside its own value."""

    cursor: str | None
    """The place in the store's history the page is made from; live updates go on from there."""
    attention: int
    """How many sessions need a person."""


class Renderer:
    """Fills templates; text is escaped unless it went through `notes_html`."""

    def __init__(
        self,
        clock: Clock,
        surroundings: Callable[[], Surroundings],
        versions: Mapping[str, str],
    ) -> None:
        """A renderer.

        Args:
            clock: tells how long ago things happened.
            surroundings: asked once for each page; must not raise.
            versions: of the files below `/static/`, by name.
        """
        self._clock = clock
        self._surroundings = surroundings
        self._environment = Environment(
            loader=FileSystemLoader(_TEMPLATES),
            auto_reload=False,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        filters: dict[str, Any] = {
            "clock_time": clock_time,
            "lasted": lasted,
            "masked": masked,
            "money": money,
            "notes_html": notes_html,
            "plain": plain,
            "pretty": pretty,
            "short": short,
            "shown": shown,
            "spent_words": spent_words,
            "strip_html": strip_html,
        }
        self._environment.filters.update(filters)
        always: dict[str, Any] = {"ago": self._ago, "assets": versions}
        self._environment.globals.update(always)

    def page(self, template: str, values: Mapping[str, object], status: int = 200) -> HTMLResponse:
        """One page of HTML."""
        html = self._environment.get_template(template).render(
            values, surroundings=self._surroundings()
        )
        return HTMLResponse(html, status)

    def _ago(self, at: str) -> str:
        now: datetime = self._clock.now()
        return ago(at, now)


def notes_html(text: str) -> str:
    """Markdown as clean HTML."""
    from workrail_console import notes  # noqa: PLC0415 (reading Markdown is heavy to load)

    return notes.notes_html(text)


def pretty(value: JsonValue) -> str:
    """A JSON value for people: a text as it is, anything else indented."""
    if isinstance(value, str):
        return value
    return json.dumps(value, indent=2, ensure_ascii=False)


def short(text: str, limit: int) -> str:
    """The beginning of a text, with an ellipsis where it was longer; line breaks become blanks."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"
