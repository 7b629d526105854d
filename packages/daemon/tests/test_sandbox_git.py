"""What others would run of a repository is never written in the sandbox, however it is tried."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from workrail_daemon.errors import SandboxUnavailableError
from workrail_daemon.sandbox.choosing import possible, sandbox_for
from workrail_daemon.sandbox.contract import Command, Ran, SandboxPolicy, SandboxWish
from workrail_daemon.sandbox.repository import repository_of, without_credentials
from workrail_daemon.stopping import Stop

WITHIN = pytest.mark.skipif(
    possible().kind != "bubblewrap", reason=f"no bubblewrap: {possible().why_not}"
)


@dataclass(frozen=True)
class Project:
    workspace: Path
    trap: Path
    """A file that is there once something an agent planted was run by git outside."""

    def run(self, script: str, wish: SandboxWish = "required", **policy: object) -> Ran:
        wanted = SandboxPolicy(self.workspace, **policy)  # pyright: ignore[reportArgumentType] (names of fields, given by tests)
        command = Command(
            ("bash", "-c", script), self.workspace, 60, extra={"TRAP": str(self.trap)}
        )
        return sandbox_for(wish, wanted).run(command, Stop(), lambda _: None)

    def used_outside(self) -> bool:
        """Work with the repository as a person would; whether the trap sprang."""
        (self.workspace / "more.txt").write_text("more")
        _git(self.workspace, "status", check=False)
        _git(self.workspace, "add", "more.txt", check=False)
        _git(self.workspace, "commit", "-m", "more", check=False)
        return self.trap.exists()


def _git(folder: Path, *words: str, check: bool = True) -> str:
    settings = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    ended = subprocess.run(
        ["git", "-C", str(folder), *settings, *words], check=check, capture_output=True, text=True
    )
    return ended.stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    workspace = tmp_path / "shop"
    workspace.mkdir()
    _git(workspace, "init", "-q", "-b", "main")
    (workspace / "till.py").write_text("TOTAL = 1\n")
    _git(workspace, "add", ".")
    _git(workspace, "commit", "-qm", "first")
    return Project(workspace, tmp_path / "sprung")


_RUNS = 'printf "#!/bin/sh\\ntouch $TRAP\\n" > run.sh; chmod +x run.sh; '
PLANTED = {
    "a hook": _RUNS + "cp run.sh .git/hooks/pre-commit",
    "a watcher of files": _RUNS + 'git config core.fsmonitor "$PWD/run.sh"',
    "a line in the configuration": _RUNS
    + 'printf "[core]\\n\\tfsmonitor = $PWD/run.sh\\n" >> .git/config',
    "a folder of hooks": _RUNS + 'cp run.sh pre-commit; git config core.hooksPath "$PWD"',
    "a whole repository in its place": _RUNS
    + 'cp -r .git new; mv .git old; mv new .git; git config core.fsmonitor "$PWD/run.sh"',
    "another place for what is shared": _RUNS
    + 'cp -r .git evil; git --git-dir=evil config core.fsmonitor "$PWD/run.sh"'
    + '; echo "$PWD/evil" > .git/commondir',
    "a configuration of the worktree": _RUNS
    + 'printf "[core]\\n\\tfsmonitor = $PWD/run.sh\\n" > .git/config.worktree',
}


@WITHIN
@pytest.mark.parametrize("protected", [True, False], ids=["protected", "writable"])
@pytest.mark.parametrize("name", PLANTED)
@pytest.mark.rule("BOX-5")
def test_nothing_an_agent_plants_in_git_runs_outside(
    project: Project, name: str, protected: bool
) -> None:
    if name == "a configuration of the worktree":
        _git(project.workspace, "config", "extensions.worktreeConfig", "true")
    project.run(PLANTED[name], protect_git=protected)
    assert not project.used_outside()
    project.run(PLANTED[name], "off")
    assert project.used_outside()


@WITHIN
def test_a_repository_that_may_be_written_takes_commits(project: Project) -> None:
    script = (
        "git config user.name; git -c user.name=A -c user.email=a@b.c commit -qam two;"
        " git log --oneline"
    )
    (project.workspace / "till.py").write_text("TOTAL = 2\n")
    refused = project.run(script)
    assert b"two" not in refused.output
    assert b"first" in refused.output
    project.run(script, protect_git=False)
    assert "two" in _git(project.workspace, "log", "--oneline")


@WITHIN
def test_a_worktree_is_seen_with_its_repository_and_its_neighbours_are_left_alone(
    project: Project, tmp_path: Path
) -> None:
    for name in ("mine", "theirs"):
        _git(project.workspace, "worktree", "add", "-q", str(tmp_path / name))
    mine = Project(tmp_path / "mine", project.trap)
    assert b"first" in mine.run("git log --oneline").output
    common = project.workspace / ".git"
    plant = _RUNS + (
        f'cp -r {common} evil; git --git-dir=evil config core.fsmonitor "$PWD/run.sh";'
        f' for each in {common}/worktrees/*; do echo "$PWD/evil" > $each/commondir; done;'
        f" cp run.sh {common}/hooks/pre-commit; git config core.fsmonitor $PWD/run.sh;"
        f' mv .git gone; echo "gitdir: $PWD/evil" > .git'
    )
    for protected in (True, False):
        mine.run(plant, protect_git=protected)
        for used in (mine, Project(tmp_path / "theirs", project.trap), project):
            assert not used.used_outside(), protected


@WITHIN
def test_a_file_that_names_a_folder_as_a_repository_does_not_show_it(
    project: Project, tmp_path: Path
) -> None:
    keys = tmp_path / "home" / ".ssh"
    (keys / "objects").mkdir(parents=True)
    for name in ("HEAD", "id_rsa"):
        (keys / name).write_text("a key")
    workspace = tmp_path / "trick"
    workspace.mkdir()
    (workspace / ".git").write_text(f"gitdir: {keys}\n")
    ran = Project(workspace, project.trap).run(f"cat {keys}/id_rsa; ls {keys}")
    assert b"a key" not in ran.output
    assert ran.exit_code != 0


@WITHIN
def test_no_repository_appears_where_there_was_none(tmp_path: Path) -> None:
    workspace = tmp_path / "plain"
    workspace.mkdir()
    plain = Project(workspace, tmp_path / "sprung")
    plain.run(_RUNS + 'git init -q; git config core.fsmonitor "$PWD/run.sh"; mv .git x; ls -la')
    assert not os.path.lexists(workspace / ".git")
    assert not plain.used_outside()


def test_a_link_in_place_of_a_repository_is_refused(tmp_path: Path, project: Project) -> None:
    workspace = tmp_path / "linked"
    workspace.mkdir()
    (workspace / ".git").symlink_to(project.workspace / ".git")
    if possible().kind != "bubblewrap":
        pytest.skip(f"no bubblewrap: {possible().why_not}")
    with pytest.raises(SandboxUnavailableError, match="is a link"):
        sandbox_for("auto", SandboxPolicy(workspace))


@WITHIN
def test_credentials_in_a_repositorys_configuration_are_not_shown(project: Project) -> None:
    _git(project.workspace, "remote", "add", "origin", "https://me:canary-77@example.com/shop.git")
    _git(project.workspace, "config", "http.https://example.com/.extraheader", "basic canary-77")
    for protected in (True, False):
        ran = project.run("cat .git/config; git remote -v", protect_git=protected)
        assert b"canary-77" not in ran.output
        assert b"https://example.com/shop.git" in ran.output


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("[core]\n\tbare = false\n", None),
        ("url = ssh://git@example.com/x\n", "url = ssh://example.com/x\n"),
        ("\ttoken = abc\n", "\t# left out by worktrain: it may be a credential\n"),
    ],
)
def test_a_configuration_loses_only_what_opens_doors(given: str, expected: str | None) -> None:
    assert without_credentials(given) == expected


def test_a_repository_of_the_home_is_nobodys_project(tmp_path: Path) -> None:
    home, inner = tmp_path, tmp_path / "notes"
    inner.mkdir()
    _git(home, "init", "-q")
    assert repository_of(inner, (home,)) is None
    found = repository_of(inner, _nobody())
    assert found is not None
    assert found.entry == home / ".git"


def _nobody() -> Sequence[Path]:
    return ()


@WITHIN
@pytest.mark.parametrize("name", ["core.hooksPath", "include.path"])
def test_what_the_configuration_leads_to_in_the_worktree_is_not_written(
    project: Project, name: str
) -> None:
    led_to = project.workspace / "tools"
    led_to.mkdir()
    (led_to / "settings").write_text("")
    value = str(led_to) if name == "core.hooksPath" else "../tools/settings"
    _git(project.workspace, "config", name, value)
    change = (
        "cp run.sh tools/pre-commit;"
        ' printf "[core]\\n\\tfsmonitor = $PWD/run.sh\\n" > tools/settings;'
    )
    plant = f"{_RUNS}{change} mv tools away; mkdir -p tools; {change}"
    project.run(plant)
    assert not project.used_outside()
    project.run(plant, "off")
    assert project.used_outside()


@WITHIN
def test_links_an_agent_leaves_in_git_show_nothing_the_next_time(
    project: Project, tmp_path: Path
) -> None:
    key = tmp_path / "home" / ".ssh" / "id_rsa"
    key.parent.mkdir()
    key.write_text("a key")
    script = (
        "cd .git; mkdir -p worktrees/x; ln -s {key} commondir; ln -s {key} config.worktree;"
        " ln -s {key} worktrees/x/config.worktree; ln -s {folder} modules; ln -s {key} ../.env;"
        " cat commondir config.worktree worktrees/x/config.worktree modules/id_rsa ../.env"
    )
    script = script.replace("{key}", str(key)).replace("{folder}", str(key.parent))
    for protected in (False, False, True):
        assert b"a key" not in project.run(script, protect_git=protected).output
