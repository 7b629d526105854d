"""How does a process without a network reach the daemon's proxy?

This file runs inside the sandbox, by itself: it listens on the sandbox's own loopback, carries what
comes there to the proxy's socket, and becomes the command it was given.

    relay.py SOCKET COMMAND [ARGUMENT…]
"""

import os
import socket
import sys
import threading
from contextlib import suppress

PORT = 3128
_ADDRESS = f"http://127.0.0.1:{PORT}"
_NOT_FOR = "localhost,127.0.0.1,::1"
VARIABLES = {
    **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _ADDRESS),
    **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), _ADDRESS),
    **dict.fromkeys(("NO_PROXY", "no_proxy"), _NOT_FOR),
}
"""What programs go by to find it."""
_PIECE = 64 * 1024


def main() -> None:
    """Listen, leave a process behind that carries, and become the command."""
    proxy, command = sys.argv[1], sys.argv[2:]
    listening = socket.create_server(("127.0.0.1", PORT), backlog=128)
    child = os.fork()
    if child == 0:
        if os.fork() == 0:  # not a child of the command, which may count its children
            _carry_all(listening, proxy)
        os._exit(0)
    os.waitpid(child, 0)
    listening.close()
    try:
        os.execvp(command[0], command)  # noqa: S606 (this is what it is for)
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        os._exit(126 if isinstance(error, PermissionError) else 127)


def _carry_all(listening: socket.socket, proxy: str) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):  # else the command's output would not end with it
        os.dup2(nowhere, standard)
    while True:
        near, _ = listening.accept()
        threading.Thread(target=_carry, args=(near, proxy), daemon=True).start()


def _carry(near: socket.socket, proxy: str) -> None:
    with near, socket.socket(socket.AF_UNIX) as far:
        try:
            far.connect(proxy)
        except OSError:
            return
        back = threading.Thread(target=copy, args=(far, near), daemon=True)
        back.start()
        copy(near, far)
        back.join()


def copy(source: socket.socket, target: socket.socket) -> None:
    """Carry bytes one way until they end."""
    with suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main()
