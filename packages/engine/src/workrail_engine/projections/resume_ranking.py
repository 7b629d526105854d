"""Which session did you mean?

The store finds the sessions that match something of what was asked; here they are put in order and
each is told why it is there. Pure, so the order can be tested without a database.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from workrail_engine.projections.session_summary import SessionSummary

Match: TypeAlias = Literal["id", "words", "branch", "repository"]

SNIPPET_CHARACTERS: Final = 240
_LEAD_IN: Final = 60
_WORD: Final = re.compile(r"\w+")
_PART: Final = re.compile(r'"([^"]*)"|\w+')
_MOST_WORDS: Final = 8


@dataclass(frozen=True)
class ResumeAsk:
    """What is known of the session that is meant; what is None is not asked about."""

    query: str | None = None
    session_id: str | None = None
    branch: str | None = None
    repository: str | None = None
    """Root of the repository, a folder worked in, or just the repository's name."""
    limit: int = 5


@dataclass(frozen=True)
class Sighting:
    """A session that matches, and in what."""

    summary: SessionSummary
    matches: frozenset[Match]
    relevance: float
    """How well the words fit; more is better, 0 where no words were asked for."""
    text: str
    """What the session says, best at the words: a goal or notes."""


@dataclass(frozen=True)
class Sightings:
    """What the store found."""

    found: tuple[Sighting, ...]
    total: int
    """How many sessions match."""
    sessions: int
    """How many sessions there are."""
    more: bool = False
    """Whether more may match: of a very common word only the newest texts are looked at."""


@dataclass(frozen=True)
class RankedSession:
    """A session that may be the one meant."""

    summary: SessionSummary
    why: tuple[str, ...]
    snippet: str


def rank(ask: ResumeAsk, found: tuple[Sighting, ...]) -> tuple[RankedSession, ...]:
    """The sessions that were found, best first, each with the reasons.

    More of what was asked for beats less; then the better text; then work that is not complete; then
    the newest change.
    """
    ordered = sorted(found, key=lambda sighting: sighting.summary.updated_at, reverse=True)
    best = max((sighting.relevance for sighting in found), default=0) or 1
    ordered.sort(key=lambda sighting: _order(sighting, best))
    return tuple(
        RankedSession(
            summary=sighting.summary,
            why=_reasons(ask, sighting),
            snippet=snippet(sighting.text, words_of(ask.query)),
        )
        for sighting in ordered[: ask.limit]
    )


def words_of(query: str | None) -> tuple[str, ...]:
    """What is looked for: the first eight words or "quoted phrases", in lower case.

    A phrase is words with a blank between each two.
    """
    parts = _PART.finditer((query or "").lower())
    words = (" ".join(_WORD.findall(part.group())) for part in parts)
    return tuple(word for word in words if word)[:_MOST_WORDS]


def snippet(text: str, words: tuple[str, ...]) -> str:
    """A line of a text, around the first of the words that is in it."""
    line = " ".join(text.split())
    lower = line.lower()
    places = [place for word in words if (place := lower.find(word)) >= 0]
    start = max(0, min(places, default=0) - _LEAD_IN)
    if start:
        start = line.find(" ", start) + 1
    cut = line[start : start + SNIPPET_CHARACTERS]
    before = "… " if start else ""
    after = " …" if start + SNIPPET_CHARACTERS < len(line) else ""
    return f"{before}{cut.strip()}{after}"


def _order(sighting: Sighting, best: float) -> tuple[int, float, bool]:
    """Texts within a tenth of the best are taken for equally good."""
    return (
        -len(sighting.matches),
        -round(sighting.relevance / best, 1),
        sighting.summary.status == "completed",
    )


def _reasons(ask: ResumeAsk, sighting: Sighting) -> tuple[str, ...]:
    reasons: list[str] = []
    if "id" in sighting.matches:
        reasons.append("it has the id you gave")
    if "words" in sighting.matches:
        reasons.append(f'it speaks of "{" ".join(words_of(ask.query))}"')
    if "branch" in sighting.matches:
        reasons.append(f"it began on branch {ask.branch}")
    if "repository" in sighting.matches:
        reasons.append(f"it works in {ask.repository}")
    if not sighting.matches:
        reasons.append("it changed recently")
    return tuple(reasons)
