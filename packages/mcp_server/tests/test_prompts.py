"""Is each workflow a slash command that starts it with the person's goal?"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from workrail_engine.engine import SourceRequest
from workrail_engine.library import open_sources, open_trust
from workrail_engine.system import Locations
from workrail_mcp_server.testing import Agent

Scene = Callable[[Agent], Awaitable[None]]


def document(workflow_id: str, name: str = "Build") -> str:
    step = {"id": "only", "title": "Only step", "prompt": "Do the thing."}
    return json.dumps(
        {
            "id": workflow_id,
            "name": name,
            "description": "Builds a thing,\nwell.",
            "version": "1.0.0",
            "steps": [step],
        }
    )


def put(project: Path, path: str, workflow_id: str) -> None:
    file = project / ".workrail" / "workflows" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(document(workflow_id))


async def said(agent: Agent, name: str, **arguments: str) -> str:
    got = await agent.client.get_prompt(name, arguments)
    match got:
        case types.GetPromptResult(
            messages=[
                types.PromptMessage(role="user", content=types.TextContent(text=text)),
            ]
        ):
            return text
        case _:
            raise AssertionError(got)


async def refused(agent: Agent, name: str, arguments: dict[str, str] | None) -> str:
    with pytest.raises(MCPError) as caught:
        await agent.client.get_prompt(name, arguments)
    assert caught.value.code == types.INVALID_PARAMS
    assert len(caught.value.message.encode()) <= 600
    return caught.value.message


@pytest.mark.rule("MCP-50")
def test_every_workflow_that_can_be_started_is_a_prompt_of_its_name_with_a_goal(
    serve: Callable[[Scene], None], project: Path
) -> None:
    put(project, "build.json", "team.build")
    put(project, "routines/part.json", "a-routine")

    async def scene(agent: Agent) -> None:
        listed = (await agent.client.list_prompts()).prompts
        assert [(each.name, each.title, each.description) for each in listed] == [
            ("demo-review", "Review a change", "Read a change and give a verdict."),
            ("team.build", "Build", "Builds a thing, well."),
        ]
        for each in listed:
            match each.arguments:
                case [types.PromptArgument(name="goal", required=True)]:
                    pass
                case _:
                    raise AssertionError(each)
            assert f'"workflowId": "{each.name}"' in await said(agent, each.name, goal="Do it")

    serve(scene)


@pytest.mark.rule("MCP-50")
def test_what_nobody_trusts_is_no_prompt_until_somebody_does(
    serve: Callable[[Scene], None], tmp_path: Path, locations: Locations
) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    (flows / "build.json").write_text(document("team.build"))
    request = SourceRequest(str(flows), tmp_path, added_by="agent")
    open_sources(locations).add(request)

    async def scene(agent: Agent) -> None:
        listed = (await agent.client.list_prompts(cache_mode="bypass")).prompts
        assert [each.name for each in listed] == ["demo-review"]
        assert "`workrail trust flows`" in await refused(agent, "team.build", {"goal": "Do it"})
        open_trust(locations).trust("flows")
        listed = (await agent.client.list_prompts(cache_mode="bypass")).prompts
        assert [each.name for each in listed] == ["demo-review", "team.build"]

    serve(scene)


@pytest.mark.rule("MCP-51")
def test_a_prompt_asks_for_its_workflow_with_the_goal_and_the_call_can_be_made_as_it_stands(
    serve: Callable[[Scene], None],
) -> None:
    async def scene(agent: Agent) -> None:
        text = await said(agent, "demo-review", goal=' Review "this"\nand that ')
        assert text == (
            "Work through the WorkRail workflow demo-review (Review a change, 3 steps) for this "
            'goal:\n\nReview "this"\nand that\n\n'
            "Begin with the call below. Then do what each answer says, until one says that the "
            "workflow is complete.\n"
            'start_workflow {"workflowId": "demo-review", "goal": "Review \\"this\\"\\nand that"}'
        )
        tool, _, arguments = text.splitlines()[-1].partition(" ")
        assert "# Read it" in await agent.call(tool, **json.loads(arguments))

    serve(scene)


@pytest.mark.rule("MCP-51")
def test_a_goal_of_one_word_may_have_been_cut_by_the_client_and_the_agent_is_told(
    serve: Callable[[Scene], None],
) -> None:
    async def scene(agent: Agent) -> None:
        assert "all of that is the goal" in await said(agent, "demo-review", goal="Review")
        assert "all of that is the goal" not in await said(agent, "demo-review", goal="Review it")

    serve(scene)


@pytest.mark.rule("MCP-52")
@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        (
            "demo-reviw",
            {"goal": "g"},
            'There is no prompt "demo-reviw". There is no workflow "demo-reviw". Did you mean '
            "demo-review?",
        ),
        ("", {"goal": "g"}, 'There is no prompt "".'),
        ("n" * 2000, {"goal": "g"}, f'There is no prompt "{"n" * 80}".'),
        ("demo-review", None, "demo-review: the argument goal is missing. Say after the command"),
        ("demo-review", {"goal": " \n"}, "demo-review: the argument goal is missing."),
        (
            "demo-review",
            {"goal": "g", "depth": "3"},
            'demo-review: there is no argument "depth"; the one there is is goal.',
        ),
    ],
)
def test_a_prompt_that_cannot_be_given_says_what_to_do(
    serve: Callable[[Scene], None], name: str, arguments: dict[str, str] | None, message: str
) -> None:
    async def scene(agent: Agent) -> None:
        assert (await refused(agent, name, arguments)).startswith(message)

    serve(scene)


def test_a_routine_and_a_broken_file_are_told_apart_from_what_is_not_there(
    serve: Callable[[Scene], None], project: Path
) -> None:
    put(project, "routines/part.json", "a-routine")
    put(project, "broken.json", "is-broken")
    broken = project / ".workrail" / "workflows" / "broken.json"
    broken.write_text(broken.read_text().replace('"prompt"', '"promt"'))

    async def scene(agent: Agent) -> None:
        assert "It is a routine" in await refused(agent, "a-routine", {"goal": "g"})
        assert "promt" in await refused(agent, "is-broken", {"goal": "g"})

    serve(scene)


@pytest.mark.rule("MCP-56")
def test_more_prompts_than_a_page_holds_are_all_named_once_while_workflows_come_and_go(
    serve: Callable[[Scene], None], project: Path
) -> None:
    for number in range(250):
        put(project, f"{number}.json", f"w-{number:03}")

    async def scene(agent: Agent) -> None:
        names: list[str] = []
        cursor: str | None = None
        for page in range(3):
            listed = await agent.client.list_prompts(cursor=cursor)
            names += [each.name for each in listed.prompts]
            cursor = listed.next_cursor
            (project / ".workrail" / "workflows" / f"{page}.json").unlink()
        assert cursor is None
        assert names == ["demo-review", *(f"w-{number:03}" for number in range(250))]
        with pytest.raises(MCPError, match=r'cursor: "17" did not come from this list'):
            await agent.client.list_prompts(cursor="17")

    serve(scene)
