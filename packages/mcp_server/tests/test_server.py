"""What the server offers and how it answers, to a client of either protocol era."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio
import pytest

from workrail_engine.system import Locations
from workrail_mcp_server.server import INSTRUCTIONS
from workrail_mcp_server.testing import Agent, token_in
from workrail_mcp_server.tools.listing import TOOLS

Scene = Callable[[Agent], Awaitable[None]]


@pytest.mark.rule("MCP-15")
def test_the_list_of_tools_stays_within_its_budget(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        listed = await agent.client.list_tools()
        wire = json.dumps(
            listed.model_dump(mode="json", by_alias=True, exclude_none=True),
            separators=(",", ":"),
            ensure_ascii=False,
        )
        assert len(wire.encode()) <= 7_000
        assert [tool.name for tool in listed.tools] == [spec.name for spec in TOOLS]

    serve(scene)


@pytest.mark.rule("MCP-16")
def test_clients_are_told_which_tools_read_which_repeat_and_which_to_load_at_once(
    serve: Callable[[Scene], None],
) -> None:
    async def scene(agent: Agent) -> None:
        tools = (await agent.client.list_tools()).tools
        hints = {tool.name: tool.annotations for tool in tools}
        metas = {tool.name: tool.meta or {} for tool in tools}

        managing = {"manage_workflow_source"}
        assert {name for name, hint in hints.items() if hint and hint.destructive_hint} == managing
        assert {name for name, hint in hints.items() if hint and hint.open_world_hint} == managing
        assert {name for name, hint in hints.items() if hint and hint.read_only_hint} == {
            "list_workflows",
            "inspect_workflow",
            "resume_session",
            "read_artifact",
        }
        assert {name for name, hint in hints.items() if hint and not hint.idempotent_hint} == {
            "start_workflow"
        }
        assert {name for name, meta in metas.items() if meta.get("anthropic/alwaysLoad")} == {
            "list_workflows",
            "start_workflow",
            "complete_step",
            "resume_session",
        }
        assert all(
            meta.get("anthropic/alwaysLoad") or meta.get("anthropic/searchHint")
            for meta in metas.values()
        )
        assert all(tool.output_schema is None for tool in tools)

    serve(scene)


def test_the_instructions_are_short_enough_to_be_shown_whole(
    serve: Callable[[Scene], None],
) -> None:
    async def scene(agent: Agent) -> None:
        assert agent.client.instructions == INSTRUCTIONS

    serve(scene)
    assert len(INSTRUCTIONS) <= 1_500


def test_a_workflow_can_be_looked_at_without_starting_it(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        outline = await agent.call("inspect_workflow", workflowId="demo-review")
        step = await agent.call("inspect_workflow", workflowId="demo-review", step="decide")
        missed = await agent.refused("inspect_workflow", workflowId="demo-review", step="decode")

        assert "# Review a change (demo-review)" in outline
        assert "Look closer [extra]" in outline
        assert "Give a verdict on {{goal}}." in step
        assert missed == (
            "inspect_workflow: step: demo-review has no step `decode`. Did you mean `decide`? "
            "Next: inspect_workflow again, with step mended."
        )
        assert "No session is recorded" in await agent.call("resume_session")

    serve(scene)


def test_refusals_say_what_to_do(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        unknown = await agent.refused("start_workflow", workflowId="demo-revew", goal="g")
        nowhere = await agent.refused(
            "start_workflow", workflowId="demo-review", goal="g", workspace="/no/such/folder"
        )
        token = await agent.refused("complete_step", token="ct_short", notes="n")
        tool = await agent.refused("complete_steps")

        assert "demo-review" in unknown
        assert "there is no folder /no/such/folder" in nowhere
        assert "cut short" in token
        assert tool == "There is no tool 'complete_steps'. Did you mean complete_step?"

    serve(scene)


def test_a_broken_workflow_file_is_named_beside_the_good_ones(
    serve: Callable[[Scene], None], project: Path
) -> None:
    broken = project / ".workrail" / "workflows" / "broken.json"
    broken.write_text('{"id": "broken",\n "steps": [}')

    async def scene(agent: Agent) -> None:
        listed = await agent.call("list_workflows")
        assert listed.startswith("- demo-review (3 steps)")
        assert f"Files that cannot be used:\n- {broken}:2: " in listed

    serve(scene)


def test_another_workspace_shows_its_own_workflows(
    serve: Callable[[Scene], None], project: Path, tmp_path: Path
) -> None:
    demo = json.loads((project / ".workrail" / "workflows" / "demo-review.json").read_text())
    other = tmp_path / "other"
    (other / "workflows").mkdir(parents=True)
    (other / "workflows" / "own.json").write_text(json.dumps({**demo, "id": "own"}))

    async def scene(agent: Agent) -> None:
        listed = await agent.call("list_workflows", workspace=str(other))
        assert "- own (3 steps)" in listed
        assert "demo-review" not in listed
        await agent.call("start_workflow", workflowId="own", goal="g", workspacePath="../other")

    serve(scene)


@pytest.mark.rule("MCP-17")
def test_calls_made_together_all_get_their_own_answer(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        replies: dict[str, str] = {}

        async def one(goal: str) -> None:
            replies[goal] = await agent.call("start_workflow", workflowId="demo-review", goal=goal)

        async with anyio.create_task_group() as tasks:
            for number in range(12):
                tasks.start_soon(one, f"goal {number}")

        assert all(f"Goal: {goal}\n" in reply for goal, reply in replies.items())
        assert len({token_in(reply) for reply in replies.values()}) == 12

    serve(scene)


@pytest.mark.rule("MCP-10")
def test_a_store_that_cannot_be_opened_fails_the_call_and_not_the_server(
    serve: Callable[[Scene], None], locations: Locations
) -> None:
    locations.home.parent.mkdir(parents=True, exist_ok=True)
    locations.home.write_text("a file where the folder should be")

    async def scene(agent: Agent) -> None:
        await agent.refused("start_workflow", workflowId="demo-review", goal="g")
        locations.home.unlink()
        await agent.call("start_workflow", workflowId="demo-review", goal="g")

    serve(scene)
