"""Does each check of `workrail doctor` find what it is there to find?"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from workrail_engine.engine import SourceRequest, StartRequest, open_engine
from workrail_engine.library import open_sources, open_trust
from workrail_engine.system import Locations
from workrail_engine.testing.postgres import PostgresServer
from workrail_engine.testing.user_git import begin_repository, commit_all
from workrail_mcp_server.clients.claude_program import ours_among
from workrail_mcp_server.diagnosis.claude_code import check_claude_code
from workrail_mcp_server.diagnosis.finding import Finding
from workrail_mcp_server.diagnosis.permissions import check_permissions
from workrail_mcp_server.diagnosis.programs import check_git, check_python, check_versions
from workrail_mcp_server.diagnosis.self_test import check_server
from workrail_mcp_server.diagnosis.sources import added_sources, check_sources
from workrail_mcp_server.diagnosis.store import check_disk, check_sessions, file_system_of
from workrail_mcp_server.diagnosis.workflows import check_workflows

WORKFLOW = """\
id: team.build
name: Build a thing
description: Builds a thing.
version: 1.0.0
steps:
  - {id: make, title: Make it, prompt: Make the thing.}
"""
LISTED = """\
Checking MCP server health…

db: npx some-db start - ✔ Connected
workrail: /opt/bin/workrail start - ✔ Connected
plugin:workrail:workrail: workrail start - ✘ Failed to connect — ENOENT
flows: C:\\tools\\workrail.exe start - ⏸ Pending approval (run claude)
notworkrail: /opt/otherworkrail start - ✔ Connected
"""
MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /home rw - nfs4 server:/home rw
31 30 0:41 / /home/ada/my\\040disk rw - xfs /dev/sdb rw
"""

posix = pytest.mark.skipif(os.name != "posix", reason="rights are kept in another way here")


@pytest.fixture(name="places")
def places_of_a_new_home(tmp_path: Path) -> Locations:
    """A home nothing was stored in, and a library with one workflow."""
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "build.yaml").write_text(WORKFLOW)
    return Locations.under(tmp_path / "home", bundled)


@pytest.fixture(name="stored")
def places_with_a_session(places: Locations) -> Locations:
    with open_engine(places) as engine:
        engine.start(StartRequest("team.build", "Build a shed"))
    return places


def statuses(findings: list[Finding]) -> list[str]:
    return [one.status for one in findings]


def test_an_old_python_is_a_problem() -> None:
    assert check_python().status == "ok"
    assert check_python((3, 10)).status == "problem"


def test_packages_of_several_versions_are_a_problem() -> None:
    one = {"workrail-engine": "1.0", "workrail-mcp-server": "1.0"}

    assert check_versions(one).status == "ok"
    mixed = check_versions({**one, "workrail-console": "0.9"})
    assert (mixed.status, "workrail-console 0.9" in mixed.said) == ("problem", True)
    assert "pip install --upgrade workrail-engine" in (mixed.remedy or "")
    assert check_versions({"workrail-engine": "1.0"}).status == "problem"


def test_git_is_needed_where_a_source_is_a_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_git(needed=True).said.startswith("git version")
    monkeypatch.setenv("PATH", "")
    assert check_git(needed=False).status == "warning"
    assert check_git(needed=True).status == "problem"


def test_a_store_that_is_sound_is_told_with_its_key(stored: Locations) -> None:
    findings = check_sessions(stored)

    assert statuses(findings) == ["ok", "ok"]
    assert "1 sessions, sound, may be written" in findings[0].said
    assert findings[1].check == "key"


def test_a_store_that_is_no_database_is_a_problem(stored: Locations) -> None:
    stored.database.write_bytes(b"not a database " * 999)

    (finding,) = check_sessions(stored)

    assert finding.status == "problem"
    assert "workrail db status" in (finding.remedy or "")


def test_damage_inside_the_store_is_a_problem(stored: Locations) -> None:
    with stored.database.open("r+b") as file:
        file.seek(36)  # how many pages are free
        file.write((5).to_bytes(4, "big"))

    (finding,) = check_sessions(stored)

    assert (finding.status, "is damaged: " in finding.said) == ("problem", True)
    assert "workrail session verify --all" in (finding.remedy or "")


def test_a_key_that_is_gone_is_a_problem(stored: Locations) -> None:
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('DELETE FROM settings'); c.commit()"
    subprocess.run([sys.executable, "-c", script, stored.database], check=True, timeout=60)

    (finding,) = check_sessions(stored)

    assert (finding.status, "key" in finding.said) == ("problem", True)


