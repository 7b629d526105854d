"""What do people read on the command line of checks and approvals?"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.outcomes import Waiting
from workrail_engine.testing.approving import a_checked_release, answer, plan_a_checked_release
from workrail_mcp_server.cli import main


@pytest.fixture(name="engine")
def engine_of_a_new_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    workflows = tmp_path / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "release.json").write_text(json.dumps(a_checked_release()))
    monkeypatch.setenv("WORKRAIL_HOME", str(tmp_path / "home"))
    with open_engine() as engine:
        yield engine


@pytest.fixture(name="asked")
def attempt_that_failed_its_check_and_waits_now(engine: Engine, tmp_path: Path) -> Waiting:
    return plan_a_checked_release(engine, tmp_path)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["session", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def nodes(session_id: str) -> list[dict[str, Any]]:
    return json.loads(run("show", session_id, "--json"))["nodes"]


@pytest.mark.rule("CLI-65")
def test_show_says_what_each_check_found_and_what_waits(asked: Waiting) -> None:
    shown = run("show", asked.session_id)

    assert "      ✗ check written: " in shown
    assert "      ✓ check written: " in shown
    assert shown.index("✗ check written") < shown.index("✓ check written")
    assert f"      ? waits for approval. Look and decide: workrail approve {asked.approval_id}" in (
        shown
    )


@pytest.mark.rule("CLI-65")
def test_show_says_who_approved_and_when(engine: Engine, asked: Waiting) -> None:
    answer(engine, asked, "Go ahead.\x1b[2J")

    shown = run("show", asked.session_id)

    assert "      ✓ approved by ada (terminal) at 2" in shown
    assert ": Go ahead.\N{REPLACEMENT CHARACTER}[2J\n" in shown
    assert "waits for approval." not in shown
    (answered,) = [node["approval"] for node in nodes(asked.session_id) if node["approval"]]
    assert answered["digest"] == asked.digest
    assert (answered["answer"]["by"], answered["answer"]["verdict"]) == ("ada", "approved")


@pytest.mark.rule("CLI-65")
def test_show_says_what_was_rejected_and_what_was_replaced(engine: Engine, asked: Waiting) -> None:
    other = engine.advance(asked.token, Submission(notes="At one."))
    assert isinstance(other, Waiting)
    answer(engine, other, "Not today.", yes=False)

    shown = run("show", asked.session_id)

    assert "      - was replaced by another attempt before it was answered" in shown
    assert "      ✗ rejected by ada (terminal) at 2" in shown
    assert ": Not today.\n" in shown
    approvals = [node["approval"] for node in nodes(asked.session_id) if node["approval"]]
    assert [one["replaced"] for one in approvals] == [True, False]


@pytest.mark.rule("CLI-65")
def test_show_as_json_says_which_attempt_a_check_belongs_to(asked: Waiting) -> None:
    told = [(node["node"], check) for node in nodes(asked.session_id) for check in node["checks"]]

    assert [(at, check["outcome"], check["ledTo"]) for at, check in told] == [
        (1, "failed", 2),
        (2, "passed", 3),
    ]
    assert told[0][1]["checkId"] == "written"
    assert any("PLAN.md" in problem for problem in told[0][1]["problems"])


@pytest.mark.rule("CLI-66")
def test_list_keeps_to_what_waits(engine: Engine, asked: Waiting, tmp_path: Path) -> None:
    engine.start(StartRequest("release", "2.0", tmp_path))

    def ids() -> list[str]:
        listed = json.loads(run("list", "--status", "waiting", "--json"))
        assert listed["total"] == len(listed["sessions"])
        return [session["sessionId"] for session in listed["sessions"]]

    assert ids() == [asked.session_id]
    assert f"{asked.session_id}  waiting    2" in run("list", "--status", "waiting")
    answer(engine, asked)
    assert ids() == []
