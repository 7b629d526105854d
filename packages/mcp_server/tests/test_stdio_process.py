"""The real process: `workrail start` as a client launches, uses and ends it."""

import json
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import StdioServerParameters
from mcp.client import Client

from workrail_mcp_server.process import default_workspace
from workrail_mcp_server.testing import Agent, token_in

BOUND = 30.0
WORKRAIL = str(Path(sys.executable).with_name("workrail"))
SERVE = "from workrail_mcp_server.process import serve; serve()"

WORKFLOW = {
    "id": "two-steps",
    "name": "Two steps",
    "description": "Two steps.",
    "version": "1.0.0",
    "steps": [
        {"id": "one", "title": "One", "prompt": "Do one."},
        {"id": "two", "title": "Two", "prompt": "Do two."},
    ],
}

# Planted before the server starts: calls of `hang` never return.
HANGING = f"""
import threading
from workrail_mcp_server import server
served = server.Tools.call
def call(self, name, arguments):
    if name == "hang":
        threading.Event().wait()
    return served(self, name, arguments)
server.Tools.call = call
{SERVE}
"""

NOISY = f"""
import os, sys
from workrail_mcp_server import server
from workrail_mcp_server.failures import Reply
def call(self, name, arguments):
    print("a print")
    sys.stdout.flush()
    os.system("echo a child")
    os.write(1, b"bytes")
    if name == "exit":
        raise SystemExit(7)
    return Reply(repr(sys.stdin.read()))
server.Tools.call = call
{SERVE}
"""

RECORDING = f"""
import json, sys
from workrail_mcp_server import process
quiet = process.Lifetime.on_quiet
def on_quiet(self):
    print(json.dumps({{"modules": sorted(sys.modules)}}), file=sys.stderr, flush=True)
    quiet(self)
process.Lifetime.on_quiet = on_quiet
{SERVE}
"""


