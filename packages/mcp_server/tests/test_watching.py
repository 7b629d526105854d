"""Is a client told how far a long call is, and does work end that nobody waits for any more?"""

import json
import os
import select
import sqlite3
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from workrail_engine.reader import open_reader
from workrail_engine.system import Locations
from workrail_mcp_server.testing import Agent, token_in
from workrail_mcp_server.testing_process import BOUND, ERAS, Era, Peer, opened

Scene = Callable[[Agent], Awaitable[None]]
SOURCES = "manage_workflow_source"
ADDRESS = "ssh://stuck.invalid/flows.git"
SOON = 15.0
"""Half the seconds after which git is killed in any case."""

# Stands in for ssh: says that it runs, and holds the pipe open for as long as it does.
STUCK = """\
#!/bin/sh
exec 9> '{pipe}'
echo begun >&9
exec sleep 600
"""


@pytest.fixture(name="stuck")
def a_repository_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipe in which git's helper says that it has begun; it ends when git and all it started do."""
    pipe, helper = tmp_path / "alive", tmp_path / "stuck-ssh"
    os.mkfifo(pipe)
    helper.write_text(STUCK.format(pipe=pipe))
    helper.chmod(0o700)
    monkeypatch.setenv("GIT_SSH_COMMAND", str(helper))
    monkeypatch.setenv("GIT_SSH_VARIANT", "simple")
    return pipe


@contextmanager
def store_held(locations: Locations) -> Generator[None]:
    """Another process is writing, so every writer waits."""
    with closing(sqlite3.connect(locations.database)) as other:  # noqa: TID251 - another process's lock
        other.execute("BEGIN IMMEDIATE")
        yield
        other.rollback()


@contextmanager
def listening(pipe: Path) -> Generator[int]:
    """The end of the pipe to read from; opened without waiting for somebody who writes."""
    descriptor = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def said(alive: int) -> bytes:
    """What came through the pipe; nothing once nobody holds it open any more."""
    ready, _, _ = select.select([alive], [], [], SOON)
    assert ready, "nothing was said and nobody has ended"
    return os.read(alive, 100)


class Heard:
    """What a client was told of progress."""

    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []
        self.first = anyio.Event()

    async def __call__(self, progress: float, total: float | None, message: str | None) -> None:
        assert total is None
        assert message is not None
        self.told.append((progress, message))
        self.first.set()


@pytest.mark.rule("MCP-61")
@pytest.mark.rule("MCP-62")
@pytest.mark.parametrize("known", [False, True], ids=["add", "sync"])
def test_fetching_is_told_at_once_and_its_git_is_killed_when_the_client_gives_up(
    serve: Callable[[Scene], None], stuck: Path, locations: Locations, *, known: bool
) -> None:
    if known:
        listed = (
            '{"version": 1, "sources": [{"name": "flows", "kind": "git", "location": "%s", '
            '"added_by": "agent", "added_at": "2026-01-01T00:00:00Z"}]}'
        )
        locations.managed_sources.mkdir(parents=True)
        (locations.managed_sources / "sources.json").write_text(listed % ADDRESS)
    asked = {"action": "sync"} if known else {"action": "add", "address": ADDRESS}

    async def scene(agent: Agent) -> None:
        before = await agent.call(SOURCES, action="list")
        heard = Heard()
        call = anyio.CancelScope()

        async def ask() -> None:
            with call:
                await agent.client.call_tool(SOURCES, asked, progress_callback=heard)

        with anyio.fail_after(BOUND):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ask)
                with listening(stuck) as alive:
                    assert await anyio.to_thread.run_sync(said, alive) == b"begun\n"
                    await heard.first.wait()
                    call.cancel()
                    assert await anyio.to_thread.run_sync(said, alive) == b""
        assert f"Fetching {'flows' if known else ADDRESS}" in [message for _, message in heard.told]
        # Waits for the lock, which is given back when all that was begun is undone.
        assert "no added source" in await agent.refused(SOURCES, action="remove", name="nobody")
        assert before == await agent.call(SOURCES, action="list")
        assert list(locations.managed_sources.glob("flows/new-*")) == []

    serve(scene)


