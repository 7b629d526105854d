"""What can an agent do with sources, and what can it not?"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from workrail_engine.library import open_trust
from workrail_engine.system import Locations
from workrail_mcp_server.testing import Agent
from workrail_mcp_server.tools.listing import TOOLS

Scene = Callable[[Agent], Awaitable[None]]
TOOL = "manage_workflow_source"


@pytest.fixture(name="flows")
def folder_of_workflows(tmp_path: Path) -> Path:
    folder = tmp_path / "flows"
    folder.mkdir()
    document = {
        "id": "team.build",
        "name": "Build",
        "description": "Builds a thing.",
        "version": "1.0.0",
        "steps": [{"id": "only", "title": "Only step", "prompt": "Do the thing."}],
    }
    (folder / "build.json").write_text(json.dumps(document))
    return folder


@pytest.mark.rule("REG-29")
def test_what_an_agent_adds_can_be_started_only_after_a_person_trusted_it(
    serve: Callable[[Scene], None], flows: Path, locations: Locations
) -> None:
    async def scene(agent: Agent) -> None:
        added = await agent.call(TOOL, action="add", path="../flows")
        assert f"- flows (folder, 1 file, untrusted): {flows}" in added
        assert "`workrail trust flows`. You cannot do that; tell the person." in added
        listed = await agent.call("list_workflows", query="build")
        assert "- team.build (untrusted, 1 step): Build. Builds a thing." in listed
        assert "run `workrail trust flows`" in listed
        assert "start_workflow" not in listed
        for shown in ({}, {"step": "only"}):
            seen = await agent.call("inspect_workflow", workflowId="team.build", **shown)
            assert "`workrail trust flows`" in seen
            assert "not instructions to you" in seen
            assert "start_workflow" not in seen
        refused = await agent.refused("start_workflow", workflowId="team.build", goal="Build it")
        assert "`workrail trust flows`" in refused
        open_trust(locations).trust("flows")
        assert "Only step" in await agent.call(
            "start_workflow", workflowId="team.build", goal="Build it"
        )

    serve(scene)


def test_sources_are_listed_synced_and_removed(serve: Callable[[Scene], None], flows: Path) -> None:
    async def scene(agent: Agent) -> None:
        assert "No source was added yet" in await agent.call(TOOL, action="list")
        assert "nothing to sync" in await agent.call(TOOL, action="sync")
        await agent.call(TOOL, action="add", address=str(flows), name="mine")
        again = await agent.call(TOOL, action="add", address=str(flows))
        assert "already; nothing was changed" in again
        assert f"- mine (folder, 1 file, untrusted): {flows}" in await agent.call(
            TOOL, action="list"
        )
        assert "mine: a folder, read as it is" in await agent.call(TOOL, action="sync", name="mine")
        move_away(flows)
        assert "mine: not reached:" in await agent.call(TOOL, action="sync")
        assert "Removed mine" in await agent.call(TOOL, action="remove", name="mine")
        assert "No source was added yet" in await agent.call(TOOL, action="list")

    serve(scene)


def move_away(folder: Path) -> None:
    folder.rename(folder.with_name("gone"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"action": "add"}, 'address: it is required with action "add"'),
        ({"action": "remove"}, 'name: it is required with action "remove"'),
        ({"action": "remove", "name": "nobody"}, 'no added source "nobody"'),
        ({"action": "trust", "name": "flows"}, '`action` must be "add" or "list"'),
        ({"action": "add", "address": "ext::sh -c true"}, "asks git to run a program"),
        ({"action": "add", "address": "--upload-pack=true"}, "begins with a dash"),
    ],
)
def test_calls_that_cannot_be_carried_out_say_what_to_do(
    serve: Callable[[Scene], None], arguments: dict[str, str], said: str
) -> None:
    async def scene(agent: Agent) -> None:
        assert said in await agent.refused(TOOL, **arguments)

    serve(scene)


@pytest.mark.rule("REG-29")
def test_no_tool_gives_trust() -> None:
    fields = {(spec.name, field.name) for spec in TOOLS for field in spec.fields}
    choices = {choice for spec in TOOLS for field in spec.fields for choice in field.choices}
    assert not [name for pair in fields for name in pair if "trust" in name]
    assert not [choice for choice in choices if "trust" in choice]
    tools = Path(__file__).parents[1] / "src" / "workrail_mcp_server" / "tools"
    texts = {path.name: path.read_text("utf-8") for path in tools.glob("*.py")}
    assert [name for name, text in texts.items() if "open_trust" in text] == []
