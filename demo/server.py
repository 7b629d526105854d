"""How does the demo start, talk to and kill `workrail start`?"""

import os
import shutil
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import anyio
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.types import TextContent

JsonObject: TypeAlias = Mapping[str, object]

_CALL_SECONDS = 20
# The shell notes its process id and then becomes the server, so the id is the server's own.
_LAUNCHER = 'echo $$ > "$0"; exec "$@"'


@dataclass(frozen=True)
class Server:
    """A running `workrail start` and the MCP client connected to it."""

    client: Client
    pid: int

    async def tools(self) -> tuple[str, ...]:
        """The names of the tools it offers."""
        return tuple(tool.name for tool in (await self.client.list_tools()).tools)

    async def call(self, tool: str, arguments: JsonObject) -> str:
        """Call a tool and return the text an agent would read.

        Raises:
            RuntimeError: the server answered with an error.
        """
        result = await self.client.call_tool(tool, dict(arguments))
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        if result.is_error:
            message = f"{tool} failed: {text}"
            raise RuntimeError(message)
        return text

    def kill(self) -> None:
        """SIGKILL: the process gets no chance to save anything."""
        os.kill(self.pid, signal.SIGKILL)

    async def answers(self) -> bool:
        """Whether it still answers."""
        try:
            await self.client.list_tools(cache_mode="bypass")
        except (MCPError, anyio.ClosedResourceError, anyio.BrokenResourceError):
            return False
        return True


def workrail_command() -> str:
    """The `workrail` command beside this interpreter, else the one on the path.

    Raises:
        RuntimeError: it is not installed.
    """
    beside = Path(sys.executable).with_name("workrail")
    found = str(beside) if beside.exists() else shutil.which("workrail")
    if found is None:
        message = (
            "The command `workrail` is not installed. Run `make demo`, which installs it first."
        )
        raise RuntimeError(message)
    return found


@asynccontextmanager
async def serve(home: Path, folder: Path) -> AsyncGenerator[Server]:
    """Run `workrail start` on the store in `home`; `folder` takes its process id and its log."""
    pid_file = folder / "server.pid"
    parameters = StdioServerParameters(
        command="/bin/sh",
        args=["-c", _LAUNCHER, str(pid_file), workrail_command(), "start"],
        env={"WORKRAIL_HOME": str(home)},
        cwd=folder,
    )
    with (folder / "server.log").open("a") as log:
        transport = stdio_client(parameters, errlog=log)
        async with Client(transport, read_timeout_seconds=_CALL_SECONDS) as client:
            yield Server(client, int(pid_file.read_text()))
