"""What may a half-written argument become?

Ids of workflows and of sessions, by how they begin. A goal is for the person to say, and nobody types
a digest.
"""

from typing import Any, Final

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from workrail_mcp_server.library import Library
from workrail_mcp_server.prompts import GOAL
from workrail_mcp_server.requests import answered
from workrail_mcp_server.resource_uris import ARTIFACTS, SESSIONS, WORKFLOWS

_MOST: Final = 100
"""The protocol's limit."""
_NEWEST: Final = 20
_BEFORE_ANY_LETTER: Final = "sess_"


class Completions:
    """Completes arguments from what one process can show."""

    def __init__(self, library: Library) -> None:
        """Complete from a library."""
        self._library = library

    async def complete(
        self, _context: ServerRequestContext[Any], params: types.CompleteRequestParams
    ) -> types.CompleteResult:
        """Values that begin as the argument does."""
        return await answered("completion/complete", lambda: self._complete(params))

    def _complete(self, params: types.CompleteRequestParams) -> types.CompleteResult:
        begun = params.argument.value
        match params.ref, params.argument.name:
            case types.PromptReference(), argument if argument == GOAL:
                values: list[str] = []
            case types.ResourceTemplateReference(uri=uri), "id" if uri == WORKFLOWS:
                offers = self._library.offers()
                values = [offer.id for offer in offers if offer.id.startswith(begun)]
            case types.ResourceTemplateReference(uri=uri), "id" if uri == SESSIONS:
                values = self._sessions(begun)
            case types.ResourceTemplateReference(uri=uri), "sha" if uri == ARTIFACTS:
                values = []
            case _:
                message = (
                    f'There is nothing to complete for "{params.argument.name[:80]}". Prompts have the '
                    f"argument goal; templates are {WORKFLOWS}, {SESSIONS} and {ARTIFACTS}."
                )
                raise MCPError(types.INVALID_PARAMS, message)
        return types.CompleteResult(
            completion=types.Completion(values=values[:_MOST], has_more=len(values) > _MOST)
        )

    def _sessions(self, begun: str) -> list[str]:
        """The newest before anything of an id was typed; then those that begin so."""
        if _BEFORE_ANY_LETTER.startswith(begun):
            return [recent.session_id for recent in self._library.recent(_NEWEST)]
        return list(self._library.session_ids(begun, _MOST + 1))
