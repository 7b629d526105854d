"""Every call can be made again when its answer was lost."""

import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import mcp_types as types
import pytest
from mcp import MCPError, StdioServerParameters
from mcp.client import Client

from workrail_engine.reader import open_reader
from workrail_engine.system import Locations
from workrail_mcp_server.testing import Agent, masked, token_in

Scene = Callable[[Agent], Awaitable[None]]
REPEATED = "This call was made before. This is its recorded answer; nothing was written.\n\n"
BOUND = 60.0
SERVE = "from workrail_mcp_server.process import serve; serve()"

# Planted before the server starts: it dies when a call is recorded and not yet answered.
DYING = f"""
import os, signal
from workrail_mcp_server import server
served = server.Tools.call
def call(self, name, arguments, use_id=None):
    served(self, name, arguments, use_id)
    os.kill(os.getpid(), signal.SIGKILL)
server.Tools.call = call
{SERVE}
"""


async def called(client: Client, use_id: str, tool: str, **arguments: Any) -> str:
    """The reply to a call that carries Claude Code's id of it."""
    result = await client.call_tool(tool, arguments, meta={"claudecode/toolUseId": use_id})
    (block,) = result.content
    assert isinstance(block, types.TextContent)
    assert not result.is_error, block.text
    return block.text


@pytest.mark.rule("MCP-80")
def test_a_start_sent_again_under_its_id_gets_its_recorded_answer(
    serve: Callable[[Scene], None], locations: Locations
) -> None:
    async def scene(agent: Agent) -> None:
        goal = {"workflowId": "demo-review", "goal": "PR 7"}
        once = await called(agent.client, "toolu_1", "start_workflow", **goal)
        again = await called(agent.client, "toolu_1", "start_workflow", **goal)
        other = await called(agent.client, "toolu_2", "start_workflow", **goal)

        assert again == REPEATED + once
        assert masked(other) == masked(once)
        assert token_in(other) != token_in(once)

    serve(scene)
    assert sessions_in(locations) == 2


@pytest.mark.rule("MCP-81")
@pytest.mark.parametrize("use_id", [None, "", 5, ["toolu_1"]], ids=repr)
def test_a_start_without_a_usable_id_begins_a_session_each_time(
    serve: Callable[[Scene], None], locations: Locations, use_id: object
) -> None:
    async def scene(agent: Agent) -> None:
        for _ in range(2):
            await agent.client.call_tool(
                "start_workflow",
                {"workflowId": "demo-review", "goal": "PR 7"},
                meta={"claudecode/toolUseId": use_id} if use_id is not None else None,
            )

    serve(scene)
    assert sessions_in(locations) == 2


@pytest.mark.rule("MCP-83")
def test_every_other_call_sent_again_changes_nothing(
    serve: Callable[[Scene], None], locations: Locations, tmp_path: Path
) -> None:
    (tmp_path / "flows").mkdir()
    source = {"action": "add", "address": str(tmp_path / "flows"), "name": "flows"}

    async def scene(agent: Agent) -> None:
        token = token_in(await agent.call("start_workflow", workflowId="demo-review", goal="PR 7"))
        for tool, arguments in [
            ("checkpoint_workflow", {"token": token, "notes": "Half."}),
            ("continue_workflow", {"continueToken": token, "output": {"notesMarkdown": "Read."}}),
            ("complete_step", {"token": token, "notes": "Read."}),
            ("continue_workflow", {"continueToken": token}),
            ("resume_session", {}),
            ("manage_workflow_source", source),
            ("manage_workflow_source", {"action": "sync"}),
        ]:
            await called(agent.client, "toolu_3", tool, **arguments)
            before = events_in(locations)
            again = await called(agent.client, "toolu_3", tool, **arguments)
            assert events_in(locations) == before, tool
            assert await called(agent.client, "toolu_3", tool, **arguments) == again, tool

    serve(scene)


@pytest.mark.crash
@pytest.mark.rule("MCP-84")
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_start_whose_server_was_killed_before_it_answered_is_not_begun_twice(
    project: Path, locations: Locations, mode: str
) -> None:
    replies: list[str] = []

    async def scene() -> None:
        async with connected(project, locations, mode, DYING) as client:
            with pytest.raises(MCPError):
                await start(client)
        assert sessions_in(locations) == 1
        for conversation in ("one", "one", "two"):
            async with connected(project, locations, mode, SERVE, conversation) as client:
                replies.append(await start(client))

    anyio.run(bounded, scene)
    again, once_more, elsewhere = replies
    assert again == once_more
    assert again.startswith(REPEATED)
    assert masked(elsewhere) == masked(again.removeprefix(REPEATED))
    assert sessions_in(locations) == 2


@pytest.mark.crash
@pytest.mark.rule("MCP-84")
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_step_whose_server_was_killed_before_it_answered_is_completed_once(
    project: Path, locations: Locations, mode: str
) -> None:
    replies: list[str] = []

    async def scene() -> None:
        async with connected(project, locations, mode, SERVE) as client:
            token = token_in(await start(client))
        step = {"token": token, "notes": "Read."}
        async with connected(project, locations, mode, DYING) as client:
            with pytest.raises(MCPError):
                await called(client, "toolu_2", "complete_step", **step)
        async with connected(project, locations, mode, SERVE) as client:
            replies.append(await called(client, "toolu_2", "complete_step", **step))

    anyio.run(bounded, scene)
    assert replies[0].startswith(f"{REPEATED}# Decide\n")
    assert sessions_in(locations) == 1


def connected(
    project: Path, locations: Locations, mode: str, code: str, conversation: str = "one"
) -> Client:
    """A client of a real server process that runs some code."""
    environment = {
        **os.environ,
        "WORKRAIL_HOME": str(locations.home),
        "WORKRAIL_BUNDLED_DIR": str(locations.bundled_dir),
        "CLAUDE_PROJECT_DIR": str(project),
        "CLAUDE_CODE_SESSION_ID": conversation,
    }
    launch = StdioServerParameters(command=sys.executable, args=["-c", code], env=environment)
    return Client(launch, mode=mode)


async def start(client: Client) -> str:
    return await called(client, "toolu_1", "start_workflow", workflowId="demo-review", goal="PR 7")


async def bounded(scene: Callable[[], Awaitable[None]]) -> None:
    with anyio.fail_after(BOUND):
        await scene()


def sessions_in(locations: Locations) -> int:
    with open_reader(locations) as reader:
        return reader.sessions().total


def events_in(locations: Locations) -> int:
    with open_reader(locations) as reader:
        return sum(
            len(list(reader.events(found.session_id))) for found in reader.sessions().sessions
        )
