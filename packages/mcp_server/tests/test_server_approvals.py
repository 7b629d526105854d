"""A step that a person must approve, as clients of either era see it."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import anyio
import mcp_types as types
import pytest
from mcp.client import Client
from mcp.client.context import ClientRequestContext

from workrail_engine.engine import Answered, open_engine
from workrail_engine.ids import Digest
from workrail_engine.system import Locations
from workrail_engine.testing.approving import an_approved_release
from workrail_mcp_server.server import Tools, build_server
from workrail_mcp_server.testing import Agent, masked, token_in

ERAS = {"legacy": "2025-11-25", "auto": "2026-07-28"}
Scene = Callable[[Agent], Awaitable[None]]


@dataclass
class Person:
    """Answers a client's forms, and remembers what they were shown."""

    action: Literal["accept", "decline", "cancel"] = "accept"
    content: dict[str, str] | None = None
    shown: list[str] = field(default_factory=list[str])

    async def __call__(
        self,
        context: ClientRequestContext,  # noqa: ARG002 - the SDK's signature
        params: types.ElicitRequestParams,
    ) -> types.ElicitResult:
        assert isinstance(params, types.ElicitRequestFormParams)
        self.shown.append(params.message)
        return types.ElicitResult(action=self.action, content=dict(self.content or {}))


@pytest.fixture(name="project", autouse=True)
def project_with_a_release(tmp_path: Path) -> Path:
    workflows = tmp_path / "project" / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "release.json").write_text(json.dumps(an_approved_release()))
    return tmp_path / "project"


@pytest.fixture(name="meet", params=ERAS)
def client_with_a_person(
    request: pytest.FixtureRequest, project: Path, locations: Locations
) -> Callable[[Scene, Person | None], None]:
    def meet(scene: Scene, person: Person | None) -> None:
        failures: list[AssertionError] = []

        async def connected() -> None:
            tools = Tools(project, locations)
            server = build_server(tools)
            async with Client(server, mode=request.param, elicitation_callback=person) as client:
                assert client.protocol_version == ERAS[request.param]
                try:
                    await scene(Agent(client))
                except AssertionError as failure:
                    failures.append(failure)
            tools.close()

        anyio.run(connected)
        if failures:
            raise failures[0]

    return meet


Meet = Callable[[Scene, Person | None], None]


async def planned(agent: Agent, notes: str = "Ship at noon.") -> str:
    first = await agent.call("start_workflow", workflowId="release", goal="1.0")
    return await agent.call("complete_step", token=token_in(first), notes=notes)


@pytest.mark.rule("MCP-100")
def test_a_person_approves_what_the_client_shows_them(meet: Meet):
    person = Person(content={"decision": "approve"})

    async def scene(agent: Agent) -> None:
        reply = await planned(agent)
        assert reply.startswith("# Ship\nStep 2 of about 2")

    meet(scene, person)
    assert "Ship at noon." in person.shown[0]
    assert "Digest of what is shown: sha256:" in person.shown[0]


@pytest.mark.rule("MCP-100")
def test_a_rejection_reaches_the_agent_with_its_note(meet: Meet):
    person = Person(content={"decision": "reject", "note": "Not at noon."})

    async def scene(agent: Agent) -> None:
        reply = await planned(agent)
        assert "# Not complete yet: Plan" in reply
        assert "Not at noon." in reply
        person.content = {"decision": "approve"}
        again = await agent.call("complete_step", token=token_in(reply), notes="Ship at one.")
        assert again.startswith("# Ship")

    meet(scene, person)
    assert len(person.shown) == 2


