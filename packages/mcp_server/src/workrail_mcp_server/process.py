"""How does `workrail start` begin?

Light at the top: stdio is claimed and signals are handled before anything heavy is imported. What calls
need besides is imported on a thread of its own once the client has its list of tools, where memory
allows it, else by the first call.
"""

import fcntl
import gc
import logging
import os
import select
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from workrail_mcp_server.lean import Way, import_server
from workrail_mcp_server.lifetime import Lifetime, leave

_AT_ONCE = 4096
"""Bytes a pipe that takes any takes whole."""
_log = logging.getLogger(__name__)


def serve() -> NoReturn:
    """Serve MCP on this process's stdin and stdout until the client goes away.

    Exits with 0 at the end of input, on SIGINT, SIGTERM or SIGHUP, when the client no longer reads
    and when the process that started this one is gone; with 1 when the server itself fails.
    """
    gc.disable()  # imports make much that lives for ever, and collecting it finds nothing
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    logging.basicConfig(
        handlers=[PatientLog()], level=logging.WARNING, format="workrail: %(message)s"
    )
    lifetime = Lifetime()
    lifetime.handle_signals()
    try:
        source, sink = claim_stdio()
    except OSError:
        _log.error(
            "stdin and stdout must both be open. An MCP client starts this command and speaks to it "
            "over them; see `workrail start --help`."
        )
        leave(1)
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

    Raises:
        OSError: one of them is not open.
    """
    # Not the lowest numbers: where stderr is closed, its own would be taken for it.
    source, sink = (fcntl.fcntl(own, fcntl.F_DUPFD_CLOEXEC, 3) for own in (0, 1))
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


class PatientLog(logging.Handler):
    """Writes to stderr and never waits for it: a client may have opened it and not read it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; what stderr does not take now is left out."""
        try:
            data = f"{self.format(record)}\n".encode("utf-8", "replace")
            room = select.poll()
            room.register(2, select.POLLOUT)
            while data and room.poll(0) == [(2, select.POLLOUT)]:
                data = data[os.write(2, data[:_AT_ONCE]) :]
        except Exception:  # noqa: BLE001 - there is nowhere left to say it
            return


def _current_folder() -> Path:
    try:
        return Path.cwd()
    except OSError:  # it was removed under us
        return Path.home()


def _serve(source: int, sink: int, lifetime: Lifetime) -> None:
    # Imported late: they take most of the start-up time, and signals must count before.
    way = import_server(os.environ)
    import anyio  # noqa: PLC0415 - see above

    from workrail_mcp_server.server import Tools, build_server  # noqa: PLC0415 - see above
    from workrail_mcp_server.transport import (  # noqa: PLC0415 - see above
        Moments,
        Traffic,
        Wire,
        stdio_streams,
    )

    tools = Tools(
        default_workspace(os.environ, _current_folder()),
        conversation=os.environ.get("CLAUDE_CODE_SESSION_ID", ""),
    )
    server = build_server(tools)
    gc.freeze()
    gc.enable()
    warming = threading.Thread(target=tools.prepare, name="warming", daemon=True)

    def warm() -> None:
        # Only lean, an idle server stays within its memory with all of it imported.
        if way is Way.LEAN and warming.ident is None:
            warming.start()

    async def run() -> None:
        traffic = Traffic(Moments(lifetime.on_quiet, warm, lifetime.input_ended))
        lifetime.begin(traffic, source, sink)
        wire = Wire(sink, on_gone=lifetime.end)
        async with stdio_streams(source, wire, traffic) as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    anyio.run(run)
