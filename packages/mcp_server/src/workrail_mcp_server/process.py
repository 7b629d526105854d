"""How does `workrail start` begin, and how does it leave?

Light at the top: stdio is claimed and signals are handled before anything heavy is imported. Leaving
needs no cleanup: every call's record is one transaction, so the process may end at any moment.
"""

import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from workrail_mcp_server.transport import Traffic

LEAVING_GRACE = 0.3
"""Seconds a running call gets after a signal; a client kills the process soon after."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_log = logging.getLogger(__name__)


def serve() -> NoReturn:
    """Serve MCP on this process's stdin and stdout until the client goes away.

    Exits with 0 at the end of input, on SIGINT, SIGTERM or SIGHUP and when the client no longer
    reads; with 1 when the server itself fails.
    """
    gc.disable()  # imports make much that lives for ever, and collecting it finds nothing
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="workrail: %(message)s")
    lifetime = Lifetime()
    lifetime.handle_signals()
    source, sink = claim_stdio()
    try:
        _serve(source, sink, lifetime)
    except BaseException:  # noqa: BLE001 - whatever it was, the process must end and say so
        _log.exception("the server stopped unexpectedly")
        leave(1)
    leave(0)


def default_workspace(environ: Mapping[str, str], current: Path) -> Path:
    """The folder calls mean when they name none: the client's project, else the current one."""
    named = environ.get("CLAUDE_PROJECT_DIR", "").strip()
    project = Path(named) if named else current
    return project if project.is_dir() else current


def claim_stdio() -> tuple[int, int]:
    """Take stdin and stdout for the protocol alone; returns their private descriptors.

    What anything else in the process prints goes to stderr from here on, and what it reads ends at
    once.
    """
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    try:
        os.dup2(2, 1)
    except OSError:  # stderr is closed
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
    os.close(nothing)
    for descriptor in (source, sink):
        os.set_blocking(descriptor, True)
    return source, sink


def leave(code: int) -> NoReturn:
    """End the process at once, whatever its threads are doing; the log is written line by line."""
    os._exit(code)


class Lifetime:
    """Decides when the process leaves."""

    def __init__(self) -> None:
        """Nothing runs yet: a signal ends the process at once."""
        self._leaving = False
        self._traffic: Traffic | None = None

    def handle_signals(self) -> None:
        """Leave on the signals a client or a terminal ends us with."""
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)

    def begin(self, traffic: "Traffic") -> None:
        """From now on a signal lets calls in work finish, within the grace."""
        self._traffic = traffic

    def on_quiet(self) -> None:
        """Every request is answered: the moment to leave, if a signal asked for it."""
        if self._leaving:
            leave(0)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._traffic is None or self._traffic.quiet:
            leave(0)
        if not self._leaving:
            self._leaving = True
            # A thread of its own: the event loop may be stuck in a write nobody reads.
            timer = threading.Timer(LEAVING_GRACE, leave, args=(0,))
            timer.daemon = True
            timer.start()


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:  # it was removed under us
        return Path.home()


def _serve(source: int, sink: int, lifetime: Lifetime) -> None:
    # Imported late: they take most of the start-up time, and signals must count before.
    import anyio  # noqa: PLC0415 - see above

    from workrail_mcp_server.server import Tools, build_server  # noqa: PLC0415 - see above
    from workrail_mcp_server.transport import Traffic, Wire, stdio_streams  # noqa: PLC0415 - see above

    tools = Tools(default_workspace(os.environ, _current_folder()))
    server = build_server(tools)
    gc.freeze()
    gc.enable()

    async def run() -> None:
        traffic = Traffic(lifetime.on_quiet)
        lifetime.begin(traffic)
        wire = Wire(sink, on_gone=lambda: leave(0))
        async with stdio_streams(source, wire, traffic) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(run)
