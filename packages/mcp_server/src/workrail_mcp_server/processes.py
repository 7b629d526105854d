"""Which process is it, and from which does it descend?"""

import os
import socket

import psutil

from workrail_engine.projections.driving import Driver

_WRAPPERS = frozenset({"uv", "uvx", "pipx", "sh", "dash", "bash", "zsh", "env"})


def client_of_this_process() -> Driver:
    """The client that started this server, past whatever only starts the server for it."""
    process = psutil.Process(os.getppid())
    while process.name() in _WRAPPERS and "workrail" in " ".join(process.cmdline()):
        above = process.parent()
        if above is None:
            break
        process = above
    return _driver(process)


def ancestors_of_this_process() -> tuple[Driver, ...]:
    """The processes this one descends from, the nearest first, as far as they can be seen."""
    return tuple(_driver(process) for process in psutil.Process().parents())


def _driver(process: psutil.Process) -> Driver:
    began = round(process.create_time() * 1_000_000)
    return Driver("mcp", socket.gethostname(), process.pid, began)
