"""What needs a person, and what was completed, for a feed reader: `/feed.atom`."""

import hashlib
from collections.abc import Iterator
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from workrail_console.context import PageContext, get
from workrail_console.integrity import DamagedRecord
from workrail_console.machine.atom import MEDIA_TYPE, Masthead, News, atom
from workrail_console.rows import plain
from workrail_engine.ids import SessionId
from workrail_engine.ports import Clock
from workrail_engine.projections.listing import ListAsk, ListedSession
from workrail_engine.reader import Reader

_OF_EACH: Final = 50
"""Entries of each kind."""
_GOAL: Final = 120
"""Characters of a goal in a title."""


def routes(context: PageContext) -> APIRouter:
    """`/feed.atom`."""
    router = APIRouter()
    damage = _Damage(context.clock)

    def feed(request: Request) -> Response:
        """An Atom feed of what waits for a person, is blocked or damaged, and was completed."""
        base = f"{request.url.scheme}://{request.url.netloc}"
        with context.open_reader() as reader:
            news = [*_standing(context, reader, base), *_completed(reader, base)]
        news += damage.news(context.integrity.damaged(), base)
        store = hashlib.sha256(context.store.encode()).hexdigest()[:16]
        about = Masthead(
            name=f"urn:workrail:feed:{store}",
            title="WorkRail: what needs you, and what is done",
            author="WorkRail",
            address=f"{base}/feed.atom",
            page=f"{base}/",
        )
        return Response(atom(about, news), media_type=MEDIA_TYPE)

    get(router, "/feed.atom", feed)
    return router


def _standing(context: PageContext, reader: Reader, base: str) -> Iterator[News]:
    attention = reader.overview.attention(context.clock.now(), _OF_EACH)
    for line in attention.waiting:
        session_id = line.summary.session_id
        text = f"{_at(line)} waits for approval. Run `workrail approve {session_id}` to decide."
        yield _news(line, "waiting", "Waits for approval", text, base)
    for line in attention.blocked:
        blockers = () if line.reason is None else line.reason.blockers
        text = " ".join(f"{one.message} {one.remedy}" for one in blockers)
        yield _news(line, "blocked", "Blocked", f"{_at(line)} is blocked. {text}".strip(), base)


def _completed(reader: Reader, base: str) -> Iterator[News]:
    page = reader.overview.listed(ListAsk(limit=_OF_EACH, status="completed"))
    for line in page.lines:
        count = line.summary.steps_completed
        steps = "1 step" if count == 1 else f"{count} steps"
        text = f"The run is complete after {steps}. {plain(line.last_note or '')}".strip()
        yield _news(line, "completed", "Complete", text, base)


def _news(line: ListedSession, category: str, word: str, text: str, base: str) -> News:
    summary = line.summary
    at = summary.updated_at if line.reason is None else line.reason.since
    # A session that is blocked again is another piece of news; one that is complete stays complete.
    which = "" if category == "completed" else f":{at}"
    return News(
        name=f"urn:workrail:session:{summary.session_id}:{category}{which}",
        title=f"{word}: {_short(summary.goal) or summary.workflow_name}",
        text=text,
        category=category,
        at=at,
        address=f"{base}/sessions/{summary.session_id}",
    )


class _Damage:
    """Damaged records, each with the time this console first told of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._first: dict[SessionId, str] = {}

    def news(self, records: tuple[DamagedRecord, ...], base: str) -> list[News]:
        """An entry for each of the first fifty."""
        now = self._clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        shown = records[:_OF_EACH]
        self._first = {one.session_id: self._first.get(one.session_id, now) for one in shown}
        return [self._entry(one, base) for one in shown]

    def _entry(self, record: DamagedRecord, base: str) -> News:
        return News(
            name=f"urn:workrail:session:{record.session_id}:damaged",
            title=f"Damaged: {_short(record.goal) or record.session_id}",
            text=f"{'; '.join(record.problems[:3])}. Keep a copy of the store, then run "
            f"`workrail session repair {record.session_id}`.",
            category="damaged",
            at=self._first[record.session_id],
            address=f"{base}/sessions/{record.session_id}",
        )


def _at(line: ListedSession) -> str:
    return line.summary.step_title or "Its step"


def _short(goal: str) -> str:
    text = " ".join(goal.split())
    return text if len(text) <= _GOAL else f"{text[: _GOAL - 1].rstrip()}…"
