"""Can workflows, sessions and artifacts be read by address, whole, and is what is not there said so?"""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from workrail_engine.reader import open_reader
from workrail_engine.system import Locations
from workrail_mcp_server.present_text import REPLY_LIMIT
from workrail_mcp_server.resource_links import links_for
from workrail_mcp_server.resources import PAGE, SESSIONS_LISTED
from workrail_mcp_server.testing import Agent, masked, token_in

Scene = Callable[[Agent], Awaitable[None]]

STORY = """\
# Review a change
running at "Decide" · 1 step completed

Goal: Review "it"

- session {session}
- workflow demo-review, workrail://workflows/demo-review
- began TIME, changed TIME

To go on with it: resume_session {{"sessionId": "{session}"}}

## Read it
read · completed · TIME

Read.
- all of it

Artifacts:
- wr.loop_control (36 bytes): {artifact}

- Note: Skipped extra: it runs only if risk equals "High", and risk was never set.

## Decide
decide · pending · TIME"""


async def contents(agent: Agent, uri: str) -> tuple[str | None, str]:
    read = await agent.client.read_resource(uri, cache_mode="bypass")
    match read.contents:
        case [types.TextResourceContents(uri=named, mime_type=mime, text=text)] if named == uri:
            assert len(text) <= 50_000
            return mime, text
        case _:
            raise AssertionError(read)


async def whole(agent: Agent, uri: str) -> str:
    """What all the pages hold, read as each page says."""
    parts: list[str] = []
    following: str | None = uri
    while following is not None:
        _, text = await contents(agent, following)
        page, _, said = text.rpartition("\n\n[Characters ")
        parts.append(page)
        _, found, rest = said.rpartition("Read on: ")
        following = rest.removesuffix("]") if found else None
    return "".join(parts)


async def begun(agent: Agent, goal: str = 'Review "it"', **sent: Any) -> str:
    """The address of a session whose first step is complete."""
    first = await agent.call("start_workflow", workflowId="demo-review", goal=goal)
    given = {"notes": "Read.\n- all of it", **sent}
    await agent.call("complete_step", token=token_in(first), **given)
    listed = await agent.client.list_resources(cache_mode="bypass")
    return next(str(each.uri) for each in listed.resources if each.title == " ".join(goal.split()))


@pytest.mark.rule("MCP-53")
def test_a_workflow_is_read_as_its_outline(
    serve: Callable[[Scene], None],
) -> None:
    async def scene(agent: Agent) -> None:
        mime, text = await contents(agent, "workrail://workflows/demo-review")
        assert mime == "text/markdown"
        assert text == await agent.call("inspect_workflow", workflowId="demo-review")
        assert text.startswith("# Review a change (demo-review)\n3 steps")

    serve(scene)


@pytest.mark.rule("MCP-53")
def test_a_session_is_read_as_its_story_and_its_artifacts_as_json(
    serve: Callable[[Scene], None], locations: Locations
) -> None:
    artifact = {"kind": "wr.loop_control", "decision": "stop"}

    async def scene(agent: Agent) -> None:
        uri = await begun(agent, artifacts=[artifact])
        mime, text = await contents(agent, uri)
        assert mime == "text/markdown"
        with open_reader(locations) as reader:
            session = reader.sessions().sessions[0].session_id
            digest = next(
                each.digest for node in reader.session(session).nodes for each in node.artifacts
            )
        at = f"workrail://artifacts/{digest.removeprefix('sha256:')}"
        size = len(json.dumps(artifact, separators=(",", ":")))
        expected = STORY.format(session="sess_ID", artifact=at).replace("36 bytes", f"{size} bytes")
        assert masked(text) == expected
        for spelling in (at, f"workrail://artifacts/{digest}"):
            kind, content = await contents(agent, spelling)
            assert (kind, json.loads(content)) == ("application/json", artifact)

    serve(scene)


