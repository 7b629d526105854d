"""A session walked through its steps, by a client of either protocol era."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from workrail_engine.canonical import digest as digest_of
from workrail_mcp_server.testing import Agent, masked, token_in

Scene = Callable[[Agent], Awaitable[None]]


def without_example(reply: str) -> str:
    """A reply with the engine's own example of an artifact replaced by a word."""
    return re.sub(r'^( +){"kind":"wr.loop_control".*}$', r"\1EXAMPLE", reply, flags=re.MULTILINE)


async def started(agent: Agent) -> str:
    """The token of the first step of a new session."""
    reply = await agent.call("start_workflow", workflowId="demo-review", goal="PR 7")
    return token_in(reply)


def test_a_workflow_is_walked_from_the_list_to_its_end(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        assert await agent.call("list_workflows") == (
            "- demo-review (3 steps): Review a change. Read a change and give a verdict.\n"
            "\n"
            "Next, if it fits: "
            'start_workflow {"workflowId": "demo-review", "goal": "…"}'
        )

        first = await agent.call("start_workflow", workflowId="demo-review", goal="PR 7")
        assert masked(first) == (
            "Workflow: Review a change (demo-review)\n"
            "Goal: PR 7\n"
            "\n"
            "Rules for the whole workflow:\n"
            "- Change nothing.\n"
            "\n"
            "# Read it\n"
            "Step 1 of about 3 · session sess_ID\n"
            "\n"
            "Read every changed line.\n"
            "\n"
            'Next: complete_step {"token": "ct_TOKEN", "notes": "…"}'
        )

        second = await agent.call("complete_step", token=token_in(first), notes="Read 3 files.")
        assert without_example(masked(second)) == (
            "# Decide\n"
            "Step 2 of about 2\n"
            "\n"
            '- Skipped extra: it runs only if risk equals "High", and risk was never set.\n'
            "\n"
            "Give a verdict on PR 7.\n"
            "\n"
            "Required:\n"
            "- an artifact of kind wr.loop_control, its decision continue or stop, in this form:\n"
            "  EXAMPLE\n"
            'Next: complete_step {"token": "ct_TOKEN", "artifacts": [{…}]}'
        )

        blocked = await agent.call("complete_step", token=token_in(second), notes="Fine.")
        assert without_example(masked(blocked)) == (
            "# Not complete yet: Decide\n"
            "Step 2 of about 2\n"
            "\n"
            "1. MISSING_ARTIFACT (wr.contracts.loop_control): This step needs an artifact of kind "
            '"wr.loop_control", and none was sent.\n'
            "   Send it in artifacts, in this form:\n"
            "   EXAMPLE\n"
            "\n"
            "Kept, so it need not be sent again: notes.\n"
            'Next: complete_step {"token": "ct_TOKEN", "artifacts": [{…}]}'
        )

        artifact = {"kind": "wr.loop_control", "decision": "stop"}
        done = await agent.call("complete_step", token=token_in(blocked), artifacts=[artifact])
        assert masked(done) == (
            "# Workflow complete\n"
            "demo-review · 2 steps completed · session sess_ID\n"
            "\n"
            "- Never ran in this session: extra.\n"
            "\n"
            "Nothing is left to complete. Tell the person what came of it."
        )

    serve(scene)


@pytest.mark.rule("MCP-2")
def test_a_repeated_call_gets_the_recorded_answer(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        token = await started(agent)
        once = await agent.call("complete_step", token=token, notes="Read.")
        twice = await agent.call("complete_step", token=token, notes="Read.")
        other = await agent.call("complete_step", token=token, notes="Something else.")

        assert twice == (
            "This call was made before. This is its recorded answer; nothing was written.\n\n"
            + once
        )
        assert other.startswith("This token was used before, with other content.")
        assert token_in(other) == token_in(once)

    serve(scene)


def test_a_lost_session_is_found_and_taken_up_again(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        token = await started(agent)
        await agent.call("complete_step", token=token, notes="Read the parser.")

        found = await agent.call("resume_session", query="PR 7")
        back = await agent.call("continue_workflow", continueToken=token_in(found))

        assert found.startswith("1 matching session. If you mean it, make its call.")
        assert "# Decide" in back
        assert "Read the parser." in back
        assert "Goal: PR 7" in back
        await agent.call(
            "complete_step",
            token=token_in(back),
            notes="n",
            artifacts=[{"kind": "wr.loop_control", "decision": "stop"}],
        )

    serve(scene)


@pytest.mark.rule("MCP-4")
def test_a_search_that_finds_nothing_says_so(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        assert "No session is recorded here yet" in await agent.call("resume_session")
        await started(agent)
        assert "1 session is recorded here" in await agent.call("resume_session", query="zebra")

    serve(scene)


def test_the_deprecated_form_completes_a_step_in_each_of_its_spellings(
    serve: Callable[[Scene], None],
) -> None:
    forms: list[dict[str, Any]] = [
        {"output": {"notesMarkdown": "Read."}},
        {"notes": "Read."},
        {"intent": "advance", "output": {"notesMarkdown": "Read."}, "workspacePath": "/elsewhere"},
        {"notes": "Read.", "contextVariables": {"risk": "Low"}},
        {"output": json.dumps({"notesMarkdown": "Read."})},
    ]

    async def scene(agent: Agent) -> None:
        for form in forms:
            token = await started(agent)
            reply = await agent.call("continue_workflow", continueToken=token, **form)
            assert reply.startswith("# Decide"), form

    serve(scene)


def test_the_deprecated_tool_with_nothing_to_hand_in_only_shows_the_step(
    serve: Callable[[Scene], None],
) -> None:
    forms: list[dict[str, Any]] = [
        {},
        {"intent": "rehydrate"},
        {"output": {}},
        {"context": {}, "artifacts": []},
    ]

    async def scene(agent: Agent) -> None:
        token = await started(agent)
        for form in forms:
            reply = await agent.call("continue_workflow", continueToken=token, **form)
            assert "# Read it" in reply, form
            assert token_in(reply) == token, form

    serve(scene)


def test_an_explicit_advance_without_output_is_an_attempt(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        token = await started(agent)
        reply = await agent.call("continue_workflow", continueToken=token, intent="advance")
        assert reply.startswith("# Not complete yet: Read it")

    serve(scene)


def test_contradictions_in_the_deprecated_form_are_refused(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        token = await started(agent)
        both = await agent.refused(
            "continue_workflow", continueToken=token, notes="a", output={"notesMarkdown": "b"}
        )
        mixed = await agent.refused(
            "continue_workflow", continueToken=token, intent="rehydrate", notes="a"
        )
        assert both == (
            "continue_workflow: notes: sent both in output and beside it. Nothing was recorded; "
            "send it once, as complete_step takes it. Next: continue_workflow again, with notes mended."
        )
        assert mixed == (
            "continue_workflow: intent: rehydrate only shows where the session stands, but output "
            "or context was sent. Nothing was recorded. Send them with intent advance, or leave "
            "them out. Next: continue_workflow again, with intent mended."
        )

    serve(scene)


def test_a_checkpoint_keeps_the_place_and_its_token_brings_it_back(
    serve: Callable[[Scene], None],
) -> None:
    async def scene(agent: Agent) -> None:
        token = await started(agent)
        kept = await agent.call("checkpoint_workflow", token=token, notes="Half of it.")
        assert masked(kept) == (
            'Checkpoint recorded, in the step "Read it" · session sess_ID\n'
            "The step is still pending. When it is done: "
            'complete_step {"token": "ct_TOKEN", "notes": "…"}\n'
            'To come back to this point later: continue_workflow {"continueToken": "cp_TOKEN"}'
        )
        assert token in kept
        back = await agent.call("continue_workflow", continueToken=token_in(kept))
        assert "# Read it" in back
        assert (await agent.call("complete_step", token=token, notes="n")).startswith("# Decide")

    serve(scene)


def test_an_artifact_is_read_back_by_its_digest(serve: Callable[[Scene], None]) -> None:
    async def scene(agent: Agent) -> None:
        token = await started(agent)
        await agent.call(
            "complete_step", token=token, notes="n", artifacts=[{"kind": "plan", "b": 1, "a": "é"}]
        )
        digest = digest_of({"kind": "plan", "b": 1, "a": "é"})
        assert await agent.call("read_artifact", digest=digest) == (
            f'{digest} · 29 characters\n\n{{"a":"é","b":1,"kind":"plan"}}'
        )

    serve(scene)
