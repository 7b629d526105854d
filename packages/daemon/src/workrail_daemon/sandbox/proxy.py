"""Which hosts can a process reach that has no network of its own?

Those of its policy, by name and nothing else: through an HTTP proxy in the daemon that a socket in
the sandbox leads to.
"""

import socket
import tempfile
import threading
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from workrail_daemon.sandbox.hosts import Address, Reach, allows
from workrail_daemon.sandbox.relay import copy

_MOST_HEAD: Final = 64 * 1024
_MOST_AT_ONCE: Final = 128
_PATIENCE: Final = 30.0
_IDLE: Final = 600.0
_BAD: Final = "400 Bad Request"
_FORBIDDEN: Final = "403 Forbidden"
_NO_ANSWER: Final = "502 Bad Gateway"
_NOT_PASSED: Final = frozenset(
    {b"host", b"connection", b"proxy-connection", b"proxy-authorization", b"keep-alive"}
)


@contextmanager
def open_proxy(hosts: Sequence[str], reach: Reach) -> Generator[Path]:
    """A proxy as long as the block runs; the path of its socket."""
    with tempfile.TemporaryDirectory(prefix="worktrain-proxy-") as folder, ExitStack() as kept:
        path = Path(folder) / "socket"
        listening = kept.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(str(path))
        listening.listen(_MOST_AT_ONCE)
        serving = _Serving(hosts, reach)
        thread = threading.Thread(target=serving.serve, args=(listening,), daemon=True)
        thread.start()
        try:
            yield path
        finally:
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            serving.end()
            thread.join()


class _RefusedError(Exception):
    """Why something is not carried, with the status that says so."""

    def __init__(self, status: str, said: str) -> None:
        super().__init__(said)
        self.status = status


class _Serving:
    def __init__(self, hosts: Sequence[str], reach: Reach) -> None:
        self._hosts = hosts
        self._reach = reach
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def serve(self, listening: socket.socket) -> None:
        """Until it is shut down; each connection in a thread of its own."""
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            if len(self._open) >= 2 * _MOST_AT_ONCE:
                near.close()
                continue
            threading.Thread(target=self._attend, args=(near,), daemon=True).start()

    def end(self) -> None:
        """Break off what is under way."""
        with self._lock:
            connections = list(self._open)
        for each in connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def _held(self, connection: socket.socket) -> Generator[None]:
        with self._lock:
            self._open.add(connection)
        try:
            with connection:
                yield
        finally:
            with self._lock:
                self._open.discard(connection)

    def _attend(self, near: socket.socket) -> None:
        with self._held(near), suppress(OSError):
            near.settimeout(_PATIENCE)
            try:
                far, ahead = self._answer(near)
            except _RefusedError as refused:
                body = f"worktrain: {refused}\n"
                near.sendall(
                    f"HTTP/1.1 {refused.status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
                    f"Content-Length: {len(body.encode())}\r\nConnection: close\r\n\r\n{body}".encode()
                )
                return
            with self._held(far):
                far.sendall(ahead)
                self._carry(near, far)

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        near.settimeout(_IDLE)
        far.settimeout(_IDLE)
        back = threading.Thread(target=copy, args=(far, near), daemon=True)
        back.start()
        copy(near, far)
        back.join()

    def _answer(self, near: socket.socket) -> tuple[socket.socket, bytes]:
        """The connection a request asks for, and what is sent on it first."""
        head, rest = _head(near)
        line, *fields = head.split(b"\r\n")
        method, target, _ = (*line.decode("latin-1").split(" "), "", "")[:3]
        if method == "CONNECT":
            host, port = _host_and_port(f"//{target}", 443)
            far = self._connect(host, port)
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            return far, rest
        if not target.startswith("http://"):
            raise _RefusedError(_BAD, "only CONNECT and http:// addresses are carried")
        host, port = _host_and_port(target, 80)
        far = self._connect(host, port)
        split = urlsplit(target)
        path = (split.path or "/") + (f"?{split.query}" if split.query else "")
        kept = [each for each in fields if each.partition(b":")[0].lower() not in _NOT_PASSED]
        shown = host if port == 80 else f"{host}:{port}"
        first = f"{method} {path} HTTP/1.1\r\nHost: {shown}\r\nConnection: close".encode("latin-1")
        return far, b"\r\n".join([first, *kept]) + b"\r\n\r\n" + rest

    def _connect(self, host: str, port: int) -> socket.socket:
        if not allows(self._hosts, host):
            message = f"{host} is not one of the hosts this run may reach: {', '.join(self._hosts)}"
            raise _RefusedError(_FORBIDDEN, message)
        if port not in self._reach.ports:
            raise _RefusedError(_FORBIDDEN, f"port {port} of {host} may not be reached")
        try:
            addresses = self._reach.resolve(host, port)
        except OSError as error:
            raise _RefusedError(_NO_ANSWER, f"{host} was not found: {error}") from error
        inside = [address for address, _ in addresses if not self._reach.permitted(address)]
        if inside or not addresses:
            message = f"{host} leads into this machine's own network ({', '.join(inside)})"
            raise _RefusedError(_FORBIDDEN, message)
        return _first_that_answers(host, addresses)


def _first_that_answers(host: str, addresses: Sequence[Address]) -> socket.socket:
    said = ""
    for address in addresses:
        try:
            return socket.create_connection(address, timeout=_PATIENCE)
        except OSError as error:
            said = str(error)
    raise _RefusedError(_NO_ANSWER, f"{host} does not answer: {said}")


def _host_and_port(address: str, port: int) -> tuple[str, int]:
    try:
        split = urlsplit(address)
        named = split.port
    except ValueError as error:
        raise _RefusedError(_BAD, f"{address} is no address") from error
    return split.hostname or "", named or port


def _head(near: socket.socket) -> tuple[bytes, bytes]:
    """A request up to its empty line, and what came after that."""
    text = b""
    while b"\r\n\r\n" not in text:
        piece = near.recv(_MOST_HEAD)
        if not piece or len(text) + len(piece) > _MOST_HEAD:
            raise _RefusedError(_BAD, "the request has no end")
        text += piece
    head, _, rest = text.partition(b"\r\n\r\n")
    return head, rest