@pytest.mark.rule("MCP-54")
@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("workrail://workflows/demo-reviw", "Did you mean demo-review?"),
        ("workrail://sessions/sess_aaaaaaaaaaaaaaaaaaaaaaaaaa", "Look for it by its goal"),
        (f"workrail://artifacts/{'0' * 64}", "Its session lists the artifacts there are."),
        ("workrail://artifacts/zzz", "No artifact sha256:zzz in this store."),
        ("workrail://sessions/", "Addresses are workrail://workflows/{id}"),
        ("workrail://sessions/x/y", "Addresses are workrail://workflows/{id}"),
        ("workrail://sessions/x?offset=-1", "Addresses are workrail://workflows/{id}"),
        ("workrail://sessions/..%2F..%2Fetc%2Fpasswd", "No session"),
        ("file:///etc/passwd", "Addresses are workrail://workflows/{id}"),
        (f"workrail://sessions/{'s' * 3000}", "There is no resource workrail://sessions/sss"),
    ],
)
def test_what_is_not_there_is_the_protocols_own_error_and_says_what_to_do(
    serve: Callable[[Scene], None], uri: str, message: str
) -> None:
    async def scene(agent: Agent) -> None:
        with pytest.raises(MCPError) as caught:
            await agent.client.read_resource(uri)
        handshake = agent.client.protocol_version == "2025-11-25"
        assert caught.value.code == (-32002 if handshake else types.INVALID_PARAMS)
        assert caught.value.data == {"uri": uri}
        assert message in caught.value.message
        assert len(caught.value.message.encode()) <= 600

    serve(scene)


@pytest.mark.rule("MCP-55")
def test_what_is_too_long_for_one_answer_is_read_to_the_end_page_by_page(
    serve: Callable[[Scene], None], locations: Locations
) -> None:
    notes = "".join(f"{number} é\n\n" for number in range(3_500)).strip()
    artifact = {"kind": "log", "lines": ["x" * 99 for _ in range(1000)]}
    ended = {"kind": "wr.loop_control", "decision": "stop"}

    async def scene(agent: Agent) -> None:
        first = await agent.call("start_workflow", workflowId="demo-review", goal="Much")
        second = await agent.call(
            "complete_step", token=token_in(first), notes=notes, artifacts=[artifact]
        )
        await agent.call(
            "complete_step", token=token_in(second), notes=f"{notes}!", artifacts=[ended]
        )
        _, listed = (await agent.client.list_resources()).resources
        story = await whole(agent, str(listed.uri))
        assert len(story) > PAGE
        assert f"\n\n{notes}\n\nArtifacts:" in story
        assert f"\n\n{notes}!\n\nArtifacts:" in story
        with open_reader(locations) as reader:
            session = reader.sessions().sessions[0].session_id
            line = reader.session(session).nodes[0].artifacts[0]
        at = f"workrail://artifacts/{line.digest.removeprefix('sha256:')}"
        mime, _ = await contents(agent, at)
        assert mime == "text/plain"
        assert json.loads(await whole(agent, at)) == artifact
        _, past = await contents(agent, f"{at}?offset={line.size}")
        assert past == (
            f"[There are {line.size:,} characters; nothing stands at {line.size:,}. Begin: {at}]"
        )
        assert line.size > 2 * PAGE

    serve(scene)


@pytest.mark.rule("MCP-56")
def test_the_list_names_the_workflows_and_the_sessions_that_changed_last_and_no_more(
    serve: Callable[[Scene], None],
) -> None:
    async def scene(agent: Agent) -> None:
        for number in range(SESSIONS_LISTED + 2):
            await agent.call("start_workflow", workflowId="demo-review", goal=f"Goal {number}")
        listed = (await agent.client.list_resources()).resources
        workflow, *sessions = listed
        assert (str(workflow.uri), workflow.title, workflow.mime_type) == (
            "workrail://workflows/demo-review",
            "Review a change",
            "text/markdown",
        )
        assert [each.title for each in sessions] == [
            f"Goal {number}" for number in reversed(range(2, SESSIONS_LISTED + 2))
        ]
        assert (sessions[0].description or "").startswith("Review a change · running · changed 2")
        for each in (workflow, sessions[-1]):
            assert (await contents(agent, str(each.uri)))[0] == each.mime_type

    serve(scene)


@pytest.mark.rule("MCP-56")
def test_a_store_that_cannot_be_read_takes_the_sessions_from_the_list_and_nothing_else(
    serve: Callable[[Scene], None], locations: Locations, caplog: pytest.LogCaptureFixture
) -> None:
    locations.home.mkdir()
    locations.database.write_bytes(b"no database " * 1000)

    async def scene(agent: Agent) -> None:
        listed = (await agent.client.list_resources()).resources
        assert [each.name for each in listed] == ["demo-review"]
        with pytest.raises(MCPError, match="resources/read: ") as caught:
            await agent.client.read_resource("workrail://sessions/sess_x")
        assert caught.value.code == types.INTERNAL_ERROR

    serve(scene)
    assert "the list of resources names no sessions" in caplog.text


