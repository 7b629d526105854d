"""How is a step read that is too long for one answer?

The reply that shows a step has room for its text beside everything else it says. What does not fit is
never dropped: the reply names the call that shows the next page, and only the last page shows the
call that completes the step.
"""

from dataclasses import dataclass

from workrail_mcp_server.present_text import REPLY_LIMIT, call, paragraphs

_ROOM_FOR_READING_ON = 400
_SMALLEST_PAGE = 4_000


@dataclass(frozen=True)
class StepReply:
    """The parts of a reply that shows a step's text."""

    before: str
    """Shown on the first page only."""
    heading: str
    after: str
    """What completing the step takes; shown with the end of the text."""


def with_text(reply: StepReply, text: str, token: str, offset: int) -> str:
    """The reply with the page of the text that begins at a character."""
    if offset and offset >= len(text):
        past = (
            f"[The text of this step has {len(text):,} characters; nothing stands at {offset:,}.]"
        )
        return paragraphs((reply.heading, past, reply.after))
    first = () if offset else (reply.before,)
    others = paragraphs((*first, reply.heading, reply.after))
    room = max(_SMALLEST_PAGE, REPLY_LIMIT - len(others) - _ROOM_FOR_READING_ON)
    end = offset + room
    last = reply.after if end >= len(text) else _reading_on(token, offset, end, len(text))
    return paragraphs((*first, reply.heading, text[offset:end], last))


def _reading_on(token: str, offset: int, end: int, total: int) -> str:
    following = call("continue_workflow", {"continueToken": token, "offset": end})
    return (
        f"[Characters {offset:,} to {end:,} of {total:,} of this step's text. "
        f"Read all of it before you act. Next: {following}]"
    )
