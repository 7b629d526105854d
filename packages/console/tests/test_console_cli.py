"""The command `worktrain-console` starts, or says why it cannot."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

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
        found = re.search(r":(\d+)/ ", said)
        assert found is not None, said
        try:
            yield process, int(found[1])
        finally:
            process.kill()


def ask(port: int, path: str = "/") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", path)
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


def test_a_taken_port_is_said_with_a_way_out() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["--port", str(port)])

    assert result.exit_code == 1
    assert f"Cannot listen on 127.0.0.1 port {port}: Address already in use." in result.stderr
    assert "--port" in result.stderr


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
