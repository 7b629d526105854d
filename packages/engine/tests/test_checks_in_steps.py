"""A check stands between an attempt and the next step, whatever the agent says."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workrail_engine.agent_events import Noticed
from workrail_engine.canonical import JsonObject
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.errors import GivenUpError, StaleApprovalError
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    BlockerCode,
    Completed,
    StepReady,
    Waiting,
)
from workrail_engine.reader import open_reader
from workrail_engine.registry.registry import Registry
from workrail_engine.store.sql_store import open_store
from workrail_engine.system import Locations, SystemClock, SystemEntropy
from workrail_engine.testing.approving import answer
from workrail_engine.testing.scripted_checks import ScriptedChecks
from workrail_engine.workflow.checks import CheckOutcome

HEAD: JsonObject = {"id": "flow", "name": "Flow", "description": "A flow.", "version": "1.0.0"}
TESTS: JsonObject = {"id": "tests", "kind": "command", "run": ["pytest", "-q"]}
SCOPE: JsonObject = {"id": "scope", "kind": "diff", "allowed": ["src/**"]}
REVIEW: JsonObject = {"id": "review", "kind": "approval", "show": ["diff"]}


@pytest.fixture(name="files")
def scripted_files() -> ScriptedChecks:
    return ScriptedChecks()


@pytest.fixture(name="engine")
def engine_that_looks_at_them(locations: Locations, files: ScriptedChecks) -> Iterator[Engine]:
    entropy = SystemEntropy()
    with open_store(locations.store, entropy) as store:
        yield Engine(store, Registry(locations), SystemClock(), entropy, files)


@pytest.fixture(name="begin")
def start_of_a_flow(engine: Engine, tmp_path: Path) -> Callable[..., StepReady]:
    def begin(*checks: JsonObject, fresh: tuple[str, ...] = ()) -> StepReady:
        last: JsonObject = {"id": "ship", "title": "Ship", "prompt": "Ship."}
        steps = [
            {"id": "fix", "title": "Fix", "prompt": "Fix.", "checks": list(checks)},
            {**last, "fresh": list(fresh)} if fresh else last,
        ]
        folder = tmp_path / "project" / ".workrail" / "workflows"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "flow.json").write_text(json.dumps({**HEAD, "steps": steps}))
        outcome = engine.start(StartRequest("flow", "it", tmp_path / "project"))
        assert isinstance(outcome, StepReady)
        return outcome

    return begin


Begin = Callable[..., StepReady]
DONE = Submission(notes="Every test passes, I ran them all.")


def ready(outcome: AdvanceOutcome) -> StepReady:
    assert isinstance(outcome, StepReady), outcome
    return outcome


def blocked(outcome: AdvanceOutcome) -> Blocked:
    assert isinstance(outcome, Blocked), outcome
    return outcome


def waiting(outcome: AdvanceOutcome) -> Waiting:
    assert isinstance(outcome, Waiting), outcome
    return outcome


def events(locations: Locations, session_id: str, kind: str) -> list[JsonObject]:
    with open_reader(locations) as reader:
        found = reader.events(SessionId(session_id))
        return [event.payload for event in found if event.kind == kind]


@pytest.mark.rule("RUN-85")
def test_what_is_noted_while_checks_run_does_not_have_them_run_again(
    engine: Engine, begin: Begin, files: ScriptedChecks, locations: Locations
):
    first = begin(TESTS, SCOPE)

    def told(line: str) -> None:
        noticed = Noticed(NodeId(1), "stuck", f"Slow: {line}", {})
        engine.journal.noted(SessionId(first.session_id), noticed)

    ready(engine.advance(first.token, DONE, told))

    assert files.ran == ["tests", "scope"]
    assert len(events(locations, first.session_id, "noticed")) == 2
    with open_reader(locations) as reader:
        assert reader.verify(SessionId(first.session_id)).problems == ()


@pytest.mark.rule("CHECK-80")
def test_a_step_is_completed_once_its_checks_pass(
    engine: Engine, begin: Begin, files: ScriptedChecks, locations: Locations
):
    first = begin(TESTS, SCOPE)
    second = ready(engine.advance(first.token, DONE))
    assert second.step.step_id == "ship"
    assert files.ran == ["tests", "scope"]
    recorded = events(locations, first.session_id, "check_recorded")
    assert [(one["check_id"], one["outcome"]) for one in recorded] == [
        ("tests", "passed"),
        ("scope", "passed"),
    ]
    with open_reader(locations) as reader:
        assert not reader.verify(SessionId(first.session_id)).problems


@pytest.mark.rule("CHECK-81")
@pytest.mark.parametrize(
    ("outcome", "code"),
    [("failed", BlockerCode.CHECK_FAILED), ("error", BlockerCode.CHECK_ERROR)],
)
def test_nothing_but_a_pass_is_a_pass(
    engine: Engine,
    begin: Begin,
    files: ScriptedChecks,
    locations: Locations,
    outcome: CheckOutcome,
    code: BlockerCode,
):
    files.outcomes = {"tests": outcome}
    first = begin(TESTS, SCOPE)
    refused = blocked(engine.advance(first.token, DONE))
    assert [(blocker.code, blocker.subject) for blocker in refused.blockers] == [(code, "tests")]
    assert "line 3 is wrong" in refused.blockers[0].message
    assert refused.kept == ("notes",)
    assert events(locations, first.session_id, "step_completed") == []
    with open_reader(locations) as reader:
        assert not reader.verify(SessionId(first.session_id)).problems
    files.outcomes = {}
    files.files = "git:mended"
    ready(engine.advance(refused.token, Submission()))


@pytest.mark.rule("CHECK-82")
def test_nothing_is_run_while_something_else_is_missing(
    engine: Engine, begin: Begin, files: ScriptedChecks
):
    refused = blocked(engine.advance(begin(TESTS).token, Submission()))
    assert [blocker.code for blocker in refused.blockers] == [BlockerCode.MISSING_NOTES]
    assert files.ran == []


@pytest.mark.rule("CHECK-83")
def test_what_passed_is_not_run_again_for_the_same_files(
    engine: Engine, begin: Begin, files: ScriptedChecks, locations: Locations
):
    files.outcomes = {"scope": "failed"}
    first = begin(TESTS, SCOPE)
    refused = blocked(engine.advance(first.token, DONE))
    files.outcomes = {}
    ready(engine.advance(refused.token, Submission()))
    assert files.ran == ["tests", "scope", "scope"]
    recorded = events(locations, first.session_id, "check_recorded")
    assert [one["reused"] for one in recorded] == [False, False, True, False]


@pytest.mark.rule("CHECK-83")
def test_a_change_of_files_voids_a_pass(engine: Engine, begin: Begin, files: ScriptedChecks):
    files.outcomes = {"scope": "failed"}
    refused = blocked(engine.advance(begin(TESTS, SCOPE).token, DONE))
    files.outcomes, files.files = {}, "git:two"
    ready(engine.advance(refused.token, Submission()))
    assert files.ran == ["tests", "scope", "tests", "scope"]


@pytest.mark.rule("CHECK-84")
def test_a_later_step_can_demand_that_a_check_still_holds(
    engine: Engine, begin: Begin, files: ScriptedChecks
):
    second = ready(engine.advance(begin(TESTS, fresh=("tests",)).token, DONE))
    files.files, files.outcomes = "git:edited-after", {"tests": "failed"}
    refused = blocked(engine.advance(second.token, DONE))
    assert refused.blockers[0].subject == "tests"
    assert files.ran == ["tests", "tests"]
    files.files, files.outcomes = "git:one", {}
    assert isinstance(engine.advance(refused.token, Submission()), Completed)


@pytest.mark.rule("CHECK-84")
def test_a_check_that_is_fresh_is_not_run_again(
    engine: Engine, begin: Begin, files: ScriptedChecks
):
    second = ready(engine.advance(begin(TESTS, fresh=("tests",)).token, DONE))
    assert isinstance(engine.advance(second.token, DONE), Completed)
    assert files.ran == ["tests"]


@pytest.mark.rule("CHECK-83")
def test_files_that_cannot_be_told_apart_are_always_checked(
    engine: Engine, begin: Begin, files: ScriptedChecks
):
    files.files = None
    second = ready(engine.advance(begin(TESTS, fresh=("tests",)).token, DONE))
    assert isinstance(engine.advance(second.token, DONE), Completed)
    assert files.ran == ["tests", "tests"]


@pytest.mark.rule("CHECK-85")
def test_an_approval_is_asked_for_once_every_other_check_passed(
    engine: Engine, begin: Begin, files: ScriptedChecks, locations: Locations
):
    files.outcomes = {"tests": "failed"}
    first = begin(TESTS, REVIEW)
    refused = blocked(engine.advance(first.token, DONE))
    files.outcomes = {}
    asked = waiting(engine.advance(refused.token, Submission()))
    pending = engine.approvals.look(asked.approval_id)
    assert pending.diff == "+ a line"
    assert engine.approvals.look(asked.approval_id).shown["tree"] == "git:one"
    ready(answer(engine, asked))
    with open_reader(locations) as reader:
        assert not reader.verify(SessionId(first.session_id)).problems


@pytest.mark.rule("CHECK-86")
def test_a_change_of_files_voids_an_approval_that_showed_them(
    engine: Engine, begin: Begin, files: ScriptedChecks
):
    asked = waiting(engine.advance(begin(TESTS, REVIEW).token, DONE))
    files.files, files.change = "git:slipped-in", "+ another line"
    with pytest.raises(StaleApprovalError, match="files were changed"):
        answer(engine, asked)
    again = waiting(engine.advance(asked.token, Submission()))
    assert again.digest != asked.digest
    assert files.ran == ["tests", "tests"]
    assert engine.approvals.look(again.approval_id).diff == "+ another line"


@pytest.mark.rule("CHECK-85")
def test_a_change_that_cannot_be_shown_is_not_approved(
    engine: Engine, begin: Begin, files: ScriptedChecks
):
    files.change = None
    refused = blocked(engine.advance(begin(TESTS, REVIEW).token, DONE))
    assert [blocker.code for blocker in refused.blockers] == [BlockerCode.CHECK_ERROR]
    assert "shown" in refused.blockers[0].message


@pytest.mark.rule("CHECK-87")
def test_a_lost_answer_is_given_again_without_another_look(
    engine: Engine, begin: Begin, files: ScriptedChecks
):
    first = begin(TESTS)
    second = ready(engine.advance(first.token, DONE))
    assert ready(engine.advance(first.token, DONE)).token == second.token
    assert files.ran == ["tests"]


@pytest.mark.rule("CHECK-88")
def test_what_a_check_is_run_on_is_the_sessions_own(
    engine: Engine, begin: Begin, files: ScriptedChecks, tmp_path: Path
):
    engine.advance(begin(TESTS).token, DONE)
    assert files.places[0].workspace == str(tmp_path / "project")


@pytest.mark.rule("CHECK-89")
def test_whoever_waits_is_told_how_far_it_is(engine: Engine, begin: Begin):
    told: list[str] = []
    engine.advance(begin(TESTS).token, DONE, told.append)
    assert told == ["check tests"]


@pytest.mark.rule("CHECK-80")
def test_the_step_says_what_will_be_checked(begin: Begin):
    texts = [item.text for item in begin(TESTS).step.requirements if item.kind == "check"]
    assert texts == ['check "tests": `pytest -q` exits with 0']


@pytest.mark.rule("CHECK-90")
def test_a_check_nobody_waits_for_any_more_leaves_nothing_behind(
    engine: Engine, begin: Begin, files: ScriptedChecks, locations: Locations
):
    def give_up(_line: str) -> None:
        message = "The call was cancelled. Nothing was recorded."
        raise GivenUpError(message)

    first = begin(TESTS)
    before = events(locations, first.session_id, "step_reached")
    with pytest.raises(GivenUpError):
        engine.advance(first.token, DONE, give_up)
    assert events(locations, first.session_id, "check_recorded") == []
    assert events(locations, first.session_id, "step_reached") == before
    ready(engine.advance(first.token, DONE))
