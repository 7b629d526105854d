"""Which slash commands are there, and what does one ask for?

Every workflow that can be started here is a prompt of the same name with one argument, the goal. The
name is the workflow's id as it is: letters, digits, `-`, `_` and a dot, which clients take in a
command (Claude Code: `/mcp__workrail__wr.bug-investigation GOAL`).
"""

from typing import TYPE_CHECKING, Any

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from workrail_mcp_server.library import Library
from workrail_mcp_server.listing_pages import page_after
from workrail_mcp_server.present_prompt import present_prompt
from workrail_mcp_server.present_text import shortened
from workrail_mcp_server.requests import answered

if TYPE_CHECKING:
    from workrail_engine.projections.offers import Offer  # not before a list is asked for

GOAL = "goal"
_DESCRIPTION_SHOWN = 200
_GOAL_TEXT = "What you want, in a sentence or more"


class Prompts:
    """The prompts of one process."""

    def __init__(self, library: Library) -> None:
        """Offer the workflows of a library."""
        self._library = library

    async def list(
        self, _context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListPromptsResult:
        """A page of the prompts, by name."""
        cursor = params.cursor if params is not None else None

        def work() -> types.ListPromptsResult:
            page = page_after(cursor, self._library.offers(), lambda offer: offer.id)
            prompts = [_prompt(offer) for offer in page.shown]
            return types.ListPromptsResult(prompts=prompts, next_cursor=page.following)

        return await answered("prompts/list", work)

    async def get(
        self, _context: ServerRequestContext[Any], params: types.GetPromptRequestParams
    ) -> types.GetPromptResult:
        """What a prompt says with its goal."""
        return await answered("prompts/get", lambda: self._get(params))

    def _get(self, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        offer = next((each for each in self._library.offers() if each.id == params.name), None)
        if offer is None:
            why = self._library.why_not_offered(params.name)
            message = f'There is no prompt "{params.name[:80]}". {why}'
            raise MCPError(types.INVALID_PARAMS, message)
        arguments = dict(params.arguments or {})
        goal = arguments.pop(GOAL, "").strip()
        if arguments:
            message = f'{params.name}: there is no argument "{min(arguments)[:80]}"; the one there is is goal.'
            raise MCPError(types.INVALID_PARAMS, message)
        if not goal:
            message = (
                f"{params.name}: the argument goal is missing. Say after the command what the session "
                "is to achieve."
            )
            raise MCPError(types.INVALID_PARAMS, message)
        text = types.TextContent(type="text", text=present_prompt(offer, goal))
        return types.GetPromptResult(
            description=offer.name, messages=[types.PromptMessage(role="user", content=text)]
        )


def _prompt(offer: "Offer") -> types.Prompt:
    return types.Prompt(
        name=offer.id,
        title=offer.name,
        description=shortened(offer.description, _DESCRIPTION_SHOWN),
        arguments=[types.PromptArgument(name=GOAL, description=_GOAL_TEXT, required=True)],
    )
