"""What does a server notice of a large store: its start, and its memory after many calls?"""

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from figures import Figure
from material import GOAL, SHORT, locations, notes
from scale_store import COMMON, RARE, branch
from wire import Wire, resident_megabytes, server, token_in

CALLS: Final = 1_000
GROWTH_BUDGET_MEGABYTES: Final = 40.0
_STARTS: Final = 12


def cold_starts(large: Path, small: Path) -> tuple[Figure, ...]:
    """Spawn to the answer of `tools/list`, on the large store and on one session, in turns."""
    if not small.exists():
        locations(small)
    with server(small) as wire:
        wire.open()
        wire.call("start_workflow", {"workflowId": SHORT, "goal": GOAL})
    taken: dict[Path, list[float]] = {large: [], small: []}
    for _ in range(_STARTS):
        for home, took in taken.items():
            began = perf_counter()
            with server(home) as wire:
                wire.open()
                wire.request("tools/list", {})
                took.append(perf_counter() - began)
    one, many = median(taken[small]) * 1000, median(taken[large]) * 1000
    return (
        Figure("spawn to tools/list, one session", one, "ms", samples=_STARTS),
        Figure("spawn to tools/list, this store", many, "ms", samples=_STARTS),
        Figure("the second / the first", many / one, "times", 1.15),
    )


def memory_after_calls(home: Path) -> tuple[Figure, ...]:
    """Resident memory after one of each call, and after 1,000 of them mixed."""
    with server(home) as wire:
        wire.open()
        for number in range(10):
            _mixed(wire, number)
        before = resident_megabytes(wire.pid)
        for number in range(10, CALLS):
            _mixed(wire, number)
        after = resident_megabytes(wire.pid)
    return (
        Figure("server's memory after 10 calls", before, "MB"),
        Figure(f"server's memory after {CALLS:,} calls", after, "MB"),
        Figure("grown by", after - before, "MB", GROWTH_BUDGET_MEGABYTES),
    )


def _mixed(wire: Wire, number: int) -> None:
    finds: tuple[Mapping[str, object], ...] = (
        {"query": RARE},
        {"query": COMMON},
        {"branch": branch(number)},
        {},
    )
    match number % 4:
        case 0:
            wire.call("resume_session", finds[number // 4 % len(finds)])
        case 1:
            wire.call("list_workflows", {})
        case 2:
            wire.call("start_workflow", {"workflowId": SHORT, "goal": f"{GOAL} {number}"})
        case _:
            began = wire.call("start_workflow", {"workflowId": SHORT, "goal": f"{GOAL} {number}"})
            wire.call("complete_step", {"token": token_in(began), "notes": notes(number)})
