"""Do the real Claude Code and the plugin fit each other and `workrail`?

The program is what CLAUDE_BIN names, else the one inside the wheel `claude-agent-sdk`, else `claude` on
the PATH; without any of them the tests that need it are skipped, with that reason.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from workrail_engine.library import open_registry
from workrail_engine.system import Locations

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "plugin"
SKILL = PLUGIN / "skills" / "workrail" / "SKILL.md"
SCRIPTS = Path(sys.executable).parent
NEEDED = ("PATH", "LANG", "SSL_CERT_FILE", "TMPDIR")


def found_claude() -> str | None:
    named = os.environ.get("CLAUDE_BIN")
    if named:
        return named
    wheel = find_spec("claude_agent_sdk")  # not imported: that takes most of a second
    if wheel is not None and wheel.origin is not None:
        bundled = Path(wheel.origin).parent / "_bundled" / "claude"
        if bundled.is_file():
            return str(bundled)
    return shutil.which("claude")


@pytest.fixture(name="environment")
def environment_of_a_new_home(tmp_path: Path) -> dict[str, str]:
    """For a Claude Code that knows nobody, with `workrail` on its PATH."""
    claude = found_claude()
    if claude is None:
        pytest.skip("no Claude Code here: set CLAUDE_BIN, or install claude-agent-sdk")
    kept = {name: os.environ[name] for name in NEEDED if name in os.environ}
    return {
        **kept,
        "PATH": f"{SCRIPTS}{os.pathsep}{kept.get('PATH', '')}",
        "HOME": str(tmp_path),
        "CLAUDE_BIN": claude,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_AUTOUPDATER": "1",
    }


def run(environment: dict[str, str], *command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(part) for part in command],
        cwd=environment["HOME"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.rule("CLI-75")
def test_claude_code_connects_to_the_server_after_install(environment: dict[str, str]) -> None:
    claude, workrail = environment["CLAUDE_BIN"], SCRIPTS / "workrail"

    before = run(environment, workrail, "doctor", "--json")
    installed = run(environment, workrail, "install", "--client", "claude-code")
    listed = run(environment, claude, "mcp", "list")
    after = run(environment, workrail, "doctor", "--json")
    again = run(environment, workrail, "install", "--client", "claude-code")
    moved = {**environment, "WORKRAIL_HOME": str(Path(environment["HOME"], "sessions"))}
    changed = run(moved, workrail, "install", "--client", "claude-code")

    assert status_of(before) == "warning"
    assert installed.returncode == 0, installed.stderr
    assert f"workrail: {workrail} start - ✔ Connected" in listed.stdout
    assert status_of(after) == "ok", after.stdout
    assert "Nothing to do" in again.stdout
    assert changed.returncode == 0, changed.stderr
    held = json.loads(Path(environment["HOME"], ".claude.json").read_text())
    assert held["mcpServers"]["workrail"]["env"] == {"WORKRAIL_HOME": moved["WORKRAIL_HOME"]}


@pytest.mark.rule("CLI-75")
def test_claude_code_reads_what_is_written_for_a_project(environment: dict[str, str]) -> None:
    workrail = SCRIPTS / "workrail"

    run(environment, workrail, "install", "--client", "claude-code", "--scope", "project")
    listed = run(environment, environment["CLAUDE_BIN"], "mcp", "list")

    assert "workrail: workrail start - " in listed.stdout
    assert "Has errors" not in listed.stdout


@pytest.mark.rule("CLI-76")
@pytest.mark.parametrize("target", [ROOT, PLUGIN], ids=["marketplace", "plugin"])
def test_claude_code_finds_nothing_wrong_with_the_plugin(
    environment: dict[str, str], target: Path
) -> None:
    done = run(environment, environment["CLAUDE_BIN"], "plugin", "validate", "--strict", target)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.rule("CLI-76")
def test_the_plugin_installs_and_its_server_connects(environment: dict[str, str]) -> None:
    claude = environment["CLAUDE_BIN"]

    added = run(environment, claude, "plugin", "marketplace", "add", ROOT)
    installed = run(environment, claude, "plugin", "install", "workrail@workrail")
    listed = run(environment, claude, "mcp", "list")
    doctor = run(environment, SCRIPTS / "workrail", "doctor", "--json")

    assert (added.returncode, installed.returncode) == (0, 0), added.stderr + installed.stderr
    assert "plugin:workrail:workrail: workrail start - ✔ Connected" in listed.stdout
    assert status_of(doctor) == "ok"


@pytest.mark.rule("CLI-76")
def test_the_skill_names_exactly_the_bundled_workflows() -> None:
    text = SKILL.read_text("utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    named = set(re.findall(r"`(wr\.[\w.-]+)`", text))
    nowhere = ROOT / "nowhere"
    catalog = open_registry(Locations.under(nowhere)).catalog(None)
    bundled = {entry.id for entry in catalog.entries if entry.source == "bundled"}

    assert len(rows) == len(set(rows))
    assert set(rows) == bundled
    assert named <= bundled


@pytest.mark.rule("CLI-76")
def test_the_manifests_agree_with_the_package() -> None:
    package = tomllib.loads((ROOT / "packages/mcp_server/pyproject.toml").read_text("utf-8"))
    manifest = json.loads((PLUGIN / ".claude-plugin" / "plugin.json").read_text("utf-8"))
    market = json.loads((ROOT / ".claude-plugin" / "marketplace.json").read_text("utf-8"))
    servers = json.loads((PLUGIN / ".mcp.json").read_text("utf-8"))["mcpServers"]

    assert manifest["version"] == package["project"]["version"]
    assert [one["name"] for one in market["plugins"]] == [manifest["name"]]
    assert [(ROOT / one["source"]).resolve() for one in market["plugins"]] == [PLUGIN]
    assert servers["workrail"]["command"] in package["project"]["scripts"]
    assert servers["workrail"]["args"] == ["start"]


def status_of(doctor: "subprocess.CompletedProcess[str]") -> str:
    """What `workrail doctor --json` says of Claude Code."""
    findings = json.loads(doctor.stdout)["findings"]
    return {one["check"]: one["status"] for one in findings}["claude-code"]
