"""Does the daemon's log hold what was written, whoever writes, and no secret?"""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from workrail_daemon.event_log.kinds import KINDS
from workrail_daemon.event_log.lines import HIDDEN, MOST
from workrail_daemon.event_log.reading import Wanted, lines
from workrail_daemon.event_log.writing import FOLDER, EventLog

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from workrail_daemon.event_log.writing import EventLog
home, name, most = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
log = EventLog(home, lambda: datetime.now(UTC), most_bytes=most)
print("ready", flush=True)
sys.stdin.readline()
for number in range(400):
    log.write("tool_called", name, number=number, said="x" * (number % 5 * 900))
sys.exit(log.missed)
"""
LIMITED = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from workrail_daemon.event_log.writing import EventLog
said = []
log = EventLog(Path(sys.argv[1]), lambda: datetime.now(UTC), trouble=said.append)
log.write("daemon_started")
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for number in range(20):
    log.write("daemon_heartbeat", number=number)
print(log.missed, len(said), said[0])
"""


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(name="time")
def time_set_by_hand() -> Time:
    return Time()


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}


def files(home: Path) -> list[str]:
    return sorted(path.name for path in (home / FOLDER).glob("*.jsonl"))


@pytest.mark.rule("LOG-1")
def test_lines_of_several_processes_never_mix_and_keep_their_order(tmp_path: Path) -> None:
    names = [f"sess_{letter}" for letter in "abcd"]
    begun = [_writer(tmp_path, name) for name in names]
    for process in begun:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in begun:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in begun:
        process.communicate()
        assert process.returncode == 0

    raw = [
        line
        for name in files(tmp_path)
        for line in (tmp_path / FOLDER / name).read_bytes().splitlines()
    ]
    assert len(raw) == 1600
    assert all(isinstance(json.loads(line), dict) for line in raw)
    found = list(lines(tmp_path, Wanted()))
    for name in names:
        assert [line["number"] for line in found if line["sessionId"] == name] == [*range(400)]
    sizes = [(tmp_path / FOLDER / name).stat().st_size for name in files(tmp_path)]
    assert len(sizes) > 2
    assert max(sizes) <= 800_000


@pytest.mark.rule("LOG-2")
def test_a_day_has_its_own_file_and_goes_on_in_the_next_one_when_it_is_full(
    tmp_path: Path, time: Time
) -> None:
    log = EventLog(tmp_path, time, most_bytes=1000)
    for number in range(3):
        log.write("daemon_heartbeat", number=number, said="x" * 600)
    log.write("daemon_heartbeat", number=3)
    time.now += timedelta(seconds=1)
    log.write("daemon_heartbeat", number=4)
    assert files(tmp_path) == [
        "2026-01-31.1.jsonl",
        "2026-01-31.2.jsonl",
        "2026-01-31.jsonl",
        "2026-02-01.jsonl",
    ]
    assert [line["number"] for line in lines(tmp_path, Wanted())] == [0, 1, 2, 3, 4]


@pytest.mark.rule("LOG-2")
def test_files_are_kept_for_as_many_days_as_is_settled(tmp_path: Path, time: Time) -> None:
    log = EventLog(tmp_path, time, days=2)
    for _ in range(5):
        log.write("daemon_heartbeat")
        time.now += timedelta(days=1)
    kept = ["2026-02-02.jsonl", "2026-02-03.jsonl", "2026-02-04.jsonl"]
    assert files(tmp_path) == kept
    EventLog(tmp_path, lambda: time.now + timedelta(days=90)).write("session_queued")
    assert files(tmp_path) == [*kept, "2026-05-06.jsonl"]  # who settles nothing takes nothing away


@pytest.mark.rule("LOG-3")
def test_only_the_owner_may_read_the_log(tmp_path: Path, time: Time) -> None:
    EventLog(tmp_path, time).write("daemon_started")
    assert modes(tmp_path / FOLDER) == {"daemon": 0o700, ".lock": 0o600, "2026-01-31.jsonl": 0o600}
    assert (tmp_path / FOLDER).parent.stat().st_mode & 0o777 == 0o700


SECRETS: list[Callable[[], object]] = [
    lambda: "sk-ant-" + "a1" * 20,
    lambda: "a key ghp_" + "A1" * 12,
    lambda: {"deep": ["ct_" + "abcd" * 6]},
    lambda: "-----BEGIN PRIVATE KEY-----\nMIIabcdefMII",
    lambda: 'known "quoted\\secret"',
    lambda: {"api_key": "MIIabcdefMII"},
    lambda: "x" * 490 + "sk-ant-" + "a1" * 20 + "y" * MOST,
]


@pytest.mark.rule("LOG-3")
@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_in_a_line_and_the_line_stays_one(
    tmp_path: Path, time: Time, secret: Callable[[], object]
) -> None:
    log = EventLog(tmp_path, time, secrets=['"quoted\\secret"'])
    log.write("issue_reported", said=secret(), after="kept")
    (line,) = lines(tmp_path, Wanted())
    assert line["after"] == "kept"
    text = json.dumps(line)
    assert HIDDEN in text
    for hidden in ("a1a1a1", "A1A1A1", "abcdabcd", "MIIabcdef", "quoted"):
        assert hidden not in text


def test_a_line_that_would_be_too_long_is_cut_and_says_so(tmp_path: Path, time: Time) -> None:
    log = EventLog(tmp_path, time)
    log.write("issue_reported", "sess_a", said="x" * MOST, short="kept")
    log.write("issue_reported", "sess_a", **{f"fact{n}": "x" * 400 for n in range(100)})
    one, two = lines(tmp_path, Wanted())
    assert one["short"] == "kept"
    assert str(one["said"]).endswith("…")
    assert (two["kind"], two["sessionId"], two["leftOut"]) == ("issue_reported", "sess_a", 100)
    assert max(map(len, (tmp_path / FOLDER / files(tmp_path)[0]).read_bytes().splitlines())) < MOST


@pytest.mark.rule("LOG-4")
def test_a_full_disk_fails_nobody_and_is_said_once_and_counted(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    missed, times, words = told.split(" ", 2)
    assert int(missed) > 10
    assert times == "1"
    assert "cannot be written" in words
    written = (tmp_path / FOLDER / files(tmp_path)[0]).read_bytes()
    assert len(written) <= 1000
    assert written.endswith(b"\n")  # no half line
    assert len(list(lines(tmp_path, Wanted()))) == 21 - int(missed)


@pytest.mark.rule("LOG-4")
def test_a_home_that_went_away_is_not_made_anew(tmp_path: Path, time: Time) -> None:
    said: list[str] = []
    log = EventLog(tmp_path / "home", time, trouble=said.append)
    log.write("daemon_started")
    log.write("daemon_stopped")
    assert not (tmp_path / "home").exists()
    assert (log.missed, len(said)) == (2, 1)


def test_kinds_are_closed_and_said_once() -> None:
    assert len(set(KINDS)) == len(KINDS)


def _writer(home: Path, name: str) -> "subprocess.Popen[str]":
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", WRITER, str(home), name, "800000"]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
