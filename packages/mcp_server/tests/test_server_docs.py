"""The manual's table of tools is the server's list of tools."""

from pathlib import Path

import anyio
import mcp_types as types
import pytest
from mcp.client import Client

from workrail_mcp_server.server import Tools, build_server

MANUAL = Path(__file__).parents[3] / "docs" / "mcp.md"


def row(tool: types.Tool) -> str:
    required = tool.input_schema.get("required", [])
    fields = ", ".join(
        f"`{name}`\\*" if name in required else f"`{name}`"
        for name in tool.input_schema["properties"]
    )
    assert tool.annotations is not None
    flags = (
        tool.annotations.read_only_hint,
        tool.annotations.idempotent_hint,
        (tool.meta or {}).get("anthropic/alwaysLoad"),
    )
    return f"| `{tool.name}` | {fields} |{''.join(' yes |' if flag else ' |' for flag in flags)}"


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_manual_lists_every_tool_as_the_server_does(tmp_path: Path, mode: str) -> None:
    async def listed() -> list[types.Tool]:
        async with Client(build_server(Tools(tmp_path)), mode=mode) as client:
            return (await client.list_tools()).tools

    lines = MANUAL.read_text(encoding="utf-8").splitlines()
    begin = lines.index("| tool | fields | only reads | safe to repeat | loaded at once |") + 2
    end = lines.index("", begin)

    assert lines[begin:end] == [row(tool) for tool in anyio.run(listed)]
