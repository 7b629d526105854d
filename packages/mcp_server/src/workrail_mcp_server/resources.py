"""What can be read by address, and what does reading it give?

Workflows and sessions read as Markdown, artifacts as their JSON. What is too long for one answer comes
in pages, each of which names the next.
"""

import logging
from typing import TYPE_CHECKING, Any, Final, assert_never

import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError

from workrail_engine.errors import NotFoundError, WorkRailError
from workrail_mcp_server.library import Library
from workrail_mcp_server.listing_pages import page_after
from workrail_mcp_server.present_text import shortened
from workrail_mcp_server.requests import answered
from workrail_mcp_server.resource_uris import (
    ARTIFACTS,
    SESSIONS,
    WORKFLOWS,
    Address,
    read_address,
    session_uri,
    workflow_uri,
)

if TYPE_CHECKING:
    from workrail_engine.projections.offers import Offer, Recent  # not before a list is asked for

SESSIONS_LISTED: Final = 50
"""The most sessions a list of resources names; resume_session finds every other."""
PAGE: Final = 40_000
"""Characters in one answer: some clients quote what they read as JSON, which makes it longer."""
_MARKDOWN: Final = "text/markdown"
_JSON: Final = "application/json"
_PLAIN: Final = "text/plain"
_TITLE_SHOWN: Final = 100
_DESCRIPTION_SHOWN: Final = 200
_HANDSHAKE_NOT_FOUND: Final = -32002
"""Resource not found, in the versions with a handshake; later ones say it as invalid parameters."""
_HANDSHAKE_VERSIONS: Final = frozenset({"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"})
_log = logging.getLogger(__name__)

TEMPLATES: Final = (
    types.ResourceTemplate(
        uri_template=WORKFLOWS,
        name="workflow",
        title="A workflow's outline",
        description="What a workflow is for and its steps, by the workflow's id",
        mime_type=_MARKDOWN,
    ),
    types.ResourceTemplate(
        uri_template=SESSIONS,
        name="session",
        title="A session's story",
        description="Goal, status, steps and notes of a session, by its id",
        mime_type=_MARKDOWN,
    ),
    types.ResourceTemplate(
        uri_template=ARTIFACTS,
        name="artifact",
        title="An artifact",
        description="The JSON of an artifact that was handed in, by its SHA-256",
        mime_type=_JSON,
    ),
)


class Resources:
    """The resources of one process."""

    def __init__(self, library: Library) -> None:
        """Show what a library holds."""
        self._library = library

    async def list(
        self, _context: ServerRequestContext[Any], params: types.PaginatedRequestParams | None
    ) -> types.ListResourcesResult:
        """The workflows by id, and on the last page the sessions that changed last."""
        cursor = params.cursor if params is not None else None

        def work() -> types.ListResourcesResult:
            page = page_after(cursor, self._library.offers(), lambda offer: offer.id)
            listed = [_workflow(offer) for offer in page.shown]
            if page.following is None:
                listed.extend(_session(recent) for recent in self._recent())
            return types.ListResourcesResult(resources=listed, next_cursor=page.following)

        return await answered("resources/list", work)

    async def templates(
        self, _context: ServerRequestContext[Any], _params: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        """The three kinds of address."""
        return types.ListResourceTemplatesResult(resource_templates=list(TEMPLATES))

    async def read(
        self, context: ServerRequestContext[Any], params: types.ReadResourceRequestParams
    ) -> types.ReadResourceResult:
        """What stands at an address, or the page of it that begins at a character."""
        uri = str(params.uri)
        not_found = (
            _HANDSHAKE_NOT_FOUND
            if context.protocol_version in _HANDSHAKE_VERSIONS
            else types.INVALID_PARAMS
        )

        def work() -> types.ReadResourceResult:
            address = read_address(uri)
            if address is None:
                message = (
                    f"There is no resource {uri[:120]}. Addresses are {WORKFLOWS}, {SESSIONS} and "
                    f"{ARTIFACTS}; resources/list names some."
                )
                raise MCPError(not_found, message, {"uri": uri})
            try:
                mime, text = self._content(address)
            except NotFoundError as error:
                message = f"There is no resource {uri[:120]}. {error}"
                raise MCPError(not_found, message, {"uri": uri}) from error
            return types.ReadResourceResult(contents=[_page(address, uri, mime, text)])

        return await answered("resources/read", work)

    def _content(self, address: Address) -> tuple[str, str]:
        # Imported late: a server that is only listed stays small.
        from workrail_mcp_server.present_catalog import present_outline  # noqa: PLC0415 - see above
        from workrail_mcp_server.present_story import present_story  # noqa: PLC0415 - see above

        match address.shelf:
            case "workflows":
                return _MARKDOWN, present_outline(self._library.outline(address.name))
            case "sessions":
                return _MARKDOWN, present_story(self._library.session(address.name))
            case "artifacts":
                return _JSON, self._library.artifact(address.name).decode("utf-8", "replace")
            case _:
                assert_never(address.shelf)

    def _recent(self) -> "tuple[Recent, ...]":
        try:
            return self._library.recent(SESSIONS_LISTED)
        except WorkRailError as error:
            _log.warning("the list of resources names no sessions: %s", error)
            return ()


def _workflow(offer: "Offer") -> types.Resource:
    return types.Resource(
        uri=workflow_uri(offer.id),
        name=offer.id,
        title=offer.name,
        description=shortened(offer.description, _DESCRIPTION_SHOWN),
        mime_type=_MARKDOWN,
    )


def _session(recent: "Recent") -> types.Resource:
    return types.Resource(
        uri=session_uri(recent.session_id),
        name=recent.session_id,
        title=shortened(recent.goal, _TITLE_SHOWN),
        description=f"{recent.workflow_name} · {recent.status} · changed {recent.changed_at}",
        mime_type=_MARKDOWN,
    )


def _page(address: Address, uri: str, mime: str, text: str) -> types.TextResourceContents:
    start, end, total = address.offset, address.offset + PAGE, len(text)
    if start and start >= total:
        first = Address(address.shelf, address.name).uri
        text = f"[There are {total:,} characters; nothing stands at {start:,}. Begin: {first}]"
        return types.TextResourceContents(uri=uri, mime_type=_PLAIN, text=text)
    if not start and end >= total:
        return types.TextResourceContents(uri=uri, mime_type=mime, text=text)
    said = f"[Characters {start:,} to {min(end, total):,} of {total:,}. "
    said += (
        f"Read on: {Address(address.shelf, address.name, end).uri}]"
        if end < total
        else "This is the end.]"
    )
    kind = _PLAIN if mime == _JSON else mime  # a part of a JSON text is none
    return types.TextResourceContents(uri=uri, mime_type=kind, text=f"{text[start:end]}\n\n{said}")
