"""What does the MCP server offer, and what happens with a call?

The low-level server of the SDK with our own tool list. Results are text only: a client that finds
structured content shows an agent that instead of the text. The engine is imported by the first call: a
server that is never called, as most are, stays small.
"""

import logging
import threading
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server

from workrail_engine.canonical import JsonValue
from workrail_mcp_server.failures import Reply, guarded
from workrail_mcp_server.schemas import ToolSpec, input_schema
from workrail_mcp_server.tools.listing import TOOLS

if TYPE_CHECKING:
    from workrail_engine.system import Locations
    from workrail_mcp_server.tools.desk import Desk

INSTRUCTIONS = """\
WorkRail walks you through a procedure one step at a time and records what you did. Use it when the \
person asks for a workflow, or when a task is worth doing by a proven procedure: finding a bug, \
building a feature, reviewing a change, researching, writing.

1. list_workflows {"query": "…"} finds a workflow.
2. start_workflow {"workflowId": "…", "goal": "…"} gives the first step and a token.
3. Do what the step says, all of it. Then complete_step {"token": "ct_…", "notes": "…"} gives the \
next step and a new token. Go on until the answer says the workflow is complete.

Later steps stay hidden until the present one is complete; do not guess at them. Each answer ends with \
the next call. If it says that something is missing, send just that, with the new token.

A token (ct_, cp_ or rs_ and 24 characters) stands for a place in a session. Copy it exactly from the \
last answer; never invent, change or reuse one. Repeating a call that got no answer is safe.

Notes are the record: write what you did, what you found and what you decided, for a reader who was \
not there. Where a step asks for context.x, send {"x": …} in context; where it asks for an artifact, \
send it in artifacts.

After an interruption or in a new conversation: resume_session {} finds the session and gives the \
call that shows its pending step again. If you hold a token, continue_workflow {"continueToken": "…"} \
does the same."""

_log = logging.getLogger(__name__)
_KNOWN: Mapping[str, ToolSpec] = {spec.name: spec for spec in TOOLS}


class Tools:
    """The tools of one process: their list, and the desk that answers calls."""

    def __init__(self, workspace: Path, locations: "Locations | None" = None) -> None:
        """Serve calls that mean `workspace` unless they name another.

        Args:
            workspace: an existing folder.
            locations: where the installation keeps its files; as the environment says when left out.
        """
        self._workspace = workspace
        self._locations = locations
        self._making = threading.Lock()
        self._desk: Desk | None = None

    def call(self, name: str, arguments: Mapping[str, JsonValue]) -> Reply:
        """Answer one call; never raises. May be called from several threads at once."""
        spec = _KNOWN.get(name)
        if spec is None:
            return Reply(_unknown_tool(name), failed=True)
        return guarded(spec, lambda: self._desk_for_calls().work(spec, arguments))

    def close(self) -> None:
        """Give back what calls have opened."""
        if self._desk is not None:
            self._desk.close()

    def _desk_for_calls(self) -> "Desk":
        with self._making:
            from workrail_mcp_server.tools.desk import Desk  # noqa: PLC0415 - heavy, see above

            if self._desk is None:
                self._desk = Desk(self._workspace, self._locations)
            return self._desk


def build_server(tools: Tools) -> Server[Any]:
    """The MCP server over some tools; it holds no state of its own."""

    async def list_tools(
        _context: ServerRequestContext[Any], _params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[as_tool(spec) for spec in TOOLS])

    async def call_tool(
        _context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        # Once begun, a call runs to its end even if the client gives up on it: what it records is
        # whole, and the same call made again gets the recorded answer.
        reply = await anyio.to_thread.run_sync(
            tools.call, params.name, params.arguments or {}, abandon_on_cancel=True
        )
        return types.CallToolResult(
            content=[types.TextContent(type="text", text=reply.text)], is_error=reply.failed
        )

    return Server(
        "workrail",
        version=version("workrail-mcp-server"),
        title="WorkRail",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def as_tool(spec: ToolSpec) -> types.Tool:
    """A tool as the protocol lists it."""
    meta: dict[str, Any] = (
        {"anthropic/alwaysLoad": True}
        if spec.search_hint is None
        else {"anthropic/searchHint": spec.search_hint}
    )
    return types.Tool(
        name=spec.name,
        title=spec.title,
        description=spec.description,
        input_schema=input_schema(spec),
        annotations=types.ToolAnnotations(
            read_only_hint=spec.reads_only or None,  # false is what it means to leave it out
            idempotent_hint=spec.idempotent,
            destructive_hint=spec.takes_away,
            open_world_hint=spec.reaches_out,
        ),
        _meta=meta,
    )


def _unknown_tool(name: str) -> str:
    near = get_close_matches(name, _KNOWN, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(_KNOWN)}."
    return f"There is no tool {name[:80]!r}. {hint}"
