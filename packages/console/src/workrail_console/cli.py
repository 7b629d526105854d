"""`worktrain-console`: which options start the console, and what happens when it cannot start?"""

import gc
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import click

LOOPBACK = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}
"""Names the console may be told to listen on, and the address each means."""
_PAUSE = 1.5
"""Seconds a port that is taken has to say who has it."""

_EXAMPLES = """\b
Examples:
  worktrain-console                  show ~/.workrail on http://127.0.0.1:3456
  worktrain-console --port 0 --open  take any free port and open the browser
  worktrain-console --home /tmp/lab  show the sessions of another store
  worktrain-console demo --open      show made-up sessions, to try it out
"""
_DATABASES = ("postgresql://", "postgresql+psycopg://", "postgres://")


def _loopback(_context: click.Context, _option: click.Parameter, host: str) -> str:
    if host in LOOPBACK:
        return host
    message = (
        f"{host!r} may be reached from other machines, and the console has no log-in. "
        f"Use one of: {', '.join(LOOPBACK)}."
    )
    raise click.BadParameter(message)


def _database(_context: click.Context, _option: click.Parameter, url: str | None) -> str | None:
    if url is None or url.startswith(_DATABASES):
        return url
    message = (
        "It is no address of a PostgreSQL database, as postgresql://ada@db.example.org/workrail is. "
        "For a store in a file, name its folder with --home."
    )
    raise click.BadParameter(message)


_port = click.option(
    "--port",
    default=3456,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port to listen on; 0 takes a free one.",
)
_host = click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    callback=_loopback,
    help="Address of this machine to listen on: 127.0.0.1, localhost or ::1.",
)
_open = click.option("--open", "open_browser", is_flag=True, help="Open the page in your browser.")
_token = click.option(
    "--token",
    "with_token",
    is_flag=True,
    help="Show it only to who opens the address printed here; for a machine that others use too.",
)


@click.group(
    invoke_without_command=True,
    epilog=_EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="workrail-console", prog_name="worktrain-console")
@_port
@_host
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the store.  [default: WORKRAIL_HOME, else ~/.workrail]",
)
@click.option(
    "--db",
    "database",
    metavar="URL",
    callback=_database,
    help="Store in a PostgreSQL database.  [default: WORKRAIL_DATABASE_URL, which no list of "
    "processes shows]",
)
@_open
@_token
@click.pass_context
def main(  # noqa: PLR0913  # one for each option
    context: click.Context,
    port: int,
    host: str,
    home: Path | None,
    database: str | None,
    *,
    open_browser: bool,
    with_token: bool,
) -> None:
    """Show every session in a browser, read-only, on this machine only."""
    if context.invoked_subcommand is not None:
        return
    environ = dict(os.environ)
    if home is not None:
        environ["WORKRAIL_HOME"] = str(home)
        environ.pop("WORKRAIL_DATABASE_URL", None)
    if database is not None:
        environ["WORKRAIL_DATABASE_URL"] = database
    with listen_on(LOOPBACK[host], port) as listener:
        _show(listener, host, environ, open_browser=open_browser, with_token=with_token)


@main.command()
@_port
@_host
@_open
@_token
def demo(port: int, host: str, *, open_browser: bool, with_token: bool) -> None:
    """Show made-up sessions, some of which go on while you watch; nothing of it is kept."""
    # Told to end, the program still has a folder to remove and a process to end.
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _leave)
    from workrail_console.demo import made_up_store
    from workrail_engine.errors import WorkRailError

    with listen_on(LOOPBACK[host], port) as listener:
        try:
            with made_up_store(_progress) as home:
                _progress("")
                click.echo(f"Made-up sessions lie in {home}; the folder is removed at the end.")
                environ = {**os.environ, "WORKRAIL_HOME": str(home)}
                environ.pop("WORKRAIL_DATABASE_URL", None)
                _show(listener, host, environ, open_browser=open_browser, with_token=with_token)
        except WorkRailError as error:
            click.echo(str(error), err=True)
            sys.exit(1)
        except KeyboardInterrupt:
            click.echo("Nothing of the demo is left.")


def _leave(_signal: int, _frame: object) -> NoReturn:
    sys.exit(0)


def _progress(line: str) -> None:
    """Show how far the made-up sessions are, in one line that is written over."""
    if sys.stderr.isatty():
        click.echo(f"\r\x1b[K{line[:70]}", nl=False, err=True)


def _show(
    listener: socket.socket,
    host: str,
    environ: Mapping[str, str],
    *,
    open_browser: bool,
    with_token: bool,
) -> None:
    # What is loaded now stays: to look through it for garbage again and again takes a tenth of the
    # start. `serve` turns the search on again.
    gc.disable()
    from workrail_console.serving import serve
    from workrail_engine.system import SystemEntropy

    port = listener.getsockname()[1]
    token = SystemEntropy().bytes(16).hex() if with_token else None
    name = f"[{host}]" if ":" in host else host
    address = f"http://{name}:{port}/" + (f"?token={token}" if token else "")
    click.echo(f"The console is at {address} (read-only). Ctrl-C ends it.")
    if open_browser and click.launch(address) != 0:
        click.echo(f"No browser could be started. Open {address} yourself.", err=True)
    serve(listener, port, environ, token=token)


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
        name = f"[{address}]" if ":" in address else address
        click.echo(
            f"Cannot listen on {address} port {port}: {error.strerror}. {_who_has(name, port)}",
            err=True,
        )
        sys.exit(1)
    return listener


def _who_has(name: str, port: int) -> str:
    """Who answers on a port that is taken, and what to do."""
    import http.client
    import json

    other = "Choose another port with --port; 0 takes a free one."
    connection = http.client.HTTPConnection(name.strip("[]"), port, timeout=_PAUSE)
    try:
        connection.request("GET", "/healthz", headers={"Host": f"{name}:{port}"})
        said = json.loads(connection.getresponse().read(10_000))
    except (OSError, http.client.HTTPException, ValueError):
        return f"Another program has this port. {other}"
    finally:
        connection.close()
    match said:
        case {"program": "worktrain-console", "store": str(store)}:
            return f"A console is there already, of {store}: http://{name}:{port}/. {other}"
        case _:
            return f"Another program has this port. {other}"
