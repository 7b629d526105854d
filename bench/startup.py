"""How long until a client has the tools, and how much memory does the server take?"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

from figures import Figure
from material import GOAL, LINEAR, locations
from wire import resident_megabytes, server

TOOLS_BUDGET_KILOBYTES = 7.0
MEMORY_BUDGET_MEGABYTES = 75.0
_SESSIONS = 20


def cold_start(folder: Path, runs: int) -> tuple[Figure, ...]:
    """Spawn to the answer of `tools/list`, beside bare Python and the bare SDK; interleaved."""
    locations(folder)
    bare: list[float] = []
    sdk: list[float] = []
    ours: list[float] = []
    size = 0
    for _ in range(runs):
        bare.append(_python("pass"))
        sdk.append(_python("import mcp.server"))
        began = perf_counter()
        with server(folder) as wire:
            wire.open()
            tools = wire.request("tools/list", {})
            ours.append(perf_counter() - began)
            size = len(json.dumps(tools["tools"], separators=(",", ":")).encode())
    return (
        Figure("python -c pass, median", median(bare) * 1000, "ms", samples=runs),
        Figure("python -c 'import mcp.server', median", median(sdk) * 1000, "ms", samples=runs),
        Figure("spawn to tools/list, median", median(ours) * 1000, "ms", samples=runs),
        Figure("spawn to tools/list / import mcp.server", median(ours) / median(sdk), "times"),
        Figure("tools/list", size / 1024, "KB", TOOLS_BUDGET_KILOBYTES),
    )


def memory(folder: Path) -> tuple[Figure, ...]:
    """Resident memory once everything is loaded, and after some sessions were started."""
    locations(folder)
    with server(folder) as wire:
        wire.open()
        wire.request("tools/list", {})
        at_once = resident_megabytes(wire.pid)
        wire.call("list_workflows", {})
        called = resident_megabytes(wire.pid)
        for _ in range(_SESSIONS):
            wire.call("start_workflow", {"workflowId": LINEAR, "goal": GOAL})
        busy = resident_megabytes(wire.pid)
    return (
        Figure("memory, idle: listed, never called", at_once, "MB", MEMORY_BUDGET_MEGABYTES),
        Figure("memory once called, everything loaded", called, "MB"),
        Figure(f"memory after {_SESSIONS} starts (2,100-step workflow)", busy, "MB"),
    )


def _python(code: str) -> float:
    began = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return perf_counter() - began
