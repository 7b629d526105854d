"""Does the server keep the files of a workspace, and leave in time all the same?"""

import os
import select
from pathlib import Path

import pytest

from workrail_engine.snapshots.refs import snapshots_in
from workrail_engine.testing.user_git import git
from workrail_mcp_server.testing_process import ERAS, opened

HANGING = """#!/bin/sh
exec 3> "$TOLD"
echo under way >&3
exec sleep 60
"""
"""Stands for git. It holds the pipe open until it ends."""


@pytest.fixture(name="repository")
def project_in_git(environment: dict[str, str]) -> Path:
    project = Path(environment["CLAUDE_PROJECT_DIR"])
    git(project, "init", "--quiet")
    return project


@pytest.mark.rule("FORK-8")
def test_the_server_leaves_while_a_snapshot_hangs_and_ends_it(
    repository: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    told = tmp_path / "told"
    os.mkfifo(told)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(HANGING)
    (tmp_path / "bin" / "git").chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    with opened({**environment, "PATH": path, "TOLD": str(told)}, ERAS[0]) as peer:
        text = peer.call("start_workflow", workflowId="two-steps", goal="Try")
        assert "Do one." in text
        with told.open() as pipe:
            assert pipe.readline() == "under way\n"
            peer.end_input()
            assert peer.code(5.0) == 0
            assert select.select([pipe], [], [], 5.0)[0] == [pipe]
            assert pipe.read() == ""
    assert snapshots_in(repository) == ()
