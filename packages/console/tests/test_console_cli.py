"""The command `worktrain-console` starts, or says why it cannot."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner

from workrail_console.cli import listen_on, main

PROGRAM = Path(sys.executable).with_name("worktrain-console")


@contextmanager
def console(home: Path, *arguments: str) -> Generator[tuple[subprocess.Popen[str], int]]:
    """A running console on a free port, and that port."""
    environ = {**os.environ, "WORKRAIL_HOME": str(home)}
    with subprocess.Popen(
        [PROGRAM, "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        found = re.search(r":(\d+)/", said)
        assert found is not None, said
        try:
            yield process, int(found[1])
        finally:
            process.kill()


def ask(port: int, path: str = "/", headers: Mapping[str, str] | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.rule("CON-8")
def test_it_serves_before_any_session_was_made_and_makes_no_store(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with console(home) as (process, port):
        status, page = ask(port)
        process.send_signal(signal.SIGINT)
        process.wait(20)

    assert (status, process.returncode) == (200, 0)
    assert "There is no session yet" in page
    assert str(home) in page
    assert not home.exists()


def test_the_option_home_goes_before_the_environment(tmp_path: Path) -> None:
    with console(tmp_path / "one", "--home", str(tmp_path / "two")) as (_, port):
        _, page = ask(port)

    assert str(tmp_path / "two") in page


@contextmanager
def stranger(answer: bytes) -> Generator[int]:
    """A port at which another program says the same to everyone; its number."""
    with socket.create_server(("127.0.0.1", 0)) as taken:

        def say() -> None:
            with suppress(OSError):
                while True:
                    caller, _ = taken.accept()
                    with caller:
                        caller.recv(10_000)
                        caller.sendall(answer)

        Thread(target=say, daemon=True).start()
        yield taken.getsockname()[1]


@pytest.mark.rule("CON-182")
def test_a_port_that_a_console_has_is_said_with_its_address(tmp_path: Path) -> None:
    with console(tmp_path / "home") as (_, port):
        result = CliRunner().invoke(main, ["--port", str(port)])

    assert result.exit_code == 1
    assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use." in result.stderr
    said = f"A console is there already, of {tmp_path / 'home'}: http://127.0.0.1:{port}/."
    assert said in result.stderr
    assert "--port" in result.stderr


@pytest.mark.rule("CON-182")
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"220 mail.example.org\r\n",
        b"HTTP/1.0 200 OK\r\n\r\n<html>",
        b"HTTP/1.0 200 OK\r\n\r\n[]",
        b'HTTP/1.0 200 OK\r\n\r\n{"status": "up"}',
    ],
)
def test_a_port_that_another_program_has_is_not_called_a_console(answer: bytes) -> None:
    with stranger(answer) as port:
        result = CliRunner().invoke(main, ["--port", str(port)])

    assert result.exit_code == 1
    assert "Another program has this port. Choose another port with --port" in result.stderr


@pytest.mark.rule("CON-182")
def test_a_program_that_says_nothing_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = CliRunner().invoke(main, ["--port", str(silent.getsockname()[1])])

    assert result.exit_code == 1
    assert "Another program has this port." in result.stderr


@pytest.mark.rule("CON-183")
def test_with_a_token_only_who_opens_the_printed_address_sees_anything(tmp_path: Path) -> None:
    with subprocess.Popen(
        [PROGRAM, "--port", "0", "--home", str(tmp_path / "home"), "--token"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        found = re.search(
            r"http://127.0.0.1:(\d+)(/\?token=([0-9a-f]{32})) ", process.stdout.readline()
        )
        assert found is not None
        port, path, token = int(found[1]), found[2], found[3]
        refused, said = ask(port)
        sent_on, _ = ask(port, path)
        cookie = {"Cookie": f"worktrain_console_{port}={token}"}
        shown, page = ask(port, "/", cookie)
        process.kill()

    assert (refused, sent_on, shown) == (401, 303, 200)
    assert "There is no session yet" not in said
    assert "There is no session yet" in page


def test_an_address_that_is_no_database_is_refused() -> None:
    result = CliRunner().invoke(main, ["--db", "mysql://ada:secret@db/x"])

    assert result.exit_code == 2
    assert "PostgreSQL" in result.stderr
    assert "secret" not in result.stderr


def test_a_database_that_is_not_there_is_a_page_that_shows_no_password(tmp_path: Path) -> None:
    url = "postgresql://ada:secretword@127.0.0.1:9/none"
    with console(tmp_path / "home", "--db", url) as (_, port):
        status, page = ask(port)

    assert status == 503
    assert "secretword" not in page


def test_its_answers_are_sent_without_waiting_for_more_to_send() -> None:
    with listen_on("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


@pytest.mark.rule("CON-2")
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", ""])  # noqa: S104  # the point is that it is refused
def test_it_listens_to_no_other_machine(host: str) -> None:
    result = CliRunner().invoke(main, ["--host", host])

    assert result.exit_code == 2
    assert "Use one of: 127.0.0.1, localhost, ::1." in result.stderr


def test_help_shows_examples() -> None:
    result = CliRunner().invoke(main, ["--help"])

    assert result.exit_code == 0
    assert "worktrain-console --port 0 --open" in result.stdout


def test_version_is_that_of_the_package() -> None:
    result = CliRunner().invoke(main, ["--version"])

    assert result.stdout == "worktrain-console, version 0.1.0\n"
