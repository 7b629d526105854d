"""Who can approve on the command line, and what is recorded?"""

import json
import os
import pty
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner, Result

from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import StepReady, Waiting
from workrail_engine.projections.driving import Driver
from workrail_engine.reader import open_reader
from workrail_engine.testing.approving import an_approved_release
from workrail_mcp_server.cli import main
from workrail_mcp_server.commands.person import AGENTS
from workrail_mcp_server.processes import ancestors_of_this_process

WORKRAIL = str(Path(sys.executable).with_name("workrail"))
OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.fixture(name="engine")
def engine_of_a_new_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    workflows = tmp_path / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "release.json").write_text(json.dumps(an_approved_release()))
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    for name in AGENTS:
        monkeypatch.delenv(name, raising=False)
    with open_engine() as engine:
        yield engine


@pytest.fixture(name="asked")
def approval_that_waits(engine: Engine, tmp_path: Path) -> Waiting:
    first = engine.start(StartRequest("release", "1.0", tmp_path))
    assert isinstance(first, StepReady)
    outcome = engine.advance(first.token, Submission(notes="Ship at noon.\x1b[2J"))
    assert isinstance(outcome, Waiting)
    return outcome


def at_own_terminal(typed: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `workrail` as a person does: at a terminal of their own, answering what is asked."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-c", OWN_TERMINAL, WORKRAIL, *arguments]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdin=follower, stdout=pipe, stderr=pipe, start_new_session=True, text=True
    )
    answering = threading.Thread(target=_answer, args=(leader, typed.splitlines()), daemon=True)
    answering.start()
    try:
        told, errors = process.communicate(timeout=60)
    finally:
        process.kill()
        os.close(follower)
        answering.join(10)
        os.close(leader)
    return subprocess.CompletedProcess(command, process.returncode, told, errors)


def _answer(leader: int, lines: list[str]) -> None:
    """Type a line each time something is asked, as getpass drops what was typed before."""
    asked = b""
    while True:
        try:
            asked += os.read(leader, 4096)
        except OSError:  # the terminal is closed: nobody asks any more
            return
        if asked.endswith((b": ", b"? ")) and lines:
            asked = b""
            os.write(leader, lines.pop(0).encode() + b"\n")