class Server:
    """A server process, spoken to in the handshake era line by line."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.lines: list[bytes] = []
        self._number = 0

    def ask(self, method: str, **params: object) -> int:
        self._number += 1
        self.tell(method, self._number, **params)
        return self._number

    def tell(self, method: str, number: int | None = None, **params: object) -> None:
        frame: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if number is not None:
            frame["id"] = number
        self.write(json.dumps(frame).encode() + b"\n")

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def answer(self, number: int) -> dict[str, Any]:
        """The answer to a request; every line before it must be a JSON-RPC message too."""
        while True:
            frame = json.loads(self._line())
            assert frame["jsonrpc"] == "2.0"
            if frame.get("id") == number:
                return frame

    def open(self) -> None:
        info = {"name": "test", "version": "0"}
        number = self.ask(
            "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=info
        )
        assert self.answer(number)["result"]["serverInfo"]["name"] == "workrail"
        self.tell("notifications/initialized")

    def call(self, tool: str, **arguments: object) -> str:
        answer = self.answer(self.ask("tools/call", name=tool, arguments=arguments))
        return answer["result"]["content"][0]["text"]

    def end_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def code(self) -> int:
        return self.process.wait(BOUND)

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def _line(self) -> bytes:
        assert self.process.stdout is not None
        while b"\n" not in (self.lines[0] if self.lines else b""):
            ready, _, _ = select.select([self.process.stdout], [], [], BOUND)
            assert ready, "the server said nothing"
            data = os.read(self.process.stdout.fileno(), 1 << 16)
            assert data, f"the server left: {self.errors()}"
            self.lines = [b"".join(self.lines) + data]
        line, _, rest = self.lines[0].partition(b"\n")
        self.lines = [rest]
        return line


@pytest.fixture(name="environment")
def environment_of_a_new_home(tmp_path: Path) -> dict[str, str]:
    project = tmp_path / "project"
    workflows = project / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "two-steps.json").write_text(json.dumps(WORKFLOW))
    return {
        **os.environ,
        "WORKRAIL_HOME": str(tmp_path / "home"),
        "CLAUDE_PROJECT_DIR": str(project),
    }


@contextmanager
def server(environment: dict[str, str], code: str = SERVE) -> Generator[Server]:
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        try:
            yield Server(process)
        finally:
            process.kill()


@pytest.mark.rule("MCP-18")
def test_nothing_heavy_is_imported_before_the_list_of_tools_is_answered(
    environment: dict[str, str],
) -> None:
    with server(environment, RECORDING) as running:
        running.open()
        running.answer(running.ask("tools/list"))
        running.call("list_workflows")
        running.end_input()
        assert running.code() == 0
        recorded = [
            json.loads(line)["modules"]
            for line in running.errors().splitlines()
            if line.startswith('{"modules"')
        ]

    _initialized, listed, called = recorded
    heavy = re.compile(
        r"(sqlalchemy|alembic|jsonschema|ruamel|sqlite3|workrail_engine\.(store|registry|engine))\b"
    )
    assert [name for name in listed if heavy.match(name)] == []
    assert "workrail_engine.engine" in called


@pytest.mark.rule("MCP-19")
def test_only_protocol_comes_out_of_stdout_whatever_a_tool_prints(
    environment: dict[str, str],
) -> None:
    with server(environment, NOISY) as running:
        running.open()
        assert running.call("noisy") == "''"
        running.end_input()
        assert running.code() == 0
        assert {"a print", "a child", "bytes"} <= set(re.split(r"\n", running.errors()))


@pytest.mark.rule("MCP-10")
def test_a_tool_that_ends_the_interpreter_does_not_end_the_server(
    environment: dict[str, str],
) -> None:
    code = NOISY.replace("server.Tools.call = call", "server.Tools._desk_for_calls = call").replace(
        "(self, name, arguments)", "(self, name='exit')"
    )
    with server(environment, code) as running:
        running.open()
        assert running.call("complete_step", token="x").startswith("complete_step: internal error")
        assert running.answer(running.ask("ping"))["result"] == {}


@pytest.mark.rule("MCP-14")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_idle_server_leaves_with_0_on_a_signal(
    environment: dict[str, str], number: signal.Signals
) -> None:
    with server(environment) as running:
        running.open()
        running.process.send_signal(number)
        assert running.code() == 0


@pytest.mark.rule("MCP-14")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_in_a_call_that_never_ends_leaves_with_0_on_a_signal(
    environment: dict[str, str], number: signal.Signals
) -> None:
    with server(environment, HANGING) as running:
        running.open()
        running.ask("tools/call", name="hang", arguments={})
        running.answer(running.ask("ping"))
        running.process.send_signal(number)
        running.process.send_signal(number)
        assert running.code() == 0


@pytest.mark.rule("MCP-14")
def test_a_server_stuck_in_a_write_nobody_reads_leaves_with_0_on_a_signal(
    environment: dict[str, str],
) -> None:
    with server(environment) as running:
        running.open()
        for _ in range(200):  # 1.3 MB of answers, and a pipe holds much less
            running.ask("tools/list")
        assert running.answer(3)["result"]["tools"]
        running.process.send_signal(signal.SIGTERM)
        assert running.code() == 0


@pytest.mark.rule("MCP-14")
@pytest.mark.parametrize("code", [SERVE, HANGING], ids=["idle", "hanging"])
def test_a_server_leaves_with_0_at_the_end_of_input(environment: dict[str, str], code: str) -> None:
    with server(environment, code) as running:
        running.open()
        if code == HANGING:
            running.ask("tools/call", name="hang", arguments={})
        running.end_input()
        assert running.code() == 0
        assert running.errors() == ""


@pytest.mark.rule("MCP-11")
def test_calls_sent_before_the_end_of_input_are_all_answered(environment: dict[str, str]) -> None:
    with server(environment) as running:
        running.open()
        numbers = [
            running.ask("tools/call", name="list_workflows", arguments={}) for _ in range(20)
        ]
        running.end_input()
        assert running.process.stdout is not None
        frames = [json.loads(line) for line in running.process.stdout]
        assert sorted(frame["id"] for frame in frames) == numbers
        assert running.code() == 0


@pytest.mark.rule("MCP-14")
def test_a_server_leaves_with_0_when_the_client_no_longer_reads(
    environment: dict[str, str],
) -> None:
    with server(environment) as running:
        running.open()
        assert running.process.stdout is not None
        running.process.stdout.close()
        running.ask("ping")
        assert running.code() == 0
        assert running.errors() == ""


@pytest.mark.rule("MCP-12")
def test_garbage_on_stdin_is_answered_and_survived(environment: dict[str, str]) -> None:
    with server(environment) as running:
        running.write(b"\x00\xff garbage\n{}\n[1]\n")
        running.open()
        assert running.answer(running.ask("ping"))["result"] == {}


@pytest.mark.rule("MCP-12")
@pytest.mark.parametrize("depth", [150, 400, 800])
def test_arguments_nested_far_too_deep_cost_only_their_own_call(
    environment: dict[str, str], depth: int
) -> None:
    nested = "[" * depth + "]" * depth
    with server(environment) as running:
        running.open()
        running.write(
            b'{"jsonrpc":"2.0","id":50,"method":"tools/call","params":{"name":"start_workflow",'
            b'"arguments":{"workflowId":"two-steps","goal":"g","context":{"a":%b}}}}\n'
            % nested.encode()
        )
        assert running.answer(running.ask("ping"))["result"] == {}
        assert "Workflow" in running.call("start_workflow", workflowId="two-steps", goal="g")


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
