"""What does `workrail install` write, print and refuse?"""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workrail_mcp_server.cli import main
from workrail_mcp_server.clients.own_command import is_passing

# Stands for `claude`: keeps what it is told, as `claude mcp` does, or refuses to add.
CLAUDE = """\
#!{python}
import json, os, pathlib, sys
with open({log!r}, "a") as log:
    log.write(json.dumps(sys.argv[1:]) + "\\n")
path = pathlib.Path({settings!r})
held = json.loads(path.read_text()) if path.exists() else {{}}
servers = held.setdefault("mcpServers", {{}})
verb, name = sys.argv[2:4]
if verb == "remove":
    del servers[name]
else:
    entry = json.loads(sys.stdin.read() if sys.argv[4] == "-" else sys.argv[4])
    if name in servers or entry["command"] in {refused!r}:
        sys.exit("MCP server refused")
    servers[name] = entry
path.write_text(json.dumps(held))
"""


@pytest.fixture(name="home")
def home_of_a_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new home, a project in it to stand in, and no program of a client's."""
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in (
        *("CLAUDE_BIN", "CLAUDE_CONFIG_DIR", "XDG_CONFIG_HOME"),
        *("WORKRAIL_HOME", "WORKRAIL_BUNDLED_DIR", "WORKRAIL_DATABASE_URL"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return tmp_path


@pytest.fixture(name="claude_log")
def claude_that_keeps(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return put_claude(home, monkeypatch)


def put_claude(home: Path, monkeypatch: pytest.MonkeyPatch, refused: str = "") -> Path:
    program, log = home / "claude", home / "claude.log"
    settings = str(home / ".claude.json")
    program.write_text(
        CLAUDE.format(
            python=sys.executable, log=str(log), settings=settings, refused=refused.split()
        )
    )
    program.chmod(0o755)
    monkeypatch.setenv("CLAUDE_BIN", str(program))
    return log


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["install", *arguments])


def in_file(path: Path, key: str = "mcpServers") -> dict[str, dict[str, object]]:
    return json.loads(path.read_text())[key]


@pytest.mark.rule("CLI-72")
@pytest.mark.parametrize(
    ("client", "path", "key"),
    [
        ("cursor", ".cursor/mcp.json", "mcpServers"),
        ("vscode", ".config/Code/User/mcp.json", "servers"),
        ("claude-desktop", ".config/Claude/claude_desktop_config.json", "mcpServers"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the paths are those of Linux")
def test_the_users_entry_starts_this_installation_from_any_folder(
    home: Path, client: str, path: str, key: str
) -> None:
    result = run("--client", client)

    assert result.exit_code == 0
    assert str(home / path) in result.stdout
    entry = in_file(home / path, key)["workrail"]
    command = str(entry["command"])
    assert Path(command).is_absolute()
    assert entry["args"] == ["start"]
    done = subprocess.run(
        [command, "--version"], cwd="/", env={}, capture_output=True, check=True, timeout=60
    )
    assert b"workrail" in done.stdout


@pytest.mark.rule("CLI-72")
@pytest.mark.parametrize(
    ("client", "path", "key"),
    [
        ("claude-code", ".mcp.json", "mcpServers"),
        ("cursor", ".cursor/mcp.json", "mcpServers"),
        ("vscode", ".vscode/mcp.json", "servers"),
    ],
)
def test_a_projects_entry_names_no_path_of_one_machine(
    home: Path, monkeypatch: pytest.MonkeyPatch, client: str, path: str, key: str
) -> None:
    monkeypatch.setenv("WORKRAIL_HOME", str(home / "elsewhere"))

    result = run("--client", client, "--scope", "project", "--name", "flows")

    assert result.exit_code == 0
    text = (home / "project" / path).read_text()
    assert json.loads(text)[key]["flows"] == {
        "type": "stdio",
        "command": "workrail",
        "args": ["start"],
    }
    assert str(home) not in text
    assert "There is no `workrail` on your PATH" in result.stderr
    assert stat.S_IMODE((home / "project" / path).stat().st_mode) == 0o644


def test_printing_shows_the_entry_alone_and_changes_nothing(home: Path) -> None:
    result = run("--client", "vscode", "--print")

    assert list(json.loads(result.stdout)) == ["servers"]
    assert "mcp.json" in result.stderr
    assert sorted(path.name for path in home.rglob("*")) == ["project"]


@pytest.mark.rule("CLI-72")
def test_a_home_of_its_own_goes_into_the_users_entry_and_a_database_does_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKRAIL_HOME", "sessions")
    monkeypatch.setenv("WORKRAIL_DATABASE_URL", "postgresql://ada:s3cret@127.0.0.1/work")

    result = run("--client", "cursor")

    text = (home / ".cursor" / "mcp.json").read_text()
    assert in_file(home / ".cursor" / "mcp.json")["workrail"]["env"] == {
        "WORKRAIL_HOME": str(home / "project" / "sessions")
    }
    assert "s3cret" not in text + result.output
    assert "WORKRAIL_DATABASE_URL is not in the entry" in result.stderr


@pytest.mark.rule("CLI-70")
def test_a_second_time_there_is_nothing_to_do(home: Path) -> None:
    path = home / ".cursor" / "mcp.json"
    path.parent.mkdir()
    path.write_text('{"mcpServers": {"db": {"command": "db"}}, "x": [1]}')

    first = run("--client", "cursor")
    made = path.read_bytes()
    second = run("--client", "cursor")

    assert "As it was before: " in first.stdout
    assert second.exit_code == 0
    assert "Nothing to do" in second.stdout
    assert path.read_bytes() == made
    assert list(in_file(path)) == ["db", "workrail"]
    assert len(list(path.parent.iterdir())) == 2


@pytest.mark.rule("CLI-71")
def test_settings_that_cannot_be_read_are_refused_and_left(home: Path) -> None:
    path = home / "project" / ".mcp.json"
    path.write_text('{\n  // ours\n  "mcpServers": {}\n}')

    result = run("--client", "claude-code", "--scope", "project")

    assert result.exit_code == 1
    assert "line 2, column 3: a comment" in result.stderr
    assert path.read_text().startswith("{\n  // ours")
    assert not (home / "project" / ".mcp.json.backup").exists()


def test_claude_code_is_told_by_its_own_program(home: Path, claude_log: Path) -> None:
    first, second = run("--client", "claude-code"), run("--client", "claude-code")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "Nothing to do" in second.stdout
    calls = [json.loads(line) for line in claude_log.read_text().splitlines()]
    assert [call[:3] for call in calls] == [["mcp", "add-json", "workrail"]]
    assert calls[0][-2:] == ["--scope", "user"]
    assert in_file(home / ".claude.json")["workrail"]["args"] == ["start"]


@pytest.mark.rule("CLI-70")
def test_what_a_person_added_to_claude_codes_entry_is_kept_and_shown_to_nobody(
    home: Path, claude_log: Path
) -> None:
    old = {"command": "/old", "args": ["start"], "env": {"KEY": "s3cret"}, "timeout": 5}
    (home / ".claude.json").write_text(json.dumps({"mcpServers": {"workrail": old}}))
    (home / ".claude.json").chmod(0o600)

    result = run("--client", "claude-code")

    assert result.exit_code == 0
    entry = in_file(home / ".claude.json")["workrail"]
    assert (entry["env"], entry["timeout"]) == ({"KEY": "s3cret"}, 5)
    assert entry["command"] != "/old"
    assert "s3cret" not in claude_log.read_text() + result.output
    assert in_file(home / ".claude.json.backup")["workrail"] == old
    assert stat.S_IMODE((home / ".claude.json.backup").stat().st_mode) == 0o600


@pytest.mark.rule("CLI-71")
def test_an_entry_claude_code_refuses_leaves_the_old_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = json.loads(run("--client", "claude-code", "--print").stdout)
    put_claude(home, monkeypatch, refused=script["mcpServers"]["workrail"]["command"])
    old = {"command": "/old", "args": ["start"]}
    (home / ".claude.json").write_text(json.dumps({"mcpServers": {"workrail": old}}))

    result = run("--client", "claude-code")

    assert result.exit_code == 1
    assert "`claude mcp add-json` failed: MCP server refused" in result.stderr
    assert in_file(home / ".claude.json")["workrail"] == old


@pytest.mark.rule("CLI-71")
def test_without_claude_its_settings_are_not_touched(home: Path) -> None:
    result = run("--client", "claude-code")

    assert result.exit_code == 1
    assert "CLAUDE_BIN" in result.stderr
    assert not (home / ".claude.json").exists()


@pytest.mark.rule("CLI-71")
def test_a_server_at_an_address_is_not_replaced(home: Path, claude_log: Path) -> None:
    held = json.dumps({"mcpServers": {"workrail": {"type": "http", "url": "https://x"}}})
    (home / ".claude.json").write_text(held)

    result = run("--client", "claude-code")

    assert result.exit_code == 1
    assert "--name" in result.stderr
    assert (home / ".claude.json").read_text() == held
    assert not claude_log.exists()


def test_claude_desktop_has_no_projects(home: Path) -> None:
    result = run("--client", "claude-desktop", "--scope", "project")

    assert result.exit_code == 2
    assert "--scope user" in result.stderr


@pytest.mark.rule("CLI-72")
def test_an_installation_in_a_cache_is_not_written_down(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = "/home/ada/.cache/uv/archive-v0/Xy12"
    assert is_passing(Path(cache))
    assert is_passing(Path("/home/ada/.cache/pipx/abc"))
    assert not is_passing(Path("/home/ada/.local/share/uv/tools/workrail-mcp-server"))
    monkeypatch.setattr(sys, "prefix", cache)

    result = run("--client", "cursor", "--print")

    assert result.exit_code == 1
    assert "uv tool install workrail-mcp-server" in result.stderr
    assert not (home / ".cursor").exists()
    assert os.environ["HOME"] == str(home)
