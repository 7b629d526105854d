"""What do `workrail source` and `workrail trust` print, and how do they exit?"""

import json
import os
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner, Result

from workrail_engine.testing.user_git import commit_all, git
from workrail_mcp_server.cli import main

FLOW = """\
id: team.build
name: Build a thing
description: Builds a thing and says so.
version: 1.2.0
steps: [{id: make, title: Make it, prompt: Make the thing.}]
"""
TREE = "workflows/build.yaml"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with one workflow; the home and the library are empty."""
    (tmp_path / "bundled").mkdir()
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKRAIL_BUNDLED_DIR", str(tmp_path / "bundled"))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_DATE", "2026-05-04T09:30:00Z")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    folder = tmp_path / "acme"
    folder.mkdir()
    git(folder, "init", "--quiet")
    commit(folder, TREE, FLOW)
    return folder


def commit(repository: Path, path: str, text: str) -> None:
    file = repository / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    commit_all(repository)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def json_of(result: Result) -> dict[str, object]:
    return cast("dict[str, object]", json.loads(result.stdout))


def commit_of(source: str = "acme") -> str:
    sources = cast("list[dict[str, str]]", json_of(run("source", "list", "--json"))["sources"])
    return next(each["commit"][:12] for each in sources if each["name"] == source)


def test_a_repository_is_added_looked_at_trusted_and_removed(repository: Path) -> None:
    added = run("source", "add", f"file://{repository}")
    assert added.exit_code == 0
    assert added.stdout == (
        f"acme  git, 1 file, untrusted\n    file://{repository} at {commit_of()}\n"
    )
    assert "run: workrail trust acme" in added.stderr
    listed = run("list").stdout
    assert "(1 step, git, team, untrusted)" in listed
    assert "untrusted: to start it, workrail trust acme" in listed
    assert "before `workrail trust acme`" in run("inspect", "team.build").stdout
    trusted = run("trust", "acme")
    assert "git, 1 file, trusted" in trusted.stdout
    assert "Trusted as it is now: sha256:" in trusted.stderr
    assert "untrusted" not in run("list").stdout
    assert "Untrusted" not in run("inspect", "team.build").stdout
    removed = run("source", "remove", "acme")
    assert (removed.exit_code, removed.stdout) == (0, "")
    assert removed.stderr == f"Removed acme (file://{repository}).\n"
    assert run("source", "list").stderr.startswith("No source was added yet")


def test_a_sync_shows_what_changed_and_that_it_has_to_be_trusted_anew(repository: Path) -> None:
    run("source", "add", f"file://{repository}")
    run("trust", "acme")
    before = commit_of()
    assert run("source", "sync").stdout == f"acme  unchanged at {before}\n"
    commit(repository, TREE, FLOW.replace("Make it", "Make it well"))
    synced = run("source", "sync", "acme")
    assert synced.exit_code == 0
    assert synced.stdout.startswith(
        f"acme  {before} → {commit_of()}\n    changed {TREE}\nIts workflows cannot be started yet."
    )
    listed = run("trust", "--list").stdout
    assert run("trust").stdout == listed
    assert "changed since it was trusted" in listed
    assert f"    changed {TREE}\n" in listed
    assert f"    changed {TREE}\n" in run("trust", "acme").stdout
    assert "Nothing was changed." in run("trust", "acme").stderr


def test_a_source_that_cannot_be_reached_is_named_and_the_others_are_synced(
    repository: Path, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    run("source", "add", f"file://{repository}")
    run("source", "add", "../folder")
    commit_before = commit_of()
    repository.rename(tmp_path / "gone")
    synced = run("source", "sync")
    assert synced.exit_code == 1
    assert "acme  not reached: fatal: " in synced.stdout
    assert f"; it stays at {commit_before}\n" in synced.stdout
    assert "folder  a folder, read as it is\n" in synced.stdout
    outcomes = cast("list[dict[str, object]]", json_of(run("source", "sync", "--json"))["sources"])
    assert [outcome["reached"] for outcome in outcomes] == [False, True]


def test_trust_can_be_taken_back(repository: Path) -> None:
    run("source", "add", f"file://{repository}")
    run("trust", "acme")
    assert "git, 1 file, untrusted" in run("trust", "acme", "--revoke").stdout
    assert "Nothing was changed." in run("trust", "acme", "--revoke").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("source", "add", "--", "--upload-pack=x"), 1, "begins with a dash"),
        (("source", "add", "ext::sh"), 1, "asks git to run a program"),
        (("source", "add", "file:///nowhere/at/all"), 2, "Nothing was added"),
        (("source", "remove", "nobody"), 1, "no added source"),
        (("source", "sync", "nobody"), 1, "no added source"),
        (("trust", "nobody"), 1, "no added source"),
        (("trust", "--revoke"), 2, "Name a source"),
        (("trust", "a", "--list"), 2, "Name a source"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line_or_two(
    repository: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    refused = run(*arguments)
    assert (refused.exit_code, refused.stdout) == (code, "")
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_damaged_list_stops_the_commands_for_sources_and_no_others(
    repository: Path, tmp_path: Path
) -> None:
    run("source", "add", f"file://{repository}")
    (tmp_path / "home" / "sources" / "sources.json").write_text("{")
    for arguments in (("source", "list"), ("source", "sync"), ("trust", "--list")):
        refused = run(*arguments)
        assert refused.exit_code == 2
        assert "move it away and add the sources again" in refused.stderr
    put = tmp_path / "project" / "workflows" / "mine.yaml"
    put.parent.mkdir()
    put.write_text(FLOW)
    listed = run("list")
    assert listed.exit_code == 0
    assert "team.build" in listed.stdout
    assert "sources.json" in listed.stderr
