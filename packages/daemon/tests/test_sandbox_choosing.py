"""Which sandbox a run gets, what is said when it is less than was asked for, and what it shows."""

import struct
import sys
from pathlib import Path

import pytest

from workrail_daemon.errors import SandboxUnavailableError
from workrail_daemon.sandbox.choosing import Possible, chosen, possible, sandbox_for
from workrail_daemon.sandbox.contract import Command, SandboxPolicy
from workrail_daemon.sandbox.interpreters import programs_on
from workrail_daemon.sandbox.sandbox_exec import SandboxExec, profile_for
from workrail_daemon.sandbox.secret_files import may_hold_secrets
from workrail_daemon.sandbox.system_calls import filter_program
from workrail_daemon.stopping import Stop

WITHIN = pytest.mark.skipif(
    possible().kind != "bubblewrap", reason=f"no bubblewrap: {possible().why_not}"
)
NOTHING = Possible("none", "`bwrap` (bubblewrap) is not installed; install it")


@pytest.mark.rule("BOX-7")
def test_a_required_sandbox_that_is_not_there_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailableError, match=r"required.*not installed"):
        chosen(NOTHING, "required", SandboxPolicy(tmp_path))


@pytest.mark.rule("BOX-7")
def test_less_than_was_asked_for_is_said(tmp_path: Path) -> None:
    fallen_back = chosen(NOTHING, "auto", SandboxPolicy(tmp_path))
    assert fallen_back.kind == "none"
    assert fallen_back.shortfall is not None
    assert "not installed" in fallen_back.shortfall
    assert "any network" in fallen_back.shortfall
    switched_off = chosen(possible(), "off", SandboxPolicy(tmp_path))
    assert switched_off.shortfall is not None
    assert switched_off.shortfall.startswith("the sandbox is switched off")


@WITHIN
@pytest.mark.parametrize("wish", ["required", "auto"])
def test_a_sandbox_that_works_is_taken(wish: str, tmp_path: Path) -> None:
    sandbox = sandbox_for("required" if wish == "required" else "auto", SandboxPolicy(tmp_path))
    assert (sandbox.kind, sandbox.shortfall) == ("bubblewrap", None)


def test_what_does_not_work_is_said_with_a_remedy() -> None:
    found = possible()
    if found.kind == "none":
        assert found.why_not is not None
        assert "install" in found.why_not or "allow" in found.why_not
    else:
        assert found.why_not is None


@WITHIN
@pytest.mark.rule("BOX-8")
def test_a_home_is_no_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "me"
    (home / "project").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    for folder in (home, tmp_path):
        with pytest.raises(SandboxUnavailableError, match="choose the folder of one project"):
            sandbox_for("auto", SandboxPolicy(folder))
        with pytest.raises(SandboxUnavailableError, match="with every key in it"):
            sandbox_for("required", SandboxPolicy(home / "project", readable=(folder,)))
    assert sandbox_for("required", SandboxPolicy(home / "project")).kind == "bubblewrap"


def _installation(prefix: Path, name: str) -> Path:
    program = prefix / "bin" / name
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho ran\n")
    program.chmod(0o755)
    for part in ("lib", "share", "secrets"):
        (prefix / part).mkdir()
        (prefix / part / "file").write_text("canary-90")
    return program


@WITHIN
@pytest.mark.rule("BOX-8")
def test_programs_of_an_account_run_and_the_rest_of_its_home_stays_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, workspace = tmp_path / "me", tmp_path / "me" / "project"
    workspace.mkdir(parents=True)
    _installation(home / ".local", "first")
    behind = _installation(home / "tools" / "versions" / "7", "second")
    (home / ".local" / "bin" / "second").symlink_to(behind)
    (home / "bin").mkdir()
    (home / "bin" / "third").symlink_to(home / ".local" / "bin" / "first")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("RUSTUP_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{home}/bin:{home}/.local/bin:{workspace}:/usr/bin:/bin")
    (home / ".rustup" / "toolchains").mkdir(parents=True)
    script = (
        "ls $RUSTUP_HOME && first && second && third; cat $PRE/.local/lib/file;"
        " cat $PRE/.local/share/file $PRE/.local/secrets/file $PRE/tools/versions/7/secrets/file"
    )
    command = Command(("sh", "-c", script), workspace, 30, extra={"PRE": str(home)})
    ran = sandbox_for("required", SandboxPolicy(workspace)).run(command, Stop(), lambda _: None)
    assert ran.output.startswith(b"toolchains\n"), ran.output
    assert ran.output.count(b"ran\n") == 3, ran.output
    assert ran.output.count(b"canary-90") == 1