@pytest.mark.rule("MCP-61")
def test_a_call_that_takes_long_says_so_every_second_to_who_asked(
    serve: Callable[[Scene], None], locations: Locations
) -> None:
    async def scene(agent: Agent) -> None:
        token = token_in(await agent.call("start_workflow", workflowId="demo-review", goal="Wait"))
        heard = Heard()
        sent = {"token": token, "notes": "Read."}

        async def complete() -> None:
            result = await agent.client.call_tool("complete_step", sent, progress_callback=heard)
            assert not result.is_error

        async with anyio.create_task_group() as tasks:
            with store_held(locations):
                tasks.start_soon(complete)
                with anyio.fail_after(BOUND):
                    await heard.first.wait()
        assert heard.told[0] == (1, "complete_step (1 s)")

    serve(scene)


@pytest.mark.rule("MCP-63")
def test_a_step_whose_client_gave_up_is_recorded_once_or_not_at_all(
    serve: Callable[[Scene], None], locations: Locations
) -> None:
    async def scene(agent: Agent) -> None:
        token = token_in(await agent.call("start_workflow", workflowId="demo-review", goal="Stop"))
        sent = {"token": token, "notes": "Read it once."}
        heard = Heard()
        call = anyio.CancelScope()

        async def complete() -> None:
            with call:
                await agent.client.call_tool("complete_step", sent, progress_callback=heard)

        async with anyio.create_task_group() as tasks:
            with store_held(locations):
                tasks.start_soon(complete)
                with anyio.fail_after(BOUND):
                    await heard.first.wait()
                call.cancel()
        again = await agent.call("complete_step", **sent)
        assert "# Decide" in again
        with open_reader(locations) as reader:
            summary = reader.sessions().sessions[0]
            notes = [node.notes for node in reader.session(summary.session_id).nodes if node.notes]
            assert reader.verify(summary.session_id).problems == ()
        assert (summary.steps_completed, notes) == (1, ["Read it once."])

    serve(scene)


@pytest.mark.rule("MCP-61")
@pytest.mark.rule("MCP-62")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("asked", [True, False], ids=["progress asked for", "no progress"])
def test_the_real_process_tells_of_progress_and_kills_git_when_the_call_is_cancelled(
    tmp_path: Path, stuck: Path, era: Era, *, asked: bool
) -> None:
    environment = {**os.environ, "WORKRAIL_HOME": str(tmp_path / "home")}
    with opened(environment, era) as peer, listening(stuck) as alive:
        adding = {"name": SOURCES, "arguments": {"action": "add", "address": ADDRESS}}
        number = send(peer, adding, {"progressToken": "p-1"} if asked else {})
        if asked:
            heard: list[str] = []
            while f"Fetching {ADDRESS}" not in heard:
                told = peer.next()
                assert told["method"] == "notifications/progress"
                assert told["params"]["progressToken"] == "p-1"
                heard.append(told["params"]["message"])
                assert told["params"]["progress"] == len(heard)
        assert said(alive) == b"begun\n"
        peer.tell("notifications/cancelled", requestId=number)
        assert said(alive) == b""
        # What comes next is the answer to this, and nothing about the call that was cancelled.
        listed = peer.ask("tools/call", name=SOURCES, arguments={"action": "list"})
        answer = peer.next() if not asked else peer.answer(listed)
        assert answer["id"] == listed
        assert answer["result"]["content"][0]["text"].startswith("No source was added yet")
        peer.end_input()
        assert peer.code() == 0
        assert all("result" not in each and "error" not in each for each in peer.rest())


def send(peer: Peer, call: Mapping[str, object], meta: Mapping[str, object]) -> int:
    """Send a tool call with more in its `_meta` than the era needs; returns its id."""
    frame = json.loads(peer.frame("tools/call", 77, **call))
    frame["params"]["_meta"] = {**frame["params"].get("_meta", {}), **meta}
    peer.write(json.dumps(frame).encode() + b"\n")
    return 77
