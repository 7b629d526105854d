"""A command reaches the hosts of its policy and no others, whatever names and addresses it tries."""

import contextlib
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from workrail_daemon.sandbox.choosing import possible, sandbox_for
from workrail_daemon.sandbox.contract import Command, Ran, SandboxPolicy
from workrail_daemon.sandbox.hosts import Address, Reach, allows, is_public
from workrail_daemon.sandbox.proxy import open_proxy
from workrail_daemon.stopping import Stop

pytestmark = pytest.mark.skipif(
    possible().kind != "bubblewrap", reason=f"no bubblewrap: {possible().why_not}"
)


@dataclass
class Internet:
    """One server on this machine, under every name."""

    port: int
    asked: list[str] = field(default_factory=list[str])
    looked_up: list[str] = field(default_factory=list[str])

    def reach(self, *, public: Callable[[str], bool] = lambda _: True) -> Reach:
        return Reach(self._resolve, public, frozenset({80, 443}))

    def _resolve(self, host: str, port: int) -> Sequence[Address]:
        self.looked_up.append(f"{host}:{port}")
        if host == "nowhere.example":
            raise socket.gaierror(-2, "Name or service not known")
        return (("127.0.0.1", self.port),)


@pytest.fixture
def internet() -> Generator[Internet]:
    asked: list[str] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.headers['Host']} {self.path}")
            body = b"hello from outside\n"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is its parent's)
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Internet(server.server_port, asked)
        server.shutdown()
        thread.join()


def _run(workspace: Path, reach: Reach, script: str, *hosts: str) -> Ran:
    sandbox = sandbox_for("required", SandboxPolicy(workspace, hosts=hosts), None, reach)
    command = Command(("bash", "-c", script), workspace, 60)
    return sandbox.run(command, Stop(), lambda _: None)


_FETCH = """python3 -c '
import sys, urllib.request, urllib.error
try:
    print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
' """
_TUNNEL = """python3 -c '
import os, socket, sys
s = socket.create_connection(("127.0.0.1", int(os.environ["https_proxy"].rpartition(":")[2])))
s.sendall(f"CONNECT {sys.argv[1]} HTTP/1.1\\r\\n\\r\\n".encode())
print(s.recv(4096).decode())
s.sendall(b"GET /inside HTTP/1.0\\r\\nHost: a.example\\r\\n\\r\\n")
while piece := s.recv(4096):
    print(piece.decode())
' """


@pytest.mark.rule("BOX-6")
def test_an_allowed_host_is_reached_and_another_is_not(tmp_path: Path, internet: Internet) -> None:
    script = "; ".join(
        _FETCH + url for url in ("http://good.example/a?b=c", "http://bad.example/steal")
    )
    ran = _run(tmp_path, internet.reach(), script, "good.example")
    assert b"hello from outside" in ran.output
    assert b"403 worktrain: bad.example is not one of the hosts" in ran.output
    assert internet.asked == ["good.example /a?b=c"]
    assert internet.looked_up == ["good.example:80"]


@pytest.mark.rule("BOX-6")
def test_a_tunnel_leads_to_allowed_hosts_only(tmp_path: Path, internet: Internet) -> None:
    tried = ("sub.good.example:443", "bad.example:443", "sub.good.example:22", "127.0.0.1:443")
    ran = _run(
        tmp_path, internet.reach(), "; ".join(_TUNNEL + each for each in tried), "*.good.example"
    )
    assert ran.output.count(b"200 Connection established") == 1
    assert ran.output.count(b"403 Forbidden") == 3
    assert b"hello from outside" in ran.output
    assert internet.looked_up == ["sub.good.example:443"]


@pytest.mark.rule("BOX-6")
def test_an_allowed_name_that_leads_inside_is_refused(tmp_path: Path, internet: Internet) -> None:
    ran = _run(
        tmp_path, internet.reach(public=is_public), _FETCH + "http://good.example/", "good.example"
    )
    assert b"leads into this machine's own network" in ran.output
    assert internet.asked == []


def test_a_host_that_is_not_found_is_said(tmp_path: Path, internet: Internet) -> None:
    ran = _run(tmp_path, internet.reach(), _FETCH + "http://nowhere.example/", "nowhere.example")
    assert b"502 worktrain: nowhere.example was not found" in ran.output


def test_there_is_no_way_around_the_proxy(tmp_path: Path, internet: Internet) -> None:
    script = (
        f"exec 3<>/dev/tcp/127.0.0.1/{internet.port} && echo reached;"
        " env -u http_proxy -u HTTP_PROXY " + _FETCH + "http://good.example/"
    )
    ran = _run(tmp_path, internet.reach(), script, "good.example")
    assert b"reached" not in ran.output
    assert b"hello" not in ran.output


def test_without_hosts_there_is_neither_proxy_nor_network(
    tmp_path: Path, internet: Internet
) -> None:
    ran = _run(
        tmp_path, internet.reach(), "env | grep -i proxy; " + _FETCH + "http://good.example/"
    )
    assert b"PROXY" not in ran.output
    assert internet.looked_up == []


def test_the_relay_changes_nothing_else_of_a_command(tmp_path: Path, internet: Internet) -> None:
    script = "cat; jobs; wait; sleep 100 & exit 7"
    sandbox = sandbox_for(
        "required", SandboxPolicy(tmp_path, hosts=("a.example",)), None, internet.reach()
    )
    command = Command(("bash", "-c", script), tmp_path, 60, b"given")
    ran = sandbox.run(command, Stop(), lambda _: None)
    assert (ran.exit_code, ran.output) == (7, b"given")
    missing = sandbox.run(Command(("no-such",), tmp_path, 60), Stop(), lambda _: None)
    assert (missing.exit_code, missing.output) == (127, b"no-such: No such file or directory\n")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET file:///etc/passwd HTTP/1.1\r\n\r\n", b"400"),
        (b"CONNECT good.example:x HTTP/1.1\r\n\r\n", b"400"),
        (b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n", b"403"),
        (b"CONNECT 2130706433:443 HTTP/1.1\r\n\r\n", b"403"),
        (b"CONNECT good.example@bad.example:443 HTTP/1.1\r\n\r\n", b"403"),
        (b"CONNECT bad.example:443#good.example HTTP/1.1\r\n\r\n", b"403"),
        (b"\xff\xfe\r\n\r\n", b"400"),
        (b"x" * 70_000, b"400"),
    ],
)
def test_a_request_that_is_none_is_refused(
    internet: Internet, request_: bytes, status: bytes
) -> None:
    with (
        open_proxy(("good.example",), internet.reach()) as path,
        socket.socket(socket.AF_UNIX) as near,
    ):
        near.connect(str(path))
        with contextlib.suppress(OSError):
            near.sendall(request_)
        assert near.recv(4096).startswith(b"HTTP/1.1 " + status)
    assert internet.looked_up == []


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("good.example", True),
        ("GOOD.example.", True),
        ("sub.good.example", False),
        ("a.wide.example", True),
        ("a.b.wide.example", True),
        ("wide.example", False),
        ("evilwide.example", False),
        ("good.example.evil", False),
        ("10.0.0.1", False),
        ("0x7f.1", False),
        ("[::1]", False),
        ("", False),
    ],
)
def test_hosts_are_told_apart_by_their_whole_name(host: str, allowed: bool) -> None:
    assert allows(("good.example", "*.wide.example", "10.0.0.1", "0x7f.1"), host) is allowed


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 (an address to refuse, none to bind to)
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
    ],
)
def test_addresses_of_the_own_network_are_known(address: str, public: bool) -> None:
    assert is_public(address) is public
