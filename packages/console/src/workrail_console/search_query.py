"""What does a line of search text ask for, together with the fields of the form beside it?

`rate limit status:blocked branch:main after:2026-11-01` means: sessions that speak of both words,
are blocked, are on that branch, and changed on that day or later. A value with blanks stands in
double quotes. What looks like a condition and is none (`error:` in a pasted message) is words.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Final, Literal, TypeAlias
from urllib.parse import urlencode

from workrail_engine.projections.findings import SearchAsk

StatusWord: TypeAlias = Literal["running", "blocked", "waiting", "completed"]

STATUSES: Final[Mapping[str, StatusWord]] = {
    word: word for word in ("running", "blocked", "waiting", "completed")
}
_CONDITION: Final = re.compile(r'(?P<key>[A-Za-z]+):(?P<value>"[^"]*"?|\S+)')
_PIECE: Final = re.compile(r'[A-Za-z]+:"[^"]*"?|\S+')
_NAMES: Final[Mapping[str, str]] = {
    "status": "status",
    "workflow": "workflow",
    "repo": "repo",
    "repository": "repo",
    "branch": "branch",
    "after": "after",
    "before": "before",
    "has": "artifact",
    "artifact": "artifact",
}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Sought:
    """What is looked for, as it was written; an empty text leaves a condition out."""

    words: str = ""
    status: str = ""
    workflow: str = ""
    repo: str = ""
    branch: str = ""
    after: str = ""
    before: str = ""
    artifact: str = ""
    """A kind of artifact, or `any`."""

    @property
    def conditions(self) -> dict[str, str]:
        """Everything but the words that is asked for, by name."""
        every = {field.name: str(getattr(self, field.name)) for field in fields(self)}
        return {name: value for name, value in every.items() if value and name != "words"}

    @property
    def empty(self) -> bool:
        """Whether nothing is asked for."""
        return not self.words and not self.conditions

    def without(self, name: str) -> "Sought":
        """The same without one condition, or without the words."""
        return replace(self, **{name: ""})

    def link(self, path: str = "/search", cursor: str | None = None) -> str:
        """The address that asks for this."""
        pairs = {"q": self.words, **self.conditions, "cursor": cursor or ""}
        query = urlencode({name: value for name, value in pairs.items() if value})
        return f"{path}?{query}" if query else path

    def problems(self) -> tuple[str, ...]:
        """What in it nothing can fit, each with what to write instead."""
        return tuple(self._problems())

    def _problems(self) -> Iterator[str]:
        if self.status and self.status not in STATUSES:
            yield f"No session has the status “{self.status}”. Choose one of: {', '.join(STATUSES)}."
        for name, day in (("after", self.after), ("before", self.before)):
            if day and _day(day) is None:
                yield f"“{day}” is not a day. Write {name}: as in {name}:2026-11-01."

    def ask(self, limit: int, cursor: str | None) -> SearchAsk:
        """The question to the store; `problems` must be empty."""
        first, last = _day(self.after), _day(self.before)
        return SearchAsk(
            words=self.words,
            limit=limit,
            before=cursor,
            status=STATUSES.get(self.status),
            workflow=self.workflow or None,
            repository=self.repo or None,
            branch=self.branch or None,
            since=None if first is None else first.isoformat(),
            until=None if last is None else (last - timedelta(days=1)).isoformat(),
            artifact=self.artifact or None,
        )


def sought(text: str, form: Mapping[str, str]) -> Sought:
    """What a search line and the fields beside it ask for; the line has the last word.

    Args:
        text: the search line.
        form: values of the fields by the names of `Sought`; others are left alone.
    """
    known = {name: form.get(name, "").strip() for name in set(_NAMES.values())}
    words: list[str] = []
    for piece in _PIECE.findall(text):
        match = _CONDITION.fullmatch(piece)
        name = None if match is None else _NAMES.get(match["key"].lower())
        value = "" if match is None else match["value"].strip('"').strip()
        if name is None or not value:
            words.append(piece)
        elif match is not None and match["key"].lower() == "has":
            known[name] = _kind(value)
        else:
            known[name] = value.lower() if name == "status" else value
    return Sought(words=" ".join(words), **known)


def _kind(value: str) -> str:
    """`has:artifact` asks for one of any kind; `has:wr.verdict` for one of that kind."""
    return "any" if value.lower() in ("artifact", "artifacts", "any") else value


def _day(text: str) -> date | None:
    """A day that has one before it; None for any other text."""
    if not _DAY.fullmatch(text):
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day > date.min else None
