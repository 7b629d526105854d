"""Where does a page listen for changes? One stream of server-sent events."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import PlainTextResponse, Response, StreamingResponse

from workrail_console.context import PageContext, get
from workrail_console.live import MOST_FOLLOWERS, RESYNC, RETRY, SESSIONS, missed
from workrail_engine.errors import InvalidInputError, WorkRailError
from workrail_engine.ids import is_session_id

_MOST_TOPICS = 64
_PATIENCE = 5.0
"""Seconds to wait for the first look at a store; one that cannot be read is tried again and again."""


def routes(context: PageContext) -> APIRouter:
    """The stream."""
    router = APIRouter(tags=["live"])

    async def live(
        topics: Annotated[
            str,
            Query(
                max_length=4_000,
                description="`sessions`, or `session:{id}` of some sessions, with commas between.",
            ),
        ] = SESSIONS,
        since: Annotated[
            str, Query(max_length=200, description="The place a page was made from.")
        ] = "",
        last_event_id: Annotated[str, Header(max_length=200)] = "",
    ) -> Response:
        """Changes as they come: `change` names sessions, `resync` says to look at everything."""
        return _stream(context, topics_of(topics), last_event_id or since or None)

    get(
        router,
        "/live",
        live,
        responses={200: {"content": {"text/event-stream": {}}}, 503: {"description": "Too many."}},
    )
    return router


def topics_of(text: str) -> frozenset[str]:
    """The topics an address names.

    Raises:
        InvalidInputError: one is none, or there are too many.
    """
    topics = frozenset(topic.strip() for topic in text.split(",") if topic.strip())
    for topic in topics:
        kind, _, session_id = topic.partition(":")
        if topic != SESSIONS and not (kind == "session" and is_session_id(session_id)):
            message = "A topic is `sessions`, or `session:` and the id of a session."
            raise InvalidInputError(message)
    if not 1 <= len(topics) <= _MOST_TOPICS:
        message = f"Name one topic at least and {_MOST_TOPICS} at most."
        raise InvalidInputError(message)
    return topics


def _stream(context: PageContext, topics: frozenset[str], since: str | None) -> Response:
    if context.hub.followers >= MOST_FOLLOWERS:
        return PlainTextResponse(
            f"{MOST_FOLLOWERS} pages follow already. Close some tabs; this one works without.\n",
            503,
        )
    return StreamingResponse(
        _messages(context, topics, since),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _messages(
    context: PageContext, topics: frozenset[str], since: str | None
) -> AsyncGenerator[str]:
    with context.hub.following(topics) as follower:
        yield f"retry: {RETRY}\n\n"
        if follower is None:
            return
        # Asked once what comes is told: what lies between is told twice rather than never.
        first = await asyncio.to_thread(_missed, context, topics, since)
        if first:
            yield first
        async for message in follower.messages():
            yield message


def _missed(context: PageContext, topics: frozenset[str], since: str | None) -> str:
    context.hub.wait_until_looking(_PATIENCE)
    try:
        with context.open_reader() as reader:
            return missed(reader, since, topics)
    except WorkRailError:
        return RESYNC