@WITHIN
def test_a_virtual_environment_in_the_workspace_works(tmp_path: Path) -> None:
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").symlink_to(Path(sys.executable).resolve())
    ran = sandbox_for("required", SandboxPolicy(tmp_path)).run(
        Command((".venv/bin/python", "-c", "import json; print(6 * 7)"), tmp_path, 30),
        Stop(),
        lambda _: None,
    )
    assert ran.output == b"42\n"


@pytest.mark.rule("BOX-8")
def test_a_workspace_cannot_ask_for_other_folders_by_a_link(tmp_path: Path) -> None:
    keys = tmp_path / "keys" / "bin"
    keys.mkdir(parents=True)
    (keys / "python").write_text("a key")
    workspace = tmp_path / "project"
    (workspace / ".venv" / "bin").mkdir(parents=True)
    (workspace / ".venv" / "bin" / "python").symlink_to(keys / "python")
    assert programs_on("/usr/bin", workspace, ()) == ()


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        (".env", True),
        (".env.local", True),
        (".env.production", True),
        (".env.example", False),
        (".env.test", False),
        (".environment", False),
        (".npmrc", False),
        ("id_ed25519", True),
        ("id_ed25519.pub", False),
    ],
)
def test_files_of_secrets_are_known_by_their_names(name: str, secret: bool) -> None:
    assert may_hold_secrets(name) is secret


def test_the_filter_of_system_calls_leads_somewhere_from_every_line() -> None:
    for machine in ("x86_64", "aarch64"):
        program = filter_program(machine)
        assert program is not None
        lines = list(struct.iter_unpack("<HBBI", program))
        for at, (operation, if_so, if_not, _) in enumerate(lines):
            if operation != 0x06:
                assert at + 1 + max(if_so, if_not) < len(lines)
        assert lines[-1] == (0x06, 0, 0, 0x7FFF0000)
    assert filter_program("riscv64") is None


@pytest.mark.rule("BOX-9")
def test_the_profile_of_a_mac_says_what_the_policy_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, workspace = tmp_path / "me", tmp_path / "me" / 'a "project"'
    (workspace / ".git" / "hooks").mkdir(parents=True)
    (workspace / ".git" / "objects").mkdir()
    (workspace / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (workspace / ".env").write_text("KEY=1")
    monkeypatch.setenv("HOME", str(home))
    policy = SandboxPolicy(workspace, hidden=(home / ".workrail",))
    profile = profile_for(policy, (tmp_path / "own",), "/usr/bin")
    assert profile.startswith("(version 1)\n(deny default)\n")
    assert profile.count("(") == profile.count(")")
    assert "network" not in profile
    quoted = str(workspace).replace('"', '\\"')
    written = profile.index("(allow file-write*")
    assert f'(subpath "{quoted}")' in profile[written:]
    assert f'(subpath "{tmp_path / "own"}")' in profile[written:]
    denied = profile[profile.index("(deny file-read* file-write*") :]
    for hidden in (str(home / ".workrail"), f"{quoted}/.env"):
        assert f'(subpath "{hidden}")' in denied
    kept = profile.rindex("(deny file-write*")
    assert kept > written
    assert f'(subpath "{quoted}/.git")' in profile[kept:]
    read_only = profile_for(SandboxPolicy(workspace, writable=False), (), "/usr/bin")
    only_devices = read_only[read_only.index("(allow file-write*") :].partition("))\n")[0]
    assert quoted not in only_devices


def test_a_mac_does_not_pretend_to_keep_a_list_of_hosts(tmp_path: Path) -> None:
    with pytest.raises(SandboxUnavailableError, match="list of hosts cannot be kept"):
        SandboxExec(SandboxPolicy(tmp_path, hosts=("example.com",)))