@pytest.mark.rule("MCP-60")
def test_an_answer_that_had_to_be_cut_says_so_and_links_to_the_whole(
    serve: Callable[[Scene], None], project: Path
) -> None:
    steps = [
        {"id": f"step-{number}", "title": f"{number} {'long ' * 24}".strip(), "prompt": "Do it."}
        for number in range(500)
    ]
    document = {"id": "a-long.one", "name": "Long", "description": "Long.", "version": "1.0.0"}
    file = project / ".workrail" / "workflows" / "long.json"
    file.write_text(json.dumps({**document, "steps": steps}))

    async def scene(agent: Agent) -> None:
        reply = await agent.client.call_tool("inspect_workflow", {"workflowId": "a-long.one"})
        match reply.content:
            case [types.TextContent(text=text), types.ResourceLink(uri=uri, name=name)]:
                assert len(text) <= 50_000
                assert "characters or more are left out here" in text
            case _:
                raise AssertionError(reply)
        assert name == "a-long.one"
        outline = await whole(agent, str(uri))
        assert [f"[step-{number}]" in outline for number in range(500)] == [True] * 500
        assert "[step-250]" not in text

    serve(scene)


@pytest.mark.rule("MCP-60")
def test_a_cut_answer_about_a_session_links_to_its_story_and_another_to_nothing() -> None:
    session = "sess_aaaaaaaaaaaaaaaaaaaaaaaaaa"
    told = f"Step 1 · {session}\n"

    assert links_for(told) == ()
    assert links_for("- a-workflow (1 step): name" + "x" * REPLY_LIMIT) == ()
    [link] = links_for(told + "x" * REPLY_LIMIT)
    assert (link.name, str(link.uri)) == (session, f"workrail://sessions/{session}")


@pytest.mark.rule("MCP-57")
def test_ids_are_completed_by_how_they_begin(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        async def completed(template: str, name: str, value: str) -> list[str]:
            reference = types.ResourceTemplateReference(type="ref/resource", uri=template)
            given = await agent.client.complete(reference, {"name": name, "value": value})
            return given.completion.values

        older, newer = [
            (await begun(agent, goal)).removeprefix("workrail://sessions/")
            for goal in ("Older", "Newer")
        ]
        workflows, sessions, artifacts = [
            each.uri_template
            for each in (await agent.client.list_resource_templates()).resource_templates
        ]
        assert await completed(workflows, "id", "") == ["demo-review"]
        assert await completed(workflows, "id", "demo-") == ["demo-review"]
        assert await completed(workflows, "id", "review") == []
        assert await completed(sessions, "id", "") == [newer, older]
        assert await completed(sessions, "id", "sess_") == [newer, older]
        assert await completed(sessions, "id", newer[:15]) == [newer]
        assert await completed(sessions, "id", "demo") == []
        assert await completed(artifacts, "sha", "0") == []
        prompt = types.PromptReference(type="ref/prompt", name="demo-review")
        goal = await agent.client.complete(prompt, {"name": "goal", "value": "Fi"})
        assert goal.completion.values == []
        with pytest.raises(MCPError, match=r'nothing to complete for "sha"') as caught:
            await completed(sessions, "sha", "0")
        assert caught.value.code == types.INVALID_PARAMS

    serve(scene)


@pytest.mark.rule("MCP-58")
def test_no_change_is_announced_and_nothing_can_be_subscribed_to(
    serve: Callable[[Scene], None], project: Path
) -> None:
    async def scene(agent: Agent) -> None:
        offered = agent.client.server_capabilities
        assert offered is not None
        told = offered.model_dump(exclude_none=True, by_alias=True)
        assert told == {
            "prompts": {"listChanged": False},
            "resources": {"listChanged": False, "subscribe": False},
            "tools": {"listChanged": False},
            "completions": {},
        }
        before = (await agent.client.list_prompts(cache_mode="bypass")).prompts
        (project / ".workrail" / "workflows" / "demo-review.json").unlink()
        after = (await agent.client.list_prompts(cache_mode="bypass")).prompts
        assert (len(before), len(after)) == (1, 0)

    serve(scene)
