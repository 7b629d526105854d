"""The real program in real processes: order a run, have it worked on, lose the daemon, go on."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import IO, cast

import pytest
from click.testing import CliRunner
from psutil import pid_exists

from workrail_daemon.cli import main
from workrail_daemon.commands import waiting
from workrail_daemon.service.lock import held
from workrail_engine.canonical import JsonObject

PATIENCE = 120.0
WORKTRAIN = [
    sys.executable,
    "-c",
    "from workrail_daemon.cli import main; main(prog_name='worktrain')",
]
WORKFLOW = {
    "id": "two-steps",
    "name": "Two steps",
    "description": "Two steps.",
    "version": "1.0.0",
    "steps": [
        {"id": "one", "title": "One", "prompt": "Do one."},
        {
            "id": "two",
            "title": "Two",
            "prompt": "Do two.",
            "outputContract": {"contractRef": "wr.contracts.review_verdict"},
        },
    ],
}
NOTES = "Looked at everything there is, and found that it is as it should be."
VERDICT: JsonObject = {
    "kind": "wr.review_verdict",
    "verdict": "clean",
    "confidence": "high",
    "findings": [],
    "summary": "Nothing was found.",
}
HANGS = {"tool": "Bash", "input": {"command": "echo $$ > started; exec sleep 600"}}


@dataclass(frozen=True)
class Site:
    folder: Path

    @property
    def project(self) -> Path:
        return self.folder / "project"

    def script(self, name: str, *turns: JsonObject) -> str:
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps({"turns": list(turns)}))
        return str(path)

    def process(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """A command as a process of its own."""
        return subprocess.run(
            [*WORKTRAIN, *words], capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    def told(self, *words: str, code: int = 0, stdin: str = "") -> JsonObject:
        """What a command prints for programs, run in this process."""
        done = CliRunner().invoke(main, [*words, "--json"], input=stdin)
        assert done.exit_code == code, (done.stdout, done.stderr, done.exception)
        return cast("JsonObject", json.loads(done.stdout))

    def spawn(self, script: str, *more: str) -> str:
        words = ("spawn", "two-steps", "--goal", "Try it", "--workspace", str(self.project))
        order = (*words, "--model", "scripted/demo", "--script", script, "--sandbox", "off", *more)
        return str(self.told(*order)["sessionId"])

    @contextmanager
    def following(self) -> Generator[IO[str]]:
        """What `worktrain logs --follow` prints."""
        command = [*WORKTRAIN, "logs", "--follow", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                yield process.stdout
            finally:
                process.kill()

    @contextmanager
    def daemon(self) -> "Generator[subprocess.Popen[str]]":
        with subprocess.Popen(
            [*WORKTRAIN, "daemon"], stderr=subprocess.PIPE, text=True, env={**os.environ}
        ) as process:
            try:
                _until(lambda: held(self.folder / "home") is not None)
                yield process
            finally:
                process.kill()


def completes(**more: object) -> JsonObject:
    given = {"notes": NOTES, **more}
    return cast("JsonObject", {"calls": [{"tool": "complete_step", "input": given}]})


@pytest.fixture(name="site")
def folder_with_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    workflows = tmp_path / "project" / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "two-steps.json").write_text(json.dumps(WORKFLOW))
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-a-secret-nobody-may-see")
    monkeypatch.delenv("WORKRAIL_DATABASE_URL", raising=False)
    return Site(tmp_path)


@pytest.mark.rule("CLI-84")
def test_spawn_and_await_give_notes_artifacts_and_outcome(site: Site) -> None:
    script = site.script("good", completes(), completes(artifacts=[VERDICT]))
    session_id = site.spawn(script)

    with site.daemon() as daemon:
        awaited = site.told("await", "--timeout", str(PATIENCE), stdin=f"{session_id}\n")
        status = site.told("daemon", "status")
        with site.following() as log:
            stopped = site.told("daemon", "stop")
            assert any('"daemon_stopped"' in line for line in log)
        said = daemon.stderr.read() if daemon.stderr is not None else ""

    (run,) = cast("list[JsonObject]", awaited["runs"])
    assert (awaited["came"], run["outcome"], run["notes"]) == ("completed", "completed", NOTES)
    (artifact,) = cast("list[JsonObject]", run["artifacts"])
    assert (artifact["kind"], artifact["content"]) == ("wr.review_verdict", VERDICT)
    assert cast("JsonObject", run["spent"])["turns"] == 2
    assert (status["running"], status["pid"], status["ok"]) == (True, daemon.pid, True)
    assert stopped == {"running": False, "wasRunning": True}
    assert daemon.returncode == 0
    opening = re.findall(r"^(store|models|sandbox|slots) ", said, re.MULTILINE)
    assert opening == ["store", "models", "sandbox", "slots"]
    assert len(said.splitlines()) <= 6  # and that it stops
    written = site.told("logs", "--session", session_id)
    kinds = [str(event["kind"]) for event in cast("list[JsonObject]", written["events"])]
    assert sorted(kinds[:2]) == ["session_queued", "session_started"]
    assert kinds[-1] == "session_completed"
    assert "a-secret" not in said + json.dumps([awaited, status, written])


@pytest.mark.rule("CLI-84")
@pytest.mark.rule("BOX-11")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows environments")
def test_a_daemon_that_dies_is_noticed_and_the_next_one_goes_on(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "GRACE", 0.1)
    script = site.script("hangs", {"calls": [HANGS]}, completes(), completes(artifacts=[VERDICT]))
    session_id = site.spawn(script)

    with site.daemon() as daemon:
        _until(lambda: (site.project / "started").exists())
        _until(lambda: "in Bash" in str(site.told("status", session_id)["doing"]))
        daemon.kill()
        daemon.wait()
        left = site.told("await", session_id, code=4)

    assert left["came"] == "left_alone"
    assert cast("list[JsonObject]", left["runs"])[0]["attended"] is False
    hung = int((site.project / "started").read_text())
    assert pid_exists(hung), "nothing holds it, and nobody was there to end it"
    with site.daemon():
        awaited = site.told("await", session_id)
        _until(lambda: not pid_exists(hung))
    assert cast("list[JsonObject]", awaited["runs"])[0]["outcome"] == "completed"
    events = cast("list[JsonObject]", site.told("session", "events", session_id)["events"])
    assert sum(event["event"] == "TurnTaken" for event in events) == 3


def test_spawn_can_wait_for_the_end_and_says_what_came_of_it(site: Site) -> None:
    script = site.script("early", {"say": "I am done."})
    words = ("spawn", "two-steps", "--goal", "Try it", "--workspace", str(site.project))

    with site.daemon():
        told = site.told(
            *(*words, "--model", "scripted/demo", "--script", script, "--sandbox", "off", "--wait"),
            code=1,
        )

    assert told["came"] == "otherwise"
    assert cast("JsonObject", told["run"])["outcome"] == "incomplete"


def test_a_daemon_that_cannot_begin_says_why(site: Site) -> None:
    home = site.folder / "home"
    home.mkdir()
    (home / "config.toml").write_text("[daemon]\nmax_concurrent_session = 3\n")

    done = site.process("daemon")

    assert done.returncode == 2
    assert "config.toml, line 2" in done.stderr
    assert "max_concurrent_sessions" in done.stderr
    status = site.told("daemon", "status", code=2)
    assert "line 2" in str(status["settings"])


def _until(holds: Callable[[], bool]) -> None:
    pause, until = Event(), monotonic() + PATIENCE
    while not holds():
        assert monotonic() < until
        pause.wait(0.05)
