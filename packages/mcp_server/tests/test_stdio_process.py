"""The real process, `workrail start`, as clients launch it: what they meet over a whole session."""

import os
import signal
from pathlib import Path

import anyio
import pytest
from mcp import StdioServerParameters
from mcp.client import Client

from workrail_mcp_server.process import default_workspace
from workrail_mcp_server.testing import Agent, token_in
from workrail_mcp_server.testing_process import BOUND, ERAS, WORKRAIL, Era, Peer, opened, serving


@pytest.mark.rule("MCP-39")
@pytest.mark.parametrize("era", ERAS)
def test_a_whole_session_needs_no_request_from_the_server(
    environment: dict[str, str], era: Era
) -> None:
    # A `Peer` takes nothing but answers, and these clients could be asked for everything.
    with serving(environment, era) as peer:
        able = Able(peer)
        able.open()
        for method in ("tools/list", "prompts/list", "resources/list"):
            assert "result" in able.answer(able.ask(method))
        able.call("list_workflows")
        able.call("inspect_workflow", workflowId="two-steps")
        first = able.call("start_workflow", workflowId="two-steps", goal="Ask nothing")
        saved = able.call("checkpoint_workflow", token=token_in(first), notes="Half way.")
        able.call("continue_workflow", continueToken=token_in(saved))
        second = able.call("complete_step", token=token_in(first), notes="Did one.")
        able.call("resume_session", query="nothing")
        able.call("read_artifact", digest="0" * 64)
        able.call("manage_workflow_source", action="list")
        last = able.call("complete_step", token=token_in(second), notes="Did two.")
        assert last.startswith("# Workflow complete")
        able.end_input()
        assert able.rest() == []
        assert able.code() == 0


@pytest.mark.rule("MCP-12")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("depth", [150, 400, 800])
def test_arguments_nested_far_too_deep_cost_only_their_own_call(
    environment: dict[str, str], era: Era, depth: int
) -> None:
    nested = "[" * depth + "]" * depth
    start = {"workflowId": "two-steps", "goal": "g", "context": {"a": "NESTED"}}
    with opened(environment, era) as peer:
        frame = peer.frame("tools/call", 50, name="start_workflow", arguments=start)
        peer.write(frame.replace(b'"NESTED"', nested.encode()))
        peer.next()
        assert "Workflow" in peer.call("start_workflow", workflowId="two-steps", goal="g")


class Able(Peer):
    """A client that says it can do all that servers may ask for."""

    def __init__(self, peer: Peer) -> None:
        super().__init__(peer.process, peer.era)

    def frame(self, method: str, number: object = None, **params: object) -> bytes:
        able = b'{"roots": {"listChanged": true}, "sampling": {}, "elicitation": {"form": {}}}'
        frame = super().frame(method, number, **params)
        frame = frame.replace(b'"capabilities": {}', b'"capabilities": ' + able)
        return frame.replace(b'clientCapabilities": {}', b'clientCapabilities": ' + able)


@pytest.mark.crash
@pytest.mark.rule("MCP-20")
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_session_goes_on_after_its_server_was_killed(
    environment: dict[str, str], tmp_path: Path, mode: str
) -> None:
    pid_file = tmp_path / "pid"
    launch = StdioServerParameters(
        command="/bin/sh",
        args=["-c", 'echo $$ > "$0"; exec "$1" start', str(pid_file), WORKRAIL],
        env=environment,
    )

    async def scene() -> None:
        async with Client(launch, mode=mode) as client:
            agent = Agent(client)
            first = await agent.call("start_workflow", workflowId="two-steps", goal="Survive")
            await agent.call("complete_step", token=token_in(first), notes="Did one.")
            os.kill(int(pid_file.read_text()), signal.SIGKILL)
        async with Client(launch, mode=mode) as client:
            agent = Agent(client)
            found = await agent.call("resume_session", query="Survive")
            back = await agent.call("continue_workflow", continueToken=token_in(found))
            assert "Did one." in back
            assert "# Two\nStep 2 of about 2" in back
            done = await agent.call("complete_step", token=token_in(back), notes="Did two.")
            assert done.startswith("# Workflow complete")
            assert "2 steps completed" in done

    async def bounded() -> None:
        with anyio.fail_after(BOUND):
            await scene()

    anyio.run(bounded)


def test_calls_mean_the_clients_project_else_the_current_folder(tmp_path: Path) -> None:
    project, current = tmp_path / "project", tmp_path / "current"
    project.mkdir()

    assert default_workspace({"CLAUDE_PROJECT_DIR": str(project)}, current) == project
    assert default_workspace({"CLAUDE_PROJECT_DIR": str(tmp_path / "gone")}, current) == current
    assert default_workspace({"CLAUDE_PROJECT_DIR": " "}, current) == current
    assert default_workspace({}, current) == current
