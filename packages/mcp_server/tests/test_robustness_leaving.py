"""How the real process leaves, in both eras: promptly, with 0, and with nothing half recorded."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from workrail_engine.reader import open_reader
from workrail_engine.system import Locations
from workrail_mcp_server.testing import token_in
from workrail_mcp_server.testing_process import (
    BOUND,
    ERAS,
    SERVE,
    WORKRAIL,
    Era,
    Peer,
    opened,
    serving,
)

START = {"workflowId": "two-steps", "goal": "Leave nothing half done"}
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
IN_FLIGHT_SECONDS = 2.0
IDLE_SECONDS = 1.0
"""Far more than the 50 ms it takes: machines that run tests are busy."""

HANGING = f"""
import threading
from workrail_mcp_server import server
served = server.Tools.call
def call(self, name, arguments, use_id=None):
    if name == "hang":
        threading.Event().wait()
    return served(self, name, arguments, use_id)
server.Tools.call = call
{SERVE}
"""

# Every transaction that has written an event stops where it would be committed.
HANGING_AT_COMMIT = f"""
import sys, threading
from sqlalchemy import event
from sqlalchemy.engine import Engine
@event.listens_for(Engine, "before_cursor_execute")
def note(connection, cursor, statement, parameters, context, executemany):
    if statement.startswith("INSERT INTO events"):
        connection.info["writes"] = True
@event.listens_for(Engine, "commit")
def hang(connection):
    if connection.info.get("writes"):
        print("at the commit", file=sys.stderr, flush=True)
        threading.Event().wait()
{SERVE}
"""

# Every call has done its work, says so, and is answered a moment later.
SLOW = f"""
import sys, threading
from workrail_mcp_server import server
served = server.Tools.call
def call(self, name, arguments, use_id=None):
    reply = served(self, name, arguments, use_id)
    print("done", file=sys.stderr, flush=True)
    threading.Event().wait(0.1)
    return reply
server.Tools.call = call
{SERVE}
"""

CHILD = f"""
import subprocess, sys
from workrail_mcp_server import server
def call(self, name, arguments, use_id=None):
    child = subprocess.Popen(["sleep", "600"], start_new_session=True)
    print(child.pid, file=sys.stderr, flush=True)
    child.wait()
