"""How does the console serve until it is told to stop?"""

import contextlib
import socket
from collections.abc import Mapping

import uvicorn

from workrail_console.app import create_app
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock


def serve(listener: socket.socket, port: int, environ: Mapping[str, str]) -> None:
    """Answer on a listening socket until Ctrl-C or SIGTERM; returns once the last answer is out.

    Args:
        listener: Bound and listening.
        port: The port it listens on.
        environ: Says where the store is (`WORKRAIL_HOME` or `WORKRAIL_DATABASE_URL`).
    """
    locations = Locations.from_environment(environ)
    app = create_app(
        lambda: open_reader(locations), SystemClock(), port=port, store=locations.store_shown
    )
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="off",
        timeout_graceful_shutdown=3,
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