@posix
@pytest.mark.skipif(
    os.name == "posix" and os.geteuid() == 0, reason="the superuser may write anywhere"
)
def test_a_store_that_may_not_be_written_is_a_problem(stored: Locations) -> None:
    stored.database.chmod(0o400)

    (finding,) = check_sessions(stored)

    assert (finding.status, "may not be written" in finding.said) == ("problem", True)


@pytest.mark.rule("CLI-74")
def test_a_database_on_a_server_is_told_without_its_password(postgres: PostgresServer) -> None:
    places = Locations(
        Path("/nowhere"), Path("/nowhere"), Path("/nowhere"), database_url=postgres.new_database()
    )
    lost = Locations(
        Path("/nowhere"),
        Path("/nowhere"),
        Path("/nowhere"),
        database_url="postgresql://ada:hidden@127.0.0.1:1/work",
    )

    there, gone = check_sessions(places), check_sessions(lost)

    assert (statuses(there), statuses(gone)) == (["ok"], ["problem"])
    assert "WORKRAIL_DATABASE_URL" in (gone[0].remedy or "")
    assert "hidden" not in repr([*there, *gone])
    assert "postgresql://" in there[0].said
    assert check_disk(places) == []


def test_a_network_file_system_is_a_warning(places: Locations) -> None:
    assert file_system_of(Path("/home/ada"), MOUNTS) == "nfs4"
    assert file_system_of(Path("/home/ada/my disk/x"), MOUNTS) == "xfs"
    assert file_system_of(Path("/srv"), MOUNTS) == "ext4"
    assert file_system_of(Path("/srv"), "nonsense\n") is None

    room, network = check_disk(places, "22 1 0:4 / / rw - nfs4 server:/ rw")

    assert room.check == network.check == "disk"
    assert (network.status, "WORKRAIL_HOME" in (network.remedy or "")) == ("warning", True)
    assert len(check_disk(places, MOUNTS)) == 1


@posix
def test_rights_of_others_are_found_with_what_takes_them_away(stored: Locations) -> None:
    assert statuses(check_permissions(stored)) == ["ok"]
    stored.home.chmod(0o755)
    assert statuses(check_permissions(stored)) == ["warning"]
    stored.home.chmod(0o777)
    stored.database.chmod(0o644)

    folder, file = check_permissions(stored)

    assert (folder.status, file.status) == ("problem", "problem")
    assert file.remedy == f"chmod 600 {stored.database}"
    for one in (folder, file):
        subprocess.run(["/bin/sh", "-c", one.remedy or "false"], check=True, timeout=60)
    assert statuses(check_permissions(stored)) == ["ok"]


@posix
def test_the_list_of_what_is_trusted_is_for_its_owner(places: Locations) -> None:
    open_sources(places).add(
        SourceRequest(address=str(places.bundled_dir), base=Path("/"), added_by="person")
    )
    assert statuses(check_permissions(places)) == ["ok"]
    (places.managed_sources / "sources.json").chmod(0o660)

    assert statuses(check_permissions(places)) == ["problem"]


def test_a_repository_is_asked_whether_it_moved(places: Locations, tmp_path: Path) -> None:
    remote = repository(tmp_path / "remote")
    sources = open_sources(places)
    request = SourceRequest(
        address=f"file://{remote}", base=Path("/"), added_by="person", name="acme"
    )
    sources.add(request)

    new = findings_of(places)
    open_trust(places).trust("acme")
    trusted = findings_of(places)
    (remote / "build.yaml").write_text(WORKFLOW.replace("1.0.0", "1.0.1"))
    commit_all(remote)
    moved, offline = findings_of(places), findings_of(places, offline=True)
    remote.rename(tmp_path / "gone")
    gone = findings_of(places)

    assert [(statuses(found)) for found in (new, trusted, moved, offline, gone)] == [
        ["warning"],
        ["ok"],
        ["warning"],
        ["skipped"],
        ["warning"],
    ]
    assert "workrail trust acme" in (new[0].remedy or "")
    assert moved[0].remedy == "workrail source sync acme"
    assert (gone[0].remedy or "").startswith("git ls-remote file://")
    assert sources.all()[0].commit is not None


