"""What `worktrain logs` shows of what the daemon wrote down."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from workrail_daemon.cli import main
from workrail_daemon.event_log.writing import EventLog

ONE, TWO = "sess_" + "a" * 26, "sess_" + "b" * 26


@pytest.fixture(name="log")
def log_of_a_new_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EventLog:
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path))
    monkeypatch.delenv("WORKRAIL_DATABASE_URL", raising=False)
    return EventLog(tmp_path, lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def shown(*words: str) -> list[str]:
    result = CliRunner().invoke(main, ["logs", *words, "--json"])
    assert result.exit_code == 0, result.output
    return [line["kind"] for line in json.loads(result.stdout)["events"]]


@pytest.mark.rule("CLI-88")
def test_the_last_lines_are_shown_oldest_first_and_only_what_is_asked_for(log: EventLog) -> None:
    log.write("daemon_started", slots=3)
    log.write("session_started", ONE)
    log.write("session_started", TWO)
    log.write("session_completed", ONE)

    assert shown() == ["daemon_started", "session_started", "session_started", "session_completed"]
    assert shown("--lines", "2") == ["session_started", "session_completed"]
    assert shown("--session", ONE) == ["session_started", "session_completed"]
    assert shown("--session", TWO, "--kind", "session_completed") == []
    assert "slots=3" in CliRunner().invoke(main, ["logs"]).stdout


def test_an_unknown_kind_is_refused(log: EventLog) -> None:
    log.write("daemon_started")

    assert CliRunner().invoke(main, ["logs", "--kind", "daemon_startet"]).exit_code == 2


def test_nothing_written_is_said(log: EventLog) -> None:
    result = CliRunner().invoke(main, ["logs"])

    assert (result.exit_code, result.stdout) == (0, "")
    assert "worktrain daemon" in result.stderr