def without_terminal(typed: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `workrail` as an agent's tool does: with pipes and no terminal."""
    return subprocess.run(
        [WORKRAIL, *arguments],
        input=typed,
        capture_output=True,
        start_new_session=True,
        text=True,
        timeout=60,
        check=False,
    )


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def status() -> str:
    with open_reader() as reader:
        return reader.sessions().sessions[0].status


def digits(asked: Waiting) -> str:
    return asked.digest.removeprefix("sha256:")[:6]


@pytest.mark.rule("CLI-60")
def test_a_person_at_a_terminal_approves_what_they_were_shown(asked: Waiting):
    done = at_own_terminal(f"{digits(asked)}\n", "approve", asked.approval_id, "--note", "Good.")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Ship at noon." in done.stdout
    assert "\x1b[2J" not in done.stdout
    assert asked.digest in done.stdout
    assert status() == "running"


@pytest.mark.rule("CLI-60")
def test_without_a_terminal_nothing_is_decided(asked: Waiting):
    for command in ("approve", "reject"):
        done = without_terminal(f"{digits(asked)}\nyes\n", command, asked.approval_id)
        assert done.returncode == 2
        assert "has no terminal" in done.stderr
    assert status() == "waiting"


@pytest.mark.rule("CLI-60")
@pytest.mark.parametrize("typed", ["\n", "yes\n", "000000\n", "sha256:\n"])
def test_another_digest_approves_nothing(asked: Waiting, typed: str):
    done = at_own_terminal(typed, "approve", asked.approval_id)
    assert done.returncode == 1
    assert "Nothing was recorded" in done.stderr
    assert status() == "waiting"


@pytest.mark.rule("CLI-61")
def test_a_rejection_asks_why(asked: Waiting):
    done = at_own_terminal("Not at noon.\nyes\n", "reject", asked.session_id)
    assert (done.returncode, done.stderr) == (0, "")
    assert status() == "blocked"


def test_what_is_not_confirmed_is_not_rejected(asked: Waiting):
    assert at_own_terminal("no\n", "reject", asked.approval_id, "--note", "x").returncode == 1
    assert status() == "waiting"


@pytest.mark.rule("CLI-62")
def test_what_waits_is_listed(asked: Waiting):
    shown = run("approve")
    assert shown.exit_code == 0
    assert asked.approval_id in shown.stdout
    told = json.loads(run("approve", "--json").stdout)
    assert [one["digest"] for one in told["approvals"]] == [asked.digest]
    assert json.loads(run("approve", asked.approval_id, "--json").stdout)["approver"] == (
        "human_approval"
    )


@pytest.mark.usefixtures("engine")
def test_nothing_that_waits_is_said():
    assert "Nothing waits for approval" in run("approve").stderr


def test_what_no_longer_waits_is_refused_before_anyone_is_asked(asked: Waiting):
    at_own_terminal(f"{digits(asked)}\n", "approve", asked.approval_id)
    again = at_own_terminal(f"{digits(asked)}\n", "approve", asked.approval_id)
    assert again.returncode == 1
    assert "no longer waited for" in again.stderr


@pytest.mark.rule("CLI-63")
def test_whatever_descends_from_the_client_is_taken_for_the_agent(engine: Engine, asked: Waiting):
    [this_process, *_] = _of_children()
    engine.driven_by(asked.session_id, this_process)
    done = at_own_terminal(f"{digits(asked)}\n", "approve", asked.approval_id)
    assert done.returncode == 2
    assert "which drives the session, started it" in done.stderr
    assert status() == "waiting"


def test_another_process_with_the_clients_number_is_not_the_client(engine: Engine, asked: Waiting):
    [this_process, *_] = _of_children()
    engine.driven_by(asked.session_id, replace(this_process, began_at=1))
    assert at_own_terminal(f"{digits(asked)}\n", "approve", asked.approval_id).returncode == 0


@pytest.mark.rule("CLI-63")
def test_a_shell_that_an_agent_marked_is_refused(asked: Waiting, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLAUDECODE", "1")
    done = at_own_terminal(f"{digits(asked)}\n", "approve", asked.approval_id)
    assert done.returncode == 2
    assert "CLAUDECODE is set" in done.stderr
    assert status() == "waiting"


@pytest.mark.rule("CLI-64")
def test_with_a_passphrase_set_nothing_is_approved_without_it(asked: Waiting):
    secret = "correct horse battery"
    assert at_own_terminal(f"{secret}\n{secret}\n", "approver", "set").returncode == 0
    wrong = at_own_terminal(f"{digits(asked)}\nwrong horse battery\n", "approve", asked.approval_id)
    assert wrong.returncode == 1
    assert "not the approver's passphrase" in wrong.stderr
    assert status() == "waiting"
    right = at_own_terminal(f"{digits(asked)}\n{secret}\n", "approve", asked.approval_id)
    assert right.returncode == 0
    with open_reader() as reader:
        events = list(reader.events(SessionId(asked.session_id)))
    answered = next(event.payload for event in events if event.kind == "approval_answered")
    assert answered["channel"] == "terminal, with the passphrase"
    assert secret not in json.dumps(answered)


@pytest.mark.rule("CLI-64")
@pytest.mark.usefixtures("engine")
def test_only_who_knows_the_passphrase_changes_or_removes_it(tmp_path: Path):
    secret = "correct horse battery"
    at_own_terminal(f"{secret}\n{secret}\n", "approver", "set")
    kept = tmp_path / "home" / "approver"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert secret not in kept.read_text()
    for action in ("set", "remove"):
        refused = at_own_terminal("guess guess guess\n", "approver", action)
        assert refused.returncode == 1
    assert "A passphrase is set" in run("approver", "status").stdout
    assert at_own_terminal(f"{secret}\n", "approver", "remove").returncode == 0
    assert "None is set" in run("approver", "status").stdout


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("typed", ["short\nshort\n", "correct horse\nbattery staple\n"])
def test_a_passphrase_that_is_short_or_mistyped_is_not_set(typed: str):
    assert at_own_terminal(typed, "approver", "set").returncode == 1
    assert "None is set" in run("approver", "status").stdout


def _of_children() -> list[Driver]:
    """The processes a command started here descends from: this one first."""
    here = psutil.Process()
    began = round(here.create_time() * 1_000_000)
    return [Driver("mcp", socket.gethostname(), here.pid, began), *ancestors_of_this_process()]
