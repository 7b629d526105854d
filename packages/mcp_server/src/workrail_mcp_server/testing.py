"""How do tests talk to the server as an agent does?

An `Agent` reads replies and nothing else; it works over any connection an SDK client makes.
"""

import re

import mcp_types as types
from mcp.client import Client

from workrail_mcp_server.failures import FAILURE_LIMIT

_TOKEN = re.compile(r"\b(ct|cp|rs)_[A-Za-z0-9_-]{24}")
_SESSION = re.compile(r"\bsess_[a-z2-7]{26}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|\+00:00)")


class Agent:
    """Makes calls and reads their replies."""

    def __init__(self, client: Client) -> None:
        """Speak through a connected client."""
        self.client = client

    async def call(self, tool: str, **arguments: object) -> str:
        """The reply to a call that must succeed.

        Raises:
            AssertionError: the reply is an error.
        """
        text, failed = await self._reply(tool, arguments)
        if failed:
            raise AssertionError(text)
        return text

    async def refused(self, tool: str, **arguments: object) -> str:
        """The reply to a call that must fail, within the limit for failures.

        Raises:
            AssertionError: the call succeeded, or the reply is too long.
        """
        text, failed = await self._reply(tool, arguments)
        if not failed or len(text.encode()) > FAILURE_LIMIT:
            raise AssertionError(text)
        return text

    async def _reply(self, tool: str, arguments: dict[str, object]) -> tuple[str, bool]:
        result = await self.client.call_tool(tool, arguments)
        match result.content:
            case [types.TextContent(text=text)] if result.structured_content is None:
                return text, result.is_error
            case _:
                message = f"Not one text and nothing else: {result!r}"
                raise AssertionError(message)


def token_in(reply: str) -> str:
    """The last token of a reply: the one its next call is to be made with."""
    return [match[0] for match in _TOKEN.finditer(reply)][-1]


def masked(reply: str) -> str:
    """A reply with what differs from run to run replaced by its kind."""
    reply = _TOKEN.sub(r"\1_TOKEN", reply)
    return _TIME.sub("TIME", _SESSION.sub("sess_ID", reply))