def test_a_folder_that_is_gone_is_a_problem(places: Locations, tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    open_sources(places).add(
        SourceRequest(address=str(tmp_path / "flows"), base=Path("/"), added_by="person")
    )
    (tmp_path / "flows").rmdir()

    (finding,) = findings_of(places)

    assert (finding.status, "source remove flows" in (finding.remedy or "")) == ("problem", True)


def test_a_list_of_sources_that_cannot_be_read_is_a_problem(places: Locations) -> None:
    places.managed_sources.mkdir(parents=True)
    (places.managed_sources / "sources.json").write_text("{")

    found = added_sources(places)

    assert isinstance(found, Finding)
    assert found.status == "problem"


def test_a_workflow_that_cannot_be_used_is_named(places: Locations, tmp_path: Path) -> None:
    workspace = tmp_path / "project"
    flows = workspace / ".workrail" / "workflows"
    flows.mkdir(parents=True)
    assert statuses(check_workflows(places, workspace)) == ["ok"]
    (flows / "bad.yaml").write_text("id: team.bad\nsteps: 3\n")

    (finding,) = check_workflows(places, workspace)

    assert finding.status == "problem"
    assert "bad.yaml:1: /name: is required and missing (3 more problems)" in finding.said
    assert (finding.remedy or "").endswith(f"workrail validate {flows / 'bad.yaml'}")
    (places.bundled_dir / "build.yaml").unlink()
    assert statuses(check_workflows(places, tmp_path)) == ["problem"]


def test_the_server_is_started_and_asked_for_its_tools(tmp_path: Path) -> None:
    finding = check_server(tmp_path)

    assert finding.status in ("ok", "warning")  # a warning where the machine is slow
    assert re.search(r"`workrail start` listed [1-9]\d* tools after \d", finding.said)


@pytest.mark.parametrize(
    ("script", "said_of_it"),
    [
        ("import sys; sys.exit('no engine')", "no engine"),
        ("print('hello', flush=True); input()", "gave no list of tools"),
        ("import os; os.close(1); input()", "gave no list of tools"),
    ],
)
def test_a_server_that_does_not_answer_is_a_problem_with_its_last_words(
    tmp_path: Path, script: str, said_of_it: str
) -> None:
    finding = check_server(tmp_path, (sys.executable, "-c", script))

    assert finding.status == "problem"
    assert said_of_it in finding.said
    assert finding.remedy is not None


def test_a_server_that_hangs_is_ended_and_told(tmp_path: Path) -> None:
    silent = "import sys; sys.stderr.write('x ' * 200_000); sys.stderr.flush()\nwhile 1: input()"

    finding = check_server(tmp_path, (sys.executable, "-c", silent), seconds=3)

    assert (finding.status, "ended with -9" in finding.said) == ("problem", True)


def test_a_server_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert check_server(tmp_path, (str(tmp_path / "workrail"), "start")).status == "problem"


def test_our_servers_are_known_by_what_starts_them() -> None:
    ours = ours_among(LISTED)

    assert [(one.name, one.connected, one.waits) for one in ours] == [
        ("workrail", True, False),
        ("plugin:workrail:workrail", False, False),
        ("flows", False, True),
    ]


@posix
def test_what_claude_code_says_becomes_findings(tmp_path: Path) -> None:
    def asked(script: str) -> list[Finding]:
        program = tmp_path / "claude"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        told: list[str] = []
        findings = check_claude_code(tmp_path, told.append, {"CLAUDE_BIN": str(program)})
        assert told
        return findings

    shown = f"cat <<'END'\n{LISTED}END"
    registered, unknown, failing = asked(shown), asked("echo none"), asked("echo oh >&2; exit 3")

    assert statuses(registered) == ["ok", "problem", "warning"]
    assert "PATH" in (registered[1].remedy or "")
    assert statuses(unknown) == statuses(failing) == ["warning"]
    assert unknown[0].remedy == "workrail install --client claude-code"
    assert "failed: oh" in failing[0].said
    nobody: list[str] = []
    (absent,) = check_claude_code(tmp_path, nobody.append, {"PATH": str(tmp_path / "none")})
    assert absent.status == "skipped"


def findings_of(places: Locations, *, offline: bool = False) -> list[Finding]:
    sources = added_sources(places)
    assert not isinstance(sources, Finding)
    told: list[str] = []
    return check_sources(places, sources, offline=offline, told=told.append)


def repository(folder: Path) -> Path:
    folder.mkdir()
    (folder / "build.yaml").write_text(WORKFLOW)
    return begin_repository(folder)