server.Tools.call = call
{SERVE}
"""


def by_signal(number: signal.Signals) -> Callable[[Peer], None]:
    return lambda peer: peer.process.send_signal(number)


ENDINGS: dict[str, Callable[[Peer], None]] = {
    "end of input": Peer.end_input,
    "nobody reads": Peer.stop_reading,
    **{number.name: by_signal(number) for number in SIGNALS},
}


@pytest.mark.rule("MCP-14")
@pytest.mark.rule("MCP-30")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_an_idle_server_leaves_at_once_with_0(
    environment: dict[str, str], era: Era, ending: str
) -> None:
    with opened(environment, era) as peer:
        ENDINGS[ending](peer)
        assert peer.code(IDLE_SECONDS) == 0
        assert peer.errors() == ""


@pytest.mark.rule("MCP-30")
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_server_nobody_has_spoken_to_leaves_with_0(
    environment: dict[str, str], ending: str
) -> None:
    # It may be anywhere in its start, as long as it handles signals already.
    code = f"import sys; print('.', file=sys.stderr, flush=True)\n{SERVE}"
    if ending.startswith("SIG"):
        code = (
            "import sys\nfrom workrail_mcp_server import process\n"
            "claim = process.claim_stdio\n"
            "def claim_stdio():\n"
            "    print('.', file=sys.stderr, flush=True)\n"
            "    return claim()\n"
            "process.claim_stdio = claim_stdio\n"
            "process.serve()"
        )
    with serving(environment, "2025-11-25", code) as peer:
        assert peer.process.stderr is not None
        peer.process.stderr.readline()
        ENDINGS[ending](peer)
        assert peer.code() == 0


@pytest.mark.rule("MCP-14")
@pytest.mark.rule("MCP-30")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_call_that_never_ends_holds_the_server_for_two_seconds_at_most(
    environment: dict[str, str], era: Era, ending: str
) -> None:
    with hanging(environment, era) as peer:
        ENDINGS[ending](peer)
        assert peer.code(IN_FLIGHT_SECONDS) == 0


@pytest.mark.rule("MCP-30")
def test_a_call_that_tells_of_its_progress_holds_the_server_no_longer(
    environment: dict[str, str],
) -> None:
    with opened(environment, "2025-11-25", HANGING) as peer:
        peer.ask("tools/call", name="hang", arguments={}, _meta={"progressToken": "hang"})
        assert peer.next()["method"] == "notifications/progress"
        peer.end_input()
        assert peer.code(IN_FLIGHT_SECONDS) == 0


@pytest.mark.rule("MCP-30")
@pytest.mark.parametrize("era", ERAS)
def test_two_signals_in_a_row_as_a_client_sends_them_are_one(
    environment: dict[str, str], era: Era
) -> None:
    with hanging(environment, era) as peer:
        peer.process.send_signal(signal.SIGINT)
        peer.process.send_signal(signal.SIGTERM)
        assert peer.code(IN_FLIGHT_SECONDS) == 0


@pytest.mark.rule("MCP-14")
@pytest.mark.rule("MCP-30")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("ending", ["end of input", "SIGTERM"])
def test_a_server_stuck_in_a_write_nobody_reads_leaves(
    environment: dict[str, str], era: Era, ending: str
) -> None:
    with opened(environment, era) as peer:
        frame = peer.frame("tools/list", 77)
        peer.write(frame * 200)  # 1.3 MB of answers, and a pipe holds much less
        assert peer.answer(77)["result"]["tools"]
        ENDINGS[ending](peer)
        assert peer.code(IN_FLIGHT_SECONDS + IDLE_SECONDS) == 0


@pytest.mark.rule("MCP-31")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("ending", ["end of input", "SIGTERM", "SIGINT"])
def test_a_call_that_ends_soon_is_recorded_and_answered(
    environment: dict[str, str], era: Era, ending: str
) -> None:
    with opened(environment, era, SLOW) as peer:
        number = peer.ask("tools/call", name="start_workflow", arguments=START)
        said_on_stderr(peer, b"done\n")
        ENDINGS[ending](peer)
        assert token_in(peer.text(number)).startswith("ct_")
        assert peer.code(IN_FLIGHT_SECONDS) == 0
    assert goals(environment) == [START["goal"]]


@pytest.mark.rule("MCP-31")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_call_that_is_cut_off_before_its_commit_leaves_nothing(
    environment: dict[str, str], era: Era, ending: str
) -> None:
    with opened(environment, era, HANGING_AT_COMMIT) as peer:
        peer.ask("tools/call", name="start_workflow", arguments=START)
        said_on_stderr(peer, b"at the commit\n")
        ENDINGS[ending](peer)
        assert peer.code(IN_FLIGHT_SECONDS) == 0
    assert goals(environment) == []

    with opened(environment, era) as peer:
        assert "Step 1" in peer.call("start_workflow", **START)
    assert goals(environment) == [START["goal"]]


@pytest.mark.rule("MCP-11")
@pytest.mark.parametrize("era", ERAS)
def test_calls_sent_before_the_end_of_input_are_all_answered(
    environment: dict[str, str], era: Era
) -> None:
    with opened(environment, era) as peer:
        asked = [
            peer.ask("tools/call", name="start_workflow", arguments={**START, "goal": f"goal {n}"})
            for n in range(20)
        ]
        peer.end_input()
        answers = peer.rest()
        assert sorted(answer["id"] for answer in answers) == asked
        assert not any(answer["result"].get("isError") for answer in answers)
        assert peer.code() == 0
    assert sorted(goals(environment)) == sorted(f"goal {n}" for n in range(20))


@pytest.mark.rule("MCP-32")
@pytest.mark.parametrize("era", ERAS)
def test_a_server_leaves_when_its_client_was_killed_and_others_hold_the_pipes(
    environment: dict[str, str], era: Era
) -> None:
    # The client in between starts the server and is killed; this process holds all the pipes.
    client = (
        "import subprocess, sys, threading\n"
        f"process = subprocess.Popen([{WORKRAIL!r}, 'start'])\n"
        "print(process.pid, file=sys.stderr, flush=True)\n"
        "threading.Event().wait()\n"
    )
    with serving(environment, era, client) as peer:
        server = int(said_on_stderr(peer))
        peer.open()
        peer.process.kill()
        assert ended(server)


@pytest.mark.rule("MCP-32")
@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("ending", ["end of input", "SIGTERM"])
def test_what_a_call_has_started_does_not_outlive_the_server(
    environment: dict[str, str], era: Era, ending: str
) -> None:
    with opened(environment, era, CHILD) as peer:
        peer.ask("tools/call", name="list_workflows", arguments={})
        child = int(said_on_stderr(peer))
        ENDINGS[ending](peer)
        assert peer.code() == 0
        assert ended(child)


@pytest.mark.rule("MCP-30")
@pytest.mark.parametrize("closing", ["<&-", ">&-"])
def test_a_server_without_stdin_or_stdout_says_what_is_missing(
    environment: dict[str, str], closing: str
) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -c "$1" {closing}', sys.executable, SERVE],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 1
    assert b"stdin and stdout must both be open" in done.stderr


@pytest.mark.rule("MCP-30")
def test_a_server_without_stderr_serves_all_the_same(environment: dict[str, str]) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "{WORKRAIL}" start 2>&-'],
        env=environment,
        input=Peer(None, "2026-07-28").frame("tools/list", 1),  # pyright: ignore[reportArgumentType] - only its frames are wanted
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 0
    assert b'"start_workflow"' in done.stdout


@contextmanager
def hanging(environment: dict[str, str], era: Era) -> Generator[Peer]:
    """A server that answers, with a call in flight that never ends."""
    with opened(environment, era, HANGING) as peer:
        peer.ask("tools/call", name="hang", arguments={})
        peer.ping()
        yield peer


def said_on_stderr(peer: Peer, line: bytes | None = None) -> bytes:
    assert peer.process.stderr is not None
    said = peer.process.stderr.readline()
    assert line is None or said == line
    return said


def goals(environment: dict[str, str]) -> list[str]:
    with open_reader(Locations.under(Path(environment["WORKRAIL_HOME"]))) as reader:
        sessions = reader.sessions(limit=100).sessions
        assert all(reader.verify(session.session_id).problems == () for session in sessions)
        return [session.goal for session in sessions]


def ended(process: int) -> bool:
    """Whether a process that is nobody's child here has ended, waiting for it a while."""
    try:
        watched = os.pidfd_open(process)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], BOUND)[0])
    finally:
        os.close(watched)
