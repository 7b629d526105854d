"""`worktrain-console demo` shows made-up sessions and leaves nothing behind."""

import http.client
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import psutil
import pytest
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_console.demo import made_up_store
from workrail_engine.demonstration.landmarks import landmarks
from workrail_engine.errors import StoreUnavailableError
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock

PROGRAM = Path(sys.executable).with_name("worktrain-console")


@contextmanager
def demo(folder: Path) -> Generator[tuple[subprocess.Popen[str], int, Path]]:
    """A running demo, its port and its home."""
    environ = {**os.environ, "TMPDIR": str(folder), "WORKRAIL_HOME": str(folder / "users")}
    with subprocess.Popen(
        [PROGRAM, "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        text=True,
    ) as process:
        assert process.stdout is not None
        home = re.search(r"lie in (\S+);", process.stdout.readline())
        port = re.search(r":(\d+)/", process.stdout.readline())
        try:
            assert home is not None, process.communicate(timeout=10)
            assert port is not None
            yield process, int(port[1]), Path(home[1])
        finally:
            process.kill()


def ask(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


@pytest.mark.rule("CON-181")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_shows_made_up_sessions_and_leaves_nothing_when_it_is_ended(
    tmp_path: Path, how: signal.Signals
) -> None:
    with demo(tmp_path) as (process, port, home):
        status, page = ask(port, "/")
        started = psutil.Process(process.pid).children()
        process.send_signal(how)
        process.wait(30)

    assert status == 200
    assert "Release 4.2 of the shop" in page
    assert home.is_relative_to(tmp_path)
    assert started
    assert not [one for one in started if one.is_running()]
    assert list(tmp_path.iterdir()) == []
    assert process.returncode == 0


@pytest.mark.rule("CON-191")
def test_no_session_of_the_store_is_missing_from_the_list_damaged_or_not(
    tmp_path: Path,
) -> None:
    with made_up_store(lambda _line: None, every=0) as home:
        shutil.copytree(home, tmp_path / "home")
    where = Locations.under(tmp_path / "home")
    app = create_app(lambda: open_reader(where), SystemClock(), store="demo")
    client = TestClient(app, base_url="http://127.0.0.1:3456")

    listed = client.get("/sessions.json?all=1").json()
    with open_reader(where) as reader:
        stored = {one.session_id for one in reader.sessions(limit=500).sessions}
        marks = landmarks(reader)

    assert {line["summary"]["session_id"] for line in listed["sessions"]} == stored
    assert listed["total"] == len(stored)
    for damaged in (marks.damaged, marks.unreadable):
        page = client.get(f"/sessions/{damaged}")
        assert page.status_code in (200, 500)
        assert "damaged" in page.text


@pytest.mark.rule("CON-181")
def test_what_goes_on_is_driven_by_a_process_that_is_there() -> None:
    said: list[str] = []
    with (
        made_up_store(said.append, every=0.01) as home,
        open_reader(Locations.under(home)) as reader,
    ):
        drivers: set[int] = set()
        for _ in range(400):
            running = reader.overview.attention(SystemClock().now()).running
            drivers = {one.driver.process for line in running for one in line.drivers}
            if drivers:
                break
            Event().wait(0.05)

    assert said[0].startswith("told 1 of ")
    assert psutil.Process().pid in drivers
    assert not home.parent.exists()


def test_a_store_that_cannot_be_made_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("workrail_console.demo._MAKER", "workrail_engine.no_such_module")

    with (
        pytest.raises(StoreUnavailableError, match="no_such_module"),
        made_up_store(lambda _line: None),
    ):
        pass

    assert list(tmp_path.iterdir()) == []
