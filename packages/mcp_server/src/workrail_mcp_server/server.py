"""What does the MCP server offer, and what happens with a call?

The low-level server of the SDK with our own tool list. Results are text only: a client that finds
structured content shows an agent that instead of the text. The engine is imported once the list of
tools has been answered, by `prepare` or by the first call.
"""

import logging
import threading
from collections.abc import Mapping
from difflib import get_close_matches
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
import mcp_types as types
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server

from workrail_engine.canonical import JsonValue
from workrail_mcp_server.asking import (
    answer_brought,
    ask_now,
    can_ask,
    input_required,
    is_stateless,
    was_asked,
)
from workrail_mcp_server.completion import Completions
from workrail_mcp_server.failures import PersonsAnswer, Reply, guarded
from workrail_mcp_server.library import Library
from workrail_mcp_server.prompts import Prompts
from workrail_mcp_server.resource_links import links_for
from workrail_mcp_server.resources import Resources
from workrail_mcp_server.schemas import ToolSpec, input_schema
from workrail_mcp_server.tools.listing import COMPLETE_STEP, TOOLS
from workrail_mcp_server.watching import watched

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
last answer; never invent, change or reuse one. A call with a token may be repeated when its answer \
was lost.

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

    def __init__(
        self, workspace: Path, locations: "Locations | None" = None, conversation: str = ""
    ) -> None:
        """Serve calls that mean `workspace` unless they name another.

        Args:
            workspace: an existing folder.
            locations: where the installation keeps its files; as the environment says when left out.
            conversation: what the client calls the conversation it serves, if it says so.
        """
        self.library = Library(workspace, locations)
        self._workspace = workspace
        self._locations = locations
        self._conversation = conversation
        self._making = threading.Lock()
        self._desk: Desk | None = None

    def call(
        self, name: str, arguments: Mapping[str, JsonValue], use_id: str | None = None
    ) -> Reply:
        """Answer one call; never raises. May be called from several threads at once.

        Args:
            name: of the tool.
            arguments: as they came.
            use_id: what the client calls this call, and calls it again when it sends it again.
        """
        spec = _KNOWN.get(name)
        if spec is None:
            return Reply(_unknown_tool(name), failed=True)
        call_id = None if use_id is None else f"{self._conversation}/{use_id}"
        return guarded(spec, lambda: self._desk_for_calls().work(spec, arguments, call_id))

    def prepare(self) -> None:
        """Import what calls need, before the first of them; never raises."""
        try:
            self._desk_for_calls()
        except BaseException:  # noqa: BLE001 - the first call meets it again, and answers it
            _log.exception("what calls need could not be imported")

    def answer(self, answer: PersonsAnswer) -> Reply:
        """Carry out what a client's person decided; never raises."""
        return guarded(COMPLETE_STEP, lambda: self._desk_for_calls().answer(answer))

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
        context: ServerRequestContext[Any], params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        answer = answer_brought(context, params)
        if answer is not None:
            return _result(await anyio.to_thread.run_sync(tools.answer, answer))
        # Once begun, a call runs to its end even if the client gives up on it: what it records is
        # whole, and the same call made again gets the recorded answer.
        work = partial(tools.call, params.name, params.arguments or {}, _use_id(context.meta))
        reply = await watched(context, params.name, work)
        if reply.question is None or was_asked(params) or not can_ask(context):
            return _result(reply)
        if is_stateless(context):
            return input_required(reply.question)
        answer = await ask_now(context, reply.question)
        return _result(
            reply if answer is None else await anyio.to_thread.run_sync(tools.answer, answer)
        )

    prompts, resources = Prompts(tools.library), Resources(tools.library)
    return Server(
        "workrail",
        version=version("workrail-mcp-server"),
        title="WorkRail",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_prompts=prompts.list,
        on_get_prompt=prompts.get,
        on_list_resources=resources.list,
        on_list_resource_templates=resources.templates,
        on_read_resource=resources.read,
        on_completion=Completions(tools.library).complete,
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
            # What it means to leave a hint out is left out: the list is read at every start.
            read_only_hint=spec.reads_only or None,
            idempotent_hint=spec.idempotent or None,
            destructive_hint=None if spec.reads_only else spec.takes_away,
            open_world_hint=spec.reaches_out,
        ),
        _meta=meta,
    )


def _result(reply: Reply) -> types.CallToolResult:
    text = types.TextContent(type="text", text=reply.text)
    return types.CallToolResult(content=[text, *links_for(reply.text)], is_error=reply.failed)


def _use_id(meta: Mapping[str, Any] | None) -> str | None:
    """What Claude Code calls a call; None when the client is another one."""
    use_id = (meta or {}).get("claudecode/toolUseId")
    return use_id if isinstance(use_id, str) and use_id else None


def _unknown_tool(name: str) -> str:
    near = get_close_matches(name, _KNOWN, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(_KNOWN)}."
    return f"There is no tool {name[:80]!r}. {hint}"
