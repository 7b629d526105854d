"""Does an agent notice that sixteen servers begin on an empty home at once and share one store?"""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from crash_agent import Agent, Findings, inspect_store, prepared_home
from crash_kills import ended, spawned
from wire import Wire

SERVERS = 16


@dataclass
class Crowd:
    """What many servers on one store came to."""

    servers: int
    calls: int = 0
    seconds: float = 0
    errors: list[str] = field(default_factory=list[str])
    """What agents were told instead of an answer; there must be none."""
    took: list[float] = field(default_factory=list[float])
    """Seconds a call took."""
    findings: Findings = field(default_factory=Findings)


def crowd(folder: Path, steps: int, servers: int = SERVERS) -> Crowd:
    """Start many servers at once where there is no store yet; each agent makes a session of steps."""
    home = prepared_home(folder / "crowd", steps)
    result = Crowd(servers)
    agents = [Agent(f"agent {number}", steps) for number in range(1, servers + 1)]
    gate = threading.Barrier(servers)

    def work(agent: Agent) -> None:
        process = spawned(home)
        try:
            wire = Wire(process)
            wire.open()
            gate.wait()
            while not agent.finished:
                began = perf_counter()
                agent.step(wire)
                result.took.append(perf_counter() - began)
        except (RuntimeError, OSError) as error:
            result.errors.append(str(error))
            gate.abort()
        finally:
            ended(process)

    threads = [threading.Thread(target=work, args=(agent,)) for agent in agents]
    began = perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.seconds = perf_counter() - began
    result.calls = len(result.took)
    result.findings = inspect_store(home, agents)
    return result
