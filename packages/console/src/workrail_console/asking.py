"""Which sessions does an address ask for, and what is the address of a little more or less?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Query

from workrail_console.words import STATUSES, Status
from workrail_engine.errors import InvalidInputError
from workrail_engine.projections.listing import ListAsk

LONGEST: Final = 1_000
"""Characters of any part of an address."""


Text = Annotated[str, Query(max_length=LONGEST)]


@dataclass(frozen=True)
class Wanted:
    """What the list is kept to. The names are those of the address; an empty text asks nothing."""

    q: Text = ""
    status: Text = ""
    workflow: Text = ""
    repo: Text = ""
    branch: Text = ""
    by: Text = ""
    all: Text = ""
    """Not empty: every session, not only those nobody started from another."""
    before: Text = ""

    @property
    def filtered(self) -> bool:
        """Whether sessions may be left out because of what was asked."""
        return any(value for _, value in self.filters())

    def filters(self) -> Iterator[tuple[str, str]]:
        """What the list is kept to, by name; the empty ones keep it to nothing."""
        for name in ("q", "status", "workflow", "repo", "branch", "by"):
            yield name, getattr(self, name)

    def ask(self, limit: int = 50) -> ListAsk:
        """The question for the reader."""
        known: dict[str, Status] = {word: word for word in STATUSES}
        return ListAsk(
            limit=limit,
            before=self.before or None,
            status=known.get(self.status),
            words=self.q or None,
            workflow=self.workflow or None,
            repository=self.repo or None,
            branch=self.branch or None,
            origin=self.by or None,
            roots=not self.all,
        )

    def but(self, **changed: str) -> "Wanted":
        """The same, with something changed, from the newest session on."""
        return replace(self, **{"before": "", **changed})

    def link(self, path: str = "/") -> str:
        """Its address."""
        pairs = [(name, value) for name, value in self.filters() if value]
        pairs += [("all", "1")] if self.all else []
        pairs += [("before", self.before)] if self.before else []
        return f"{path}?{urlencode(pairs)}" if pairs else path


def checked(asked: Wanted) -> Wanted:
    """What was asked for, once its status is known to be one.

    Raises:
        InvalidInputError: no session can have such a status.
    """
    if asked.status and asked.status not in STATUSES:
        message = f"No session has such a status. Choose one of: {', '.join(STATUSES)}."
        raise InvalidInputError(message)
    return replace(asked, q=" ".join(asked.q.split()))
