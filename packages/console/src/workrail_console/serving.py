"""How does the console serve until it is told to stop?"""

import contextlib
import gc
import socket
from collections.abc import Mapping
from types import FrameType

import uvicorn

from workrail_console.app import create_app
from workrail_console.checking_apart import CheckerApart
from workrail_console.live import Hub
from workrail_engine.reader import open_reader, open_watch
from workrail_engine.system import Locations, SystemClock


def serve(
    listener: socket.socket, port: int, environ: Mapping[str, str], token: str | None = None
) -> None:
    """Answer on a listening socket until Ctrl-C or SIGTERM; returns once the last answer is out.

    Args:
        listener: Bound and listening.
        port: The port it listens on.
        environ: Says where the store is (`WORKRAIL_HOME` or `WORKRAIL_DATABASE_URL`).
        token: Who does not bring it is shown nothing; None lets everyone on this machine look.
    """
    locations = Locations.from_environment(environ)
    app = create_app(
        lambda: open_reader(locations),
        SystemClock(),
        port=port,
        store=locations.store_shown,
        token=token,
        open_watch=lambda: open_watch(locations),
        checker=CheckerApart(environ),
    )
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        lifespan="on",
        timeout_graceful_shutdown=3,
    )
    # What the program is made of is never garbage, and is left out when it is searched for.
    gc.freeze()
    gc.enable()
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, app.state.context.hub).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends the live streams when it is told to stop; it would wait for them otherwise."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal to stop."""
        self._hub.close()
        super().handle_exit(sig, frame)
