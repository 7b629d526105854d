"""When did this browser look last? A cookie of its own says so; the store is not told.

A visit goes on while pages are opened less than half an hour apart. What is new is counted from the
end of the visit before, and does not vanish when the page is loaded again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

PAUSE: Final = timedelta(minutes=30)
"""Without a page opened for so long, the next one begins another visit."""
KEPT: Final = 400 * 24 * 3_600
"""Seconds a browser keeps the cookie; they keep none for longer."""


@dataclass(frozen=True)
class Visit:
    """A browser's present visit."""

    since: datetime
    """What came after this is new to it."""
    last_page: datetime

    def written(self) -> str:
        """As the cookie holds it."""
        return f"{self.since.isoformat()}~{self.last_page.isoformat()}"


def cookie_name(port: int) -> str:
    """Browsers share cookies between the ports of a host, so the name says which console it is of."""
    return f"worktrain_visit_{port}"


def visit_from(cookie: str, now: datetime) -> Visit | None:
    """The visit a cookie tells of; None for a browser that is new, or a cookie that is not ours."""
    since, _, last_page = cookie.partition("~")
    try:
        seen = datetime.fromisoformat(last_page).astimezone(UTC)
        start = datetime.fromisoformat(since).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if not start <= seen <= now:
        return None
    return Visit(seen if now - seen > PAUSE else start, seen)


def visited(before: Visit | None, now: datetime, *, all_seen: bool) -> Visit:
    """The visit once a page was opened; `all_seen` when the reader says that nothing is new."""
    if before is None or all_seen:
        return Visit(now, now)
    return Visit(before.since, now)
