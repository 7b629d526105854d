"""`worktrain-console`: which options start the console, and what happens when it cannot start?"""

import os
import socket
import sys
from pathlib import Path

import click

LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}
"""Names the console may be told to listen on, and the address each means."""

_EXAMPLES = """\b
Examples:
  worktrain-console                  show ~/.workrail on http://127.0.0.1:3456
  worktrain-console --port 0 --open  take any free port and open the browser
  worktrain-console --home /tmp/lab  show the sessions of another store
"""


def _loopback(_context: click.Context, _option: click.Parameter, host: str) -> str:
    if host in LOOPBACK:
        return host
    message = (
        f"{host!r} may be reached from other machines, and the console has no log-in. "
        f"Use one of: {', '.join(LOOPBACK)}."
    )
    raise click.BadParameter(message)


@click.command(epilog=_EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="workrail-console", prog_name="worktrain-console")
@click.option(
    "--port",
    default=3456,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    callback=_loopback,
    help="Address of this machine to listen on: 127.0.0.1, localhost or ::1.",
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the store.  [default: WORKRAIL_HOME, else ~/.workrail]",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in your browser.")
def main(port: int, host: str, home: Path | None, *, open_browser: bool) -> None:
    """Show every session in a browser, read-only, on this machine only."""
    listener = listen_on(LOOPBACK[host], port)
    from workrail_console.serving import serve

    with listener:
        port = listener.getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{port}/"
        environ = dict(os.environ)
        if home is not None:
            environ["WORKRAIL_HOME"] = str(home)
        click.echo(f"The console is at {address} (read-only). Ctrl-C ends it.")
        if open_browser and click.launch(address) != 0:
            click.echo(f"No browser could be started. Open {address} yourself.", err=True)
        serve(listener, port, environ)


def listen_on(address: str, port: int) -> socket.socket:
    """A listening socket; ends the program with a message when there can be none."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # asyncio sends answers without delay only on sockets that say their protocol.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen()
    except OSError as error:
        listener.close()
        click.echo(
            f"Cannot listen on {address} port {port}: {error.strerror}. Perhaps a console is "
            f"already there: look at http://{address}:{port}/, or choose another with --port.",
            err=True,
        )
        sys.exit(1)
    return listener
