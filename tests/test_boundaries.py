"""Starting one program loads no other: what is installed beside it cannot make it fall."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(sys.executable).parent
HANDSHAKE = [
    {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "boundaries", "version": "0"},
        },
    },
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
]


def run(program: str, *arguments: str, home: Path, says: str = "") -> tuple[str, set[str]]:
    """What a program wrote to stdout, and every module that was imported on the way."""
    environ = {**os.environ, "WORKRAIL_HOME": str(home), "PYTHONPROFILEIMPORTTIME": "1"}
    done = subprocess.run(
        [SCRIPTS / program, *arguments],
        input=says,
        capture_output=True,
        text=True,
        env=environ,
        cwd=home,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    modules = set(re.findall(r"^import time: .*\| *([\w.]+)$", done.stderr, re.MULTILINE))
    assert modules, "the interpreter did not say what it imported"
    return done.stdout, modules


def ours(modules: set[str]) -> set[str]:
    return {name.split(".")[0] for name in modules if name.startswith("workrail_")}


@pytest.mark.rule("SYS-2")
@pytest.mark.parametrize(
    ("program", "package"),
    [
        ("workrail", "workrail_mcp_server"),
        ("worktrain", "workrail_daemon"),
        ("worktrain-console", "workrail_console"),
    ],
)
def test_a_program_that_says_its_version_loads_only_itself_and_the_engine(
    program: str, package: str, tmp_path: Path
) -> None:
    _, modules = run(program, "--version", home=tmp_path)

    assert package in ours(modules)
    assert ours(modules) <= {package, "workrail_engine"}


@pytest.mark.rule("SYS-2")
def test_the_mcp_server_answers_tools_list_without_any_other_program(tmp_path: Path) -> None:
    says = "".join(f"{json.dumps(message)}\n" for message in HANDSHAKE)

    said, modules = run("workrail", "start", home=tmp_path, says=says)

    answers = {line["id"]: line for line in map(json.loads, said.splitlines())}
    assert answers[2]["result"]["tools"]
    assert ours(modules) <= {"workrail_mcp_server", "workrail_engine"}
    assert not modules & {"fastapi", "jinja2", "markdown_it"}


@pytest.mark.rule("SYS-2")
def test_the_console_application_needs_no_door_that_acts(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, workrail_console.serving; print(*sys.modules, sep='\\n')",
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=120,
        check=True,
    )
    modules = set(done.stdout.split())

    assert "workrail_console.app" in modules
    assert ours(modules) == {"workrail_console", "workrail_engine"}
    assert not modules & {"workrail_engine.engine", "workrail_engine.runner", "mcp"}
