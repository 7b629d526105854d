"""The command `worktrain` has few commands yet; `console` becomes another program."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from workrail_daemon.cli import find_program, main


def a_program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f'#!/bin/sh\necho "{says}" "$@" "$$"\nexit 7\n')
    program.chmod(0o755)
    return program


def worktrain(folder: Path, *arguments: str, path: str = "") -> subprocess.Popen[str]:
    """`worktrain` run by an interpreter that stands in `folder`."""
    folder.mkdir(exist_ok=True)
    interpreter = folder / "python"
    interpreter.symlink_to(sys.executable)
    code = "from workrail_daemon.cli import main; main(prog_name='worktrain')"
    return subprocess.Popen(
        [interpreter, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


@pytest.mark.rule("SYS-1")
def test_console_becomes_the_program_beside_it_with_the_same_arguments(tmp_path: Path) -> None:
    a_program(tmp_path / "bin", "worktrain-console", "beside")
    a_program(tmp_path / "path", "worktrain-console", "on path")

    with worktrain(
        tmp_path / "bin", "console", "--port", "1", "--help", path=str(tmp_path / "path")
    ) as process:
        said, _ = process.communicate(timeout=60)

    assert said == f"beside --port 1 --help {process.pid}\n"
    assert process.returncode == 7


def test_console_is_found_on_path_when_it_is_not_beside(tmp_path: Path) -> None:
    program = a_program(tmp_path / "path", "worktrain-console", "on path")

    with worktrain(tmp_path / "bin", "console", path=str(program.parent)) as process:
        said, _ = process.communicate(timeout=60)

    assert said.startswith("on path")


@pytest.mark.rule("SYS-1")
def test_a_console_that_is_not_installed_is_said_with_what_to_install(tmp_path: Path) -> None:
    with worktrain(tmp_path / "bin", "console", path=str(tmp_path)) as process:
        said, complained = process.communicate(timeout=60)

    assert (said, process.returncode) == ("", 1)
    assert complained == (
        "worktrain-console is not installed beside this program or on PATH. "
        "Install the package workrail-console and try again.\n"
    )


def test_a_file_that_cannot_be_run_is_not_taken_for_the_program(tmp_path: Path) -> None:
    a_program(tmp_path, "some-odd-program", "x").chmod(0o644)

    assert find_program("some-odd-program", tmp_path) is None


def test_help_lists_the_commands_there_are() -> None:
    result = CliRunner().invoke(main, ["--help"])

    assert result.exit_code == 0
    assert "console   Show every session in a browser, read-only." in result.stdout


def test_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(main, ["--version"]).stdout == "worktrain, version 0.1.0\n"


@pytest.mark.rule("CLI-86")
def test_help_loads_neither_engine_nor_models() -> None:
    code = (
        "import sys\n"
        "from workrail_daemon.cli import main\n"
        "main(['--help'], standalone_mode=False)\n"
        "heavy = ('workrail_engine', 'sqlalchemy', 'anthropic', 'pydantic', 'rich')\n"
        "print('loaded:', sorted(set(heavy) & set(sys.modules)))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert result.stdout.endswith("loaded: []\n")
