"""Checks of a step, run on a real repository by the engine itself."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workrail_engine.canonical import JsonObject
from workrail_engine.engine import Engine, StartRequest, Submission, open_engine
from workrail_engine.errors import StaleApprovalError
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import Blocked, BlockerCode, Completed, StepReady, Waiting
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations
from workrail_engine.testing.approving import answer
from workrail_engine.testing.user_git import begin_repository

SHOP = "def total(prices):\n    return sum(prices) + 1\n"
MENDED = "def total(prices):\n    return sum(prices)\n"
TEST = "from shop import total\n\n\ndef test_total():\n    assert total([1, 2]) == 3\n"
RUN = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly"]
STEPS: list[JsonObject] = [
    {
        "id": "fix",
        "title": "Fix it",
        "prompt": "Mend the total.",
        "checks": [
            {
                "id": "tests",
                "kind": "command",
                "run": RUN,
                "report": {"format": "pytest", "expected": ["test_shop.py::test_total"]},
                "protect": ["test_*.py"],
            },
            {"id": "scope", "kind": "diff", "allowed": ["shop.py"], "mustChange": True},
            {"id": "review", "kind": "approval", "show": ["diff"]},
        ],
    },
    {"id": "ship", "title": "Ship it", "prompt": "Ship.", "fresh": ["tests"]},
]
HEAD: JsonObject = {"id": "mend", "name": "Mend", "description": "Mend it.", "version": "1.0.0"}
CLAIM = Submission(notes="I mended it and every test passes.")


@pytest.fixture(name="project")
def repository_with_a_failing_test(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    workflows = project / ".workrail" / "workflows"
    workflows.mkdir(parents=True)
    (workflows / "mend.json").write_text(json.dumps({**HEAD, "steps": STEPS}))
    (project / "shop.py").write_text(SHOP)
    (project / "test_shop.py").write_text(TEST)
    (project / ".gitignore").write_text("__pycache__/\n.pytest_cache/\n")
    return begin_repository(project)


@pytest.fixture(name="engine")
def engine_of_a_new_home(tmp_path: Path) -> Iterator[Engine]:
    with open_engine(Locations.under(tmp_path / "home")) as engine:
        yield engine


@pytest.fixture(name="token")
def token_of_the_first_step(engine: Engine, project: Path) -> str:
    first = engine.start(StartRequest("mend", "Mend the total", project))
    assert isinstance(first, StepReady)
    return first.token


def codes(outcome: object) -> list[tuple[BlockerCode, str]]:
    assert isinstance(outcome, Blocked), outcome
    return [(blocker.code, blocker.subject) for blocker in outcome.blockers]


@pytest.mark.rule("CHECK-80")
def test_honest_work_is_checked_approved_and_completed(
    engine: Engine, token: str, project: Path, tmp_path: Path
):
    (project / "shop.py").write_text(MENDED)
    asked = engine.advance(token, CLAIM)
    assert isinstance(asked, Waiting), asked
    pending = engine.approvals.look(asked.approval_id)
    assert pending.diff is not None
    assert "-    return sum(prices) + 1" in pending.diff
    second = answer(engine, asked)
    assert isinstance(second, StepReady)
    assert isinstance(engine.advance(second.token, CLAIM), Completed)
    with open_reader(Locations.under(tmp_path / "home")) as reader:
        session = SessionId(asked.session_id)
        assert not reader.verify(session).problems
        checks = [e.payload for e in reader.events(session) if e.kind == "check_recorded"]
        [output] = [a for node in reader.session(session).nodes for a in node.artifacts][:1]
        kept = json.loads(reader.artifact(output.digest))
    assert [(one["check_id"], one["outcome"], one["reused"]) for one in checks] == [
        ("tests", "passed", False),
        ("scope", "passed", False),
        ("tests", "passed", True),
    ]
    assert "1 passed" in kept["text"]


@pytest.mark.rule("CHECK-81")
def test_a_claim_is_not_believed(engine: Engine, token: str):
    found = codes(engine.advance(token, CLAIM))
    assert (BlockerCode.CHECK_FAILED, "tests") in found
    assert (BlockerCode.CHECK_FAILED, "scope") in found


@pytest.mark.rule("CHECK-81")
def test_a_weakened_test_is_no_pass(engine: Engine, token: str, project: Path):
    (project / "test_shop.py").write_text("def test_total():\n    pass\n")
    found = codes(engine.advance(token, CLAIM))
    assert (BlockerCode.CHECK_FAILED, "tests") in found


@pytest.mark.rule("CHECK-86")
def test_what_is_slipped_in_while_a_person_reads_is_not_approved(
    engine: Engine, token: str, project: Path
):
    (project / "shop.py").write_text(MENDED)
    asked = engine.advance(token, CLAIM)
    assert isinstance(asked, Waiting)
    (project / "shop.py").write_text(MENDED + "\n\nimport os\n")
    with pytest.raises(StaleApprovalError, match="files were changed"):
        answer(engine, asked)


@pytest.mark.rule("CHECK-84")
def test_an_edit_after_the_checks_is_checked_again(engine: Engine, token: str, project: Path):
    (project / "shop.py").write_text(MENDED)
    asked = engine.advance(token, CLAIM)
    assert isinstance(asked, Waiting)
    second = answer(engine, asked)
    assert isinstance(second, StepReady)
    (project / "shop.py").write_text(SHOP)
    assert codes(engine.advance(second.token, CLAIM)) == [(BlockerCode.CHECK_FAILED, "tests")]
