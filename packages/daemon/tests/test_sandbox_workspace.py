"""What an agent may work with is there, and changes as it says; what is kept from it stays as it is."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from workrail_daemon.sandbox.choosing import possible, sandbox_for
from workrail_daemon.sandbox.contract import Command, Ran, SandboxPolicy, SandboxWish
from workrail_daemon.stopping import Stop

WITHIN = pytest.mark.skipif(
    possible().kind != "bubblewrap", reason=f"no bubblewrap: {possible().why_not}"
)
CANARY = "canary-3f9c1d77"


@dataclass(frozen=True)
class Scene:
    home: Path
    store: Path
    workspace: Path
    outside: Path

    def run(self, wish: SandboxWish, script: str, **policy: object) -> Ran:
        hidden = {"hidden": (self.store, self.home / ".ssh"), **policy}
        wanted = SandboxPolicy(self.workspace, **hidden)  # pyright: ignore[reportArgumentType] (names of fields, given by tests)
        command = Command(("bash", "-c", script), self.workspace, 60)
        return sandbox_for(wish, wanted).run(command, Stop(), lambda _: None)


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    home, outside = tmp_path / "home", tmp_path / "elsewhere"
    made = Scene(home, home / ".workrail", home / "work" / "shop", outside)
    for folder in (home / ".ssh", made.store, made.workspace, outside):
        folder.mkdir(parents=True)
    (made.store / "store.db").write_text(CANARY)
    monkeypatch.setenv("HOME", str(home))
    return made


@WITHIN
def test_what_lies_in_the_workspace_can_be_worked_with(scene: Scene) -> None:
    ran = scene.run("required", "echo 'print(6 * 7)' > sum.py; python3 sum.py; ls /usr/bin | wc -l")
    assert ran.exit_code == 0
    assert ran.output.startswith(b"42\n")
    assert (scene.workspace / "sum.py").read_text() == "print(6 * 7)\n"


@WITHIN
def test_a_server_of_a_command_can_be_asked_by_the_same_command(scene: Scene) -> None:
    script = (
        "echo hello > page; python3 -m http.server 8123 --bind 127.0.0.1 2>/dev/null &"
        " for i in $(seq 100); do curl -sf http://127.0.0.1:8123/page && break; sleep 0.1; done"
    )
    assert scene.run("required", script).output == b"hello\n"


@WITHIN
def test_modes_of_files_can_be_set(scene: Scene) -> None:
    script = "umask 022; touch a; chmod 755 a; install -m 600 a b; mkdir -m 700 c; stat -c %a a b c"
    assert scene.run("required", script).output.split() == [b"755", b"600", b"700"]


@WITHIN
def test_a_workspace_that_is_only_read_is_not_written(scene: Scene) -> None:
    ran = scene.run("required", "ls; echo x > new", writable=False)
    assert ran.exit_code != 0
    assert not (scene.workspace / "new").exists()


@WITHIN
def test_home_and_tmp_are_empty_and_writable_and_gone_afterwards(scene: Scene) -> None:
    first = scene.run("required", "ls -A ~ /tmp /var/tmp; echo x > ~/kept; echo x > /tmp/kept")
    assert first.exit_code == 0, first.output
    assert b".ssh" not in first.output
    again = scene.run("required", "ls ~/kept /tmp/kept")
    assert again.exit_code != 0


@WITHIN
def test_a_scratch_folder_is_the_tmp_of_every_command(scene: Scene, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    sandbox = sandbox_for("required", SandboxPolicy(scene.workspace), scratch)
    for script in ("echo 42 > /tmp/note", "grep 42 /tmp/note"):
        ran = sandbox.run(
            Command(("bash", "-c", script), scene.workspace, 30), Stop(), lambda _: None
        )
        assert ran.exit_code == 0, ran.output
    assert (scratch / "note").read_text() == "42\n"


@WITHIN
def test_a_file_that_holds_secrets_shows_a_line_that_says_so(scene: Scene) -> None:
    inner = scene.workspace / "config"
    inner.mkdir()
    for folder in (scene.workspace, inner):
        (folder / ".env").write_text(f"KEY={CANARY}\n")
    (scene.workspace / ".env.example").write_text("KEY=\n")
    script = "cat .env config/.env .env.example; mv config moved; cat moved/.env; echo x > .env"
    ran = scene.run("required", script)
    assert CANARY.encode() not in ran.output
    assert b"does not show it to agents" in ran.output
    assert b"KEY=\n" in ran.output
    assert CANARY.encode() not in scene.run("required", "cat */.env").output
    assert (scene.workspace / ".env").read_text() == f"KEY={CANARY}\n"
    shown = scene.run("required", "cat .env", readable=(scene.workspace / ".env",))
    assert CANARY.encode() in shown.output


@WITHIN
def test_what_is_hidden_inside_the_workspace_is_not_there(scene: Scene) -> None:
    inner = scene.workspace / "deep" / "state"
    inner.mkdir(parents=True)
    (inner / "key").write_text(CANARY)
    (inner.parent / ".env").write_text(CANARY)
    for script in (
        "cat deep/state/key deep/.env; echo x > deep/state/new; mv deep other; mkdir -p deep",
        "cat */state/key */.env",
    ):
        ran = scene.run("required", script, hidden=(inner,))
        assert CANARY.encode() not in ran.output
    assert [each.name for each in inner.iterdir()] == ["key"]


@WITHIN
def test_a_further_folder_can_be_written_where_it_is_said(scene: Scene) -> None:
    inner = scene.store / "report"
    inner.mkdir()
    script = f"echo well > {inner}/said; cat {scene.store}/store.db; echo x > {scene.store}/new"
    ran = scene.run("required", script, also_writable=(inner,))
    assert (inner / "said").read_text() == "well\n"
    assert CANARY.encode() not in ran.output
    assert not (scene.store / "new").exists()


@WITHIN
def test_a_further_folder_can_be_read_and_not_written(scene: Scene) -> None:
    (scene.outside / "data").write_text("seven")
    script = f"cat {scene.outside}/data; echo x > {scene.outside}/data"
    ran = scene.run("required", script, readable=(scene.outside,))
    assert ran.output.startswith(b"seven")
    assert (scene.outside / "data").read_text() == "seven"


@WITHIN
@pytest.mark.rule("BOX-10")
def test_only_the_parts_that_may_be_changed_are_writable(scene: Scene) -> None:
    for name in ("src", "docs", "config"):
        (scene.workspace / name).mkdir()
        (scene.workspace / name / "file").write_text("as it was")
    (scene.workspace / "config" / ".env").write_text(CANARY)
    (scene.workspace / "one.txt").write_text("as it was")
    (scene.workspace / "way").symlink_to(scene.outside)
    script = (
        "for each in src/file src/new one.txt docs/file config/file new way/planted;"
        " do echo changed > $each; done; mv config other; rm -rf docs; cat */.env"
    )
    parts = ("src/**", "one.txt", "way/**", "**/*.md", "../**", "missing/**")
    ran = scene.run("required", script, parts=parts)
    changed = {
        str(file.relative_to(scene.workspace))
        for file in scene.workspace.rglob("*")
        if file.is_file() and file.read_text("utf-8", "replace") == "changed\n"
    }
    assert changed == {"src/file", "src/new", "one.txt"}, ran.output
    assert (scene.workspace / "docs" / "file").read_text() == "as it was"
    assert not (scene.outside / "planted").exists()
    assert CANARY.encode() not in ran.output
