"""Proofs on the command line, and the gate for CI on a real repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from workrail_engine.engine import StartRequest, Submission, open_engine
from workrail_engine.outcomes import Completed, StepReady
from workrail_engine.testing.user_git import begin_repository, commit_all, git
from workrail_mcp_server.cli import main

GATE = Path(__file__).parents[3] / "ci" / "github-action" / "gate.sh"
FLOW: dict[str, Any] = {
    "id": "flow",
    "name": "Flow",
    "description": "A flow.",
    "version": "1.0.0",
    "steps": [
        {
            "id": "build",
            "title": "Build",
            "prompt": "Build.",
            "checks": [
                {
                    "id": "made",
                    "kind": "command",
                    "run": ["test", "-s", "made.txt"],
                }
            ],
        }
    ],
}


def workrail(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["proof", *(str(one) for one in arguments)])


@pytest.fixture(name="project")
def repository_with_a_workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("WORKRAIL_DATABASE_URL", raising=False)
    project = tmp_path / "project"
    workflows = project / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "flow.json").write_text(json.dumps(FLOW))
    return begin_repository(project)


@pytest.fixture(name="session")
def a_whole_run(project: Path) -> str:
    with open_engine() as engine:
        begun = engine.start(StartRequest("flow", "Make it", project))
        assert isinstance(begun, StepReady)
        (project / "made.txt").write_text("made\n")
        assert isinstance(engine.advance(begun.token, Submission(notes="Built.")), Completed)
    commit_all(project)
    return begun.session_id


@pytest.fixture(name="file")
def file_of_its_proofs(session: str, tmp_path: Path) -> Path:
    file = tmp_path / "proofs.jsonl"
    result = workrail("export", session, "--out", file)
    assert result.exit_code == 0, result.output
    return file


def key() -> str:
    return workrail("key").stdout.strip()


@pytest.mark.rule("PROOF-16")
def test_a_sound_file_is_told_and_passes(file: Path, project: Path):
    result = workrail("verify", file, "--key", key(), "--commit", "HEAD", "--repo", project)
    assert result.exit_code == 0, result.output
    assert "proved: The run came to its end" in result.stdout
    assert "not proved: That the key was out of the agent's reach" in result.stdout


@pytest.mark.rule("PROOF-16")
def test_a_changed_file_is_named_and_refused(file: Path):
    file.write_bytes(file.read_bytes().replace(b"Built.", b"Broken"))
    result = workrail("verify", file, "--key", key())
    assert result.exit_code == 1
    assert "changed: event" in result.stdout
    assert "\nproved:" not in result.stdout


@pytest.mark.rule("PROOF-16")
def test_what_is_asked_for_and_not_proved_is_named(file: Path, project: Path):
    asked = ("--commit", "HEAD~1", "--workflow", "other", "--check", "lint", "--repo", project)
    result = workrail("verify", file, "--key", key(), *asked)
    assert result.exit_code == 1
    assert result.stdout.count("missing: ") == 3


@pytest.mark.rule("PROOF-16")
def test_checks_run_again_pass_or_fail(file: Path, project: Path, tmp_path: Path):
    again = workrail("verify", file, "--key", key(), "--rerun", "--repo", project)
    assert again.exit_code == 0, again.output
    assert "run again: made passed" in again.stdout
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "--quiet")
    nowhere = workrail("verify", file, "--key", key(), "--rerun", "--repo", empty)
    assert nowhere.exit_code == 1
    assert "Fetch the commit" in nowhere.stderr


def test_a_key_that_is_none_and_a_file_that_is_none_are_refused(file: Path, project: Path):
    bad_key = workrail("verify", file, "--key", "ssh-ed25519 AAAA")
    assert bad_key.exit_code == 1
    assert "neither a public key" in bad_key.stderr
    bad_file = workrail("verify", project / "made.txt", "--key", key())
    assert bad_file.exit_code == 1
    assert "This is no file of proofs" in bad_file.stderr


def test_proofs_are_listed_and_shown(session: str):
    listed = json.loads(workrail("list", "--module", "made.txt", "--json").stdout)["proofs"]
    assert [one["kind"] for one in listed] == ["completion", "check"]
    assert workrail("list", "--session", session[:12], "--kind", "check").stdout.count("pass") == 1
    assert workrail("list", "--since", "1h", "--outcome", "fail").stdout == ""
    shown = workrail("show", listed[1]["id"][:19])
    assert shown.exit_code == 0
    assert "signature holds" in shown.stdout
    assert '"test",' in shown.stdout
    assert workrail("show", "0123456789ab").exit_code == 1


def test_a_new_key_is_shown_with_the_old_one(session: str):
    old = key()
    new = workrail("rotate").stdout.strip()
    assert workrail("key").stdout.strip() == new != old
    assert workrail("key", "--all").stdout.split() == [new, old]


def test_an_export_takes_the_place_of_no_file(session: str, file: Path):
    before = file.read_bytes()
    result = workrail("export", session, "--out", file)
    assert result.exit_code == 1
    assert "not there yet" in result.stderr
    assert file.read_bytes() == before


def gate(folder: Path, home: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """The script of the action, as a runner starts it, in a checkout."""
    bash = shutil.which("bash")
    assert bash is not None
    bin_folder = str(Path(sys.executable).parent)
    environment = {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "WORKRAIL_HOME": str(home / "nothing-here"),
        **{f"WORKRAIL_GATE_{name}": value for name, value in settings.items()},
    }
    return subprocess.run(
        [bash, str(GATE)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.rule("PROOF-17")
def test_the_gate_passes_only_a_commit_with_a_valid_proof(
    file: Path, project: Path, tmp_path: Path
):
    if shutil.which("workrail", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("no workrail beside this python")
    public = key()
    proved = git(project, "rev-parse", "HEAD")
    bundle = git(project, "hash-object", "-w", "--", str(file))
    git(project, "notes", "--ref=workrail", "add", "-C", bundle, "HEAD")
    (project / "made.txt").write_text("made, and changed afterwards\n")
    git(project, "commit", "--quiet", "--all", "-m", "after")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(project), str(clone))
    home = tmp_path / "runner"
    home.mkdir()

    good = gate(clone, home, KEY=f"{public}\n", COMMIT=proved, WORKFLOW="flow", CHECKS="made")
    assert good.returncode == 0, good.stdout + good.stderr
    assert "is proved" in good.stdout

    none = gate(clone, home, KEY=public, COMMIT="HEAD")
    assert none.returncode == 1
    assert "has no proof" in none.stderr

    stale = gate(clone, home, KEY=public, COMMIT="HEAD", BUNDLE=str(file))
    assert stale.returncode == 1
    assert "the run ended with other files" in stale.stdout

    stranger = gate(clone, home, KEY=f"ed25519:{'ab' * 32}", COMMIT=proved)
    assert stranger.returncode == 1
    assert "signed by another key" in stranger.stdout

    unnamed = gate(clone, home, KEY=public, COMMIT=proved, CHECKS="made lint")
    assert unnamed.returncode == 1
    assert "check lint has not passed" in unnamed.stdout

    keyless = gate(clone, home, COMMIT=proved)
    assert keyless.returncode == 1
    assert "no public key" in keyless.stderr


def test_the_action_hands_every_input_to_the_script():
    action = (GATE.parent / "action.yml").read_text("utf-8")
    script = GATE.read_text("utf-8")
    handed = {
        line.strip().split(":")[0] for line in action.splitlines() if "WORKRAIL_GATE_" in line
    }
    assert handed == {
        "WORKRAIL_GATE_KEY",
        "WORKRAIL_GATE_COMMIT",
        "WORKRAIL_GATE_WORKFLOW",
        "WORKRAIL_GATE_CHECKS",
        "WORKRAIL_GATE_BUNDLE",
        "WORKRAIL_GATE_RERUN",
    }
    assert all(name in script for name in handed)
