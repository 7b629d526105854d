"""A command ends with all it started, within its limits, whatever holds it."""

import fcntl
import threading
from pathlib import Path

import pytest

from workrail_daemon.sandbox.choosing import possible, sandbox_for
from workrail_daemon.sandbox.contract import (
    MOST_OUTPUT,
    Command,
    Ran,
    SandboxPolicy,
    SandboxWish,
)
from workrail_daemon.sandbox.environment import environment_for
from workrail_daemon.stopping import Stop
from workrail_engine.secret_forms import may_be_secret

WITHIN = pytest.mark.skipif(
    possible().kind != "bubblewrap", reason=f"no bubblewrap: {possible().why_not}"
)
EITHER = pytest.mark.parametrize(
    "wish",
    [pytest.param("required", marks=WITHIN, id="within"), pytest.param("off", id="without")],
)
CANARY = "canary-5b20"


def _run(
    wish: SandboxWish,
    workspace: Path,
    script: str,
    seconds: float = 60,
    stdin: bytes = b"",
    **policy: object,
) -> Ran:
    wanted = SandboxPolicy(workspace, **policy)  # pyright: ignore[reportArgumentType] (names of fields, given by tests)
    command = Command(("bash", "-c", script), workspace, seconds, stdin)
    return sandbox_for(wish, wanted).run(command, Stop(), lambda _: None)


@EITHER
def test_a_command_is_told_by_its_code_and_its_output_in_order(
    wish: SandboxWish, tmp_path: Path
) -> None:
    ran = _run(wish, tmp_path, "echo one; echo two >&2; echo three; exit 3")
    assert (ran.exit_code, ran.output) == (3, b"one\ntwo\nthree\n")
    assert (ran.cut, ran.ended) == (False, None)


@EITHER
def test_a_command_reads_what_it_is_given(wish: SandboxWish, tmp_path: Path) -> None:
    much = b"x" * 1_000_000
    assert _run(wish, tmp_path, "wc -c", stdin=much).output.strip() == b"1000000"
    assert _run(wish, tmp_path, "exec <&-; echo no", stdin=much).output == b"no\n"
    assert _run(wish, tmp_path, "cat; echo end").output == b"end\n"


@EITHER
def test_a_program_that_is_not_there_is_an_answer(wish: SandboxWish, tmp_path: Path) -> None:
    sandbox = sandbox_for(wish, SandboxPolicy(tmp_path))
    ran = sandbox.run(Command(("no-such-program",), tmp_path, 10), Stop(), lambda _: None)
    assert ran.exit_code not in {0, None}
    assert b"no-such-program" in ran.output


@EITHER
def test_a_signal_is_told_as_a_shell_tells_it(wish: SandboxWish, tmp_path: Path) -> None:
    assert _run(wish, tmp_path, "kill -9 $$").exit_code == 137


_LEAVES_A_CHILD = """python3 -c '
import fcntl, os
lock = open("lock", "w")
fcntl.flock(lock, fcntl.LOCK_EX)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 3)
        while True:
            import time; time.sleep(60)
    os._exit(0)
'"""


def _is_held(lock: Path) -> bool:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@EITHER
@pytest.mark.parametrize("after", ["", "; flock -n lock true || echo held; sleep 100"])
@pytest.mark.rule("BOX-2")
def test_what_left_its_session_is_ended_too(wish: SandboxWish, tmp_path: Path, after: str) -> None:
    ran = _run(wish, tmp_path, _LEAVES_A_CHILD + after, seconds=1.5 if after else 60)
    assert not _is_held(tmp_path / "lock")
    if after:
        assert (ran.ended, ran.exit_code) == ("time", None)
        assert ran.output == b"held\n"


@EITHER
def test_a_child_that_keeps_the_output_open_keeps_nobody(wish: SandboxWish, tmp_path: Path) -> None:
    ran = _run(wish, tmp_path, "sleep 1000 & echo done")
    assert (ran.exit_code, ran.output) == (0, b"done\n")


@EITHER
def test_a_command_is_stopped_at_once_from_another_thread(
    wish: SandboxWish, tmp_path: Path
) -> None:
    stop, told = Stop(), threading.Event()
    sandbox = sandbox_for(wish, SandboxPolicy(tmp_path))
    stopping = threading.Thread(target=lambda: told.wait() and stop.give("enough"))
    stopping.start()
    command = Command(("bash", "-c", "echo here; sleep 1000"), tmp_path, 600)
    ran = sandbox.run(command, stop, lambda _: told.set())
    stopping.join()
    assert (ran.ended, ran.exit_code, ran.output) == ("stopped", None, b"here\n")


@EITHER
def test_a_stop_that_was_given_before_lets_nothing_run_on(
    wish: SandboxWish, tmp_path: Path
) -> None:
    stop = Stop()
    stop.give("before")
    sandbox = sandbox_for(wish, SandboxPolicy(tmp_path))
    ran = sandbox.run(Command(("sleep", "1000"), tmp_path, 600), stop, lambda _: None)
    assert ran.ended == "stopped"


@EITHER
def test_output_without_end_is_cut_and_its_command_ended(wish: SandboxWish, tmp_path: Path) -> None:
    heard: list[int] = []
    sandbox = sandbox_for(wish, SandboxPolicy(tmp_path))
    command = Command(("yes", "0123456789"), tmp_path, 120)
    ran = sandbox.run(command, Stop(), lambda piece: heard.append(len(piece)))
    assert (ran.ended, ran.cut, len(ran.output)) == ("output", True, MOST_OUTPUT)
    assert sum(heard) == MOST_OUTPUT


