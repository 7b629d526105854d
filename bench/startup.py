"""How long until a client has the tools and its first answer, and how much memory does the server take?"""

import json
import subprocess
import sys
import threading
from pathlib import Path
from statistics import median
from time import perf_counter

from figures import Figure
from material import GOAL, LINEAR, locations
from wire import ERAS, STATELESS, Wire, resident_megabytes, server

TOOLS_BUDGET_KILOBYTES = 7.0
MEMORY_BUDGET_MEGABYTES = 75.0
_SESSIONS = 20
_FIRST_CALLS = 5
_STEADY_LOOKS = 6


def cold_start(folder: Path, runs: int) -> tuple[Figure, ...]:
    """Spawn to the answer of `tools/list` in both eras, beside bare Python and the bare SDK; in turns."""
    locations(folder)
    bare: list[float] = []
    sdk: list[float] = []
    ours: dict[str, list[float]] = {era: [] for era in ERAS}
    size = 0
    for _ in range(runs):
        bare.append(_python("pass"))
        sdk.append(_python("import mcp.server"))
        for era in ERAS:
            began = perf_counter()
            with server(folder, era) as wire:
                wire.open()
                tools = wire.request("tools/list", {})
                ours[era].append(perf_counter() - began)
                size = len(json.dumps(tools["tools"], separators=(",", ":")).encode())
    figures = [
        Figure("python -c pass, median", median(bare) * 1000, "ms", samples=runs),
        Figure("python -c 'import mcp.server', median", median(sdk) * 1000, "ms", samples=runs),
    ]
    for era, took in ours.items():
        beside = median(took) / median(sdk)
        figures += [
            Figure(f"spawn to tools/list, {era}, median", median(took) * 1000, "ms", samples=runs),
            Figure(f"spawn to tools/list / import mcp.server, {era}", beside, "times"),
        ]
    return (*figures, Figure("tools/list", size / 1024, "KB", TOOLS_BUDGET_KILOBYTES))


def first_call(folder: Path) -> tuple[Figure, ...]:
    """How long the first call takes, right after the list and once the server has come to rest."""
    locations(folder)
    with server(folder) as wire:  # the store is made once; nobody waits for that again
        wire.open()
        wire.call("list_workflows", {})
    at_once: list[float] = []
    at_rest: list[float] = []
    for _ in range(_FIRST_CALLS):
        for took in (at_once, at_rest):
            with server(folder, STATELESS) as wire:
                wire.open()
                wire.request("tools/list", {})
                if took is at_rest:
                    _megabytes_at_rest(wire)
                began = perf_counter()
                wire.call("list_workflows", {})
                took.append(perf_counter() - began)
    return (
        Figure(
            "first call right after tools/list, median",
            median(at_once) * 1000,
            "ms",
            samples=_FIRST_CALLS,
        ),
        Figure(
            "first call of a server at rest, median",
            median(at_rest) * 1000,
            "ms",
            samples=_FIRST_CALLS,
        ),
    )


def memory(folder: Path) -> tuple[Figure, ...]:
    """Resident memory at the list, at rest, once called, and after some sessions were started."""
    locations(folder)
    with server(folder) as wire:
        wire.open()
        wire.request("tools/list", {})
        at_once = resident_megabytes(wire.pid)
        at_rest = _megabytes_at_rest(wire)
        wire.call("list_workflows", {})
        called = resident_megabytes(wire.pid)
        for _ in range(_SESSIONS):
            wire.call("start_workflow", {"workflowId": LINEAR, "goal": GOAL})
        busy = resident_megabytes(wire.pid)
    return (
        Figure("memory when tools/list is answered", at_once, "MB"),
        Figure("memory, idle: listed, never called", at_rest, "MB", MEMORY_BUDGET_MEGABYTES),
        Figure("memory once called", called, "MB"),
        Figure(f"memory after {_SESSIONS} starts (2,100-step workflow)", busy, "MB"),
    )


def _megabytes_at_rest(wire: Wire) -> float:
    """Resident memory once it has stayed the same for a while: what is imported aside is there."""
    last, looks = 0.0, 0
    while looks < _STEADY_LOOKS:
        now = resident_megabytes(wire.pid)
        last, looks = now, looks + 1 if now == last else 0
        threading.Event().wait(0.1)
    return last


def _python(code: str) -> float:
    began = perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return perf_counter() - began