@pytest.mark.rule("MCP-101")
@pytest.mark.parametrize(
    "person",
    [
        None,
        Person("cancel"),
        Person("decline"),
        Person("accept", {}),
        Person("accept", {"decision": "maybe"}),
        Person("decline", {"decision": "approve"}),
    ],
    ids=["no form", "cancel", "decline", "empty", "neither", "declined yes"],
)
def test_nothing_but_a_plain_yes_or_no_decides(
    meet: Meet, person: Person | None, locations: Locations
):
    async def scene(agent: Agent) -> None:
        reply = await planned(agent)
        assert masked(reply).startswith(
            "# Waiting for approval: Plan\nApproval sess_ID.2 · sha256:"
        )
        assert "workrail approve sess_" in reply

    meet(scene, person)
    with open_engine(locations) as engine:
        assert len(engine.approvals.pending()) == 1


@pytest.mark.rule("MCP-102")
def test_no_argument_of_a_tool_approves(meet: Meet, locations: Locations):
    async def scene(agent: Agent) -> None:
        reply = await planned(agent)
        yes = {"approval": {"action": "accept", "content": {"decision": "approve"}}}
        await agent.refused("complete_step", token=token_in(reply), inputResponses=yes)
        await agent.refused("complete_step", token=token_in(reply), approved=True)
        said = {"decision": "approve", "approval": "approved"}
        again = await agent.call("complete_step", token=token_in(reply), context=said)
        assert "# Waiting for approval: Plan" in again

    meet(scene, None)
    with open_engine(locations) as engine:
        assert len(engine.approvals.pending()) == 1


@pytest.mark.rule("MCP-101")
def test_what_is_too_long_for_a_form_is_decided_at_a_terminal(meet: Meet):
    person = Person(content={"decision": "approve"})

    async def scene(agent: Agent) -> None:
        assert "# Waiting for approval: Plan" in await planned(agent, "A long plan. " * 2_000)

    meet(scene, person)
    assert person.shown == []


@pytest.mark.rule("MCP-103")
def test_the_agent_goes_on_once_a_person_answered_elsewhere(meet: Meet, locations: Locations):
    async def scene(agent: Agent) -> None:
        reply = await planned(agent)
        waits = await agent.call("continue_workflow", continueToken=token_in(reply))
        assert "# Waiting for approval: Plan" in waits
        with open_engine(locations) as engine:
            [pending] = engine.approvals.pending()
            given = Answered("approved", Digest(pending.digest), "ada", "terminal")
            engine.approvals.answer(pending.approval_id, given)
        going = await agent.call("continue_workflow", continueToken=token_in(reply))
        assert "# Ship" in going
        done = await agent.call("complete_step", token=token_in(going), notes="Shipped.")
        assert "# Workflow complete" in done

    meet(scene, None)


@pytest.mark.rule("MCP-103")
def test_who_resumes_what_waits_is_told_which_command_a_person_runs(meet: Meet):
    async def scene(agent: Agent) -> None:
        reply = await planned(agent)
        found = await agent.call("resume_session", query="1.0")
        assert 'waiting at "Plan"' in found
        assert "It waits for approval, which you cannot give." in found
        session = reply.split("Approval ")[1].split(".")[0]
        assert f"workrail approve {session}" in found
        again = await agent.call("continue_workflow", continueToken=token_in(found))
        assert "# Waiting for approval: Plan" in again
        assert "workrail approve sess_" in again

    meet(scene, None)


@pytest.mark.rule("MCP-102")
def test_an_answer_to_other_content_is_refused(project: Path, locations: Locations):
    async def connected() -> None:
        tools = Tools(project, locations)
        async with Client(build_server(tools), mode="auto") as client:
            agent = Agent(client)
            reply = await planned(agent)
            with open_engine(locations) as engine:
                [pending] = engine.approvals.pending()
            state = json.dumps({"approval": pending.approval_id, "digest": "sha256:" + "0" * 64})
            answer = types.ElicitResult(action="accept", content={"decision": "approve"})
            result = await client.session.call_tool(
                "complete_step",
                {"token": token_in(reply)},
                input_responses={"approval": answer},
                request_state=state,
            )
            assert isinstance(result, types.CallToolResult)
            assert result.is_error
            assert "not what waits for approval" in str(result.content)
        tools.close()

    anyio.run(connected)