_FORKS = """python3 -c '
import os, time
started = 0
try:
    for _ in range(150):
        if os.fork() == 0:
            time.sleep(30)
        started += 1
except BlockingIOError as error:
    print(error.strerror)
print("started", started, flush=True)
time.sleep({pause})
print("lived")
'"""


@WITHIN
@pytest.mark.rule("BOX-3")
def test_processes_without_number_are_ended(tmp_path: Path) -> None:
    ran = _run("required", tmp_path, _FORKS.replace("{pause}", "5"), processes=60)
    # Of an account other than root, the kernel refuses the 61st; of root, all of it is ended.
    ended = b"more than 60 processes" in ran.output and b"lived" not in ran.output
    assert ended or b"temporarily unavailable" in ran.output
    allowed = _run("required", tmp_path, _FORKS.replace("{pause}", "0"), processes=400)
    assert b"started 150\nlived" in allowed.output


_ONE_TAKES = "python3 -c 'a = bytearray(400 * 2**20); print(\"taken\", flush=True)'"
_MANY_TAKE = (
    "for i in 1 2 3 4 5; do sleep 20 | python3 -c 'a = b\"x\" * (90 * 2**20); input()' & done;"
    " wait; echo taken"
)


@WITHIN
@pytest.mark.parametrize("script", [_ONE_TAKES, _MANY_TAKE], ids=["one", "many"])
@pytest.mark.rule("BOX-3")
def test_memory_without_end_is_not_given(tmp_path: Path, script: str) -> None:
    refused = _run("required", tmp_path, script, memory_mb=250)
    assert refused.exit_code != 0
    assert b"MemoryError" in refused.output or b"more than 250 MB" in refused.output
    assert b"taken" not in refused.output
    if script == _ONE_TAKES:
        assert b"taken" in _run("required", tmp_path, script, memory_mb=2000).output


@WITHIN
def test_files_in_memory_are_limited_too(tmp_path: Path) -> None:
    script = "head -c 100M /dev/zero > /tmp/a; head -c 100M /dev/zero > /dev/shm/a; df -m /tmp"
    ran = _run("required", tmp_path, script, memory_mb=200)
    assert ran.output.count(b"No space left") == 2


@WITHIN
def test_time_of_a_processor_is_limited(tmp_path: Path) -> None:
    ran = _run("required", tmp_path, "while :; do :; done", cpu_seconds=1)
    assert ran.exit_code is not None
    assert ran.exit_code > 128


@EITHER
@pytest.mark.rule("BOX-4")
def test_the_environment_of_a_command_holds_no_secret(
    wish: SandboxWish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("ANTHROPIC_API_KEY", "GH_TOKEN", "DATABASE_URL", "PLAIN_NAME", "LD_PRELOAD")
    for name in (*names, "GIT_SSH_COMMAND", "BASH_ENV", "LC_SECRET", "APP_MODE", "APP_TOKEN"):
        monkeypatch.setenv(name, CANARY)
    assert CANARY.encode() not in _run(wish, tmp_path, "env; cat /proc/self/environ").output
    by_pattern = _run(wish, tmp_path, "env", environment=("APP_*",)).output
    assert f"APP_MODE={CANARY}".encode() in by_pattern
    assert by_pattern.count(CANARY.encode()) == 1
    by_name = _run(wish, tmp_path, "env", environment=("APP_TOKEN",)).output
    assert f"APP_TOKEN={CANARY}".encode() in by_name


@EITHER
def test_a_command_has_a_home_of_its_own(wish: SandboxWish, tmp_path: Path) -> None:
    ran = _run(wish, tmp_path, 'cd; pwd; ls -A | grep -v "^tmp$"; echo x > $TMPDIR/x && echo $HOME')
    assert str(Path.home()).encode() not in ran.output.split()
    assert ran.exit_code == 0


def test_variables_are_handed_on_by_list() -> None:
    variables = {
        "PATH": "bin:/usr/bin:.",
        "LC_ALL": "C",
        "HOME": "/home/me",
        "PROXY": "http://a:b@c",
    }
    given = environment_for(("PRO*", "HOME"), variables, {"HOME": "/elsewhere"})
    assert given == {"PATH": "/usr/bin", "LC_ALL": "C", "HOME": "/elsewhere"}


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("MY_TOKEN", True),
        ("SSH_AUTH_SOCK", True),
        ("WORKRAIL_HOME", True),
        ("npm_config__authToken", False),
        ("KEYBOARD", False),
        ("MONKEY", False),
    ],
)
def test_names_of_secrets_are_known(name: str, secret: bool) -> None:
    assert may_be_secret(name) is secret


@WITHIN
def test_nothing_of_a_sandbox_stays_open_in_the_daemon(tmp_path: Path) -> None:
    _run("required", tmp_path, "true")
    before, threads = _descriptors(), threading.active_count()
    for _ in range(3):
        _run("required", tmp_path, "true", hosts=("example.com",))
    assert _descriptors() == before
    assert threading.active_count() <= threads  # those other tests left may end meanwhile


def _descriptors() -> list[str]:
    return sorted(each.name for each in Path("/proc/self/fd").iterdir())
