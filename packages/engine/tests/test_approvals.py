"""A step that a person must approve waits until one does, on a real store."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from workrail_engine.canonical import JsonObject, digest
from workrail_engine.engine import Answered, Engine, StartRequest, Submission
from workrail_engine.errors import NotFoundError, StaleApprovalError
from workrail_engine.ids import Digest, SessionId, approval_id, read_approval_id
from workrail_engine.outcomes import (
    AdvanceOutcome,
    Blocked,
    BlockerCode,
    Completed,
    Recorded,
    StepReady,
    Waiting,
)
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations

HEAD: JsonObject = {"id": "flow", "name": "Flow", "description": "A flow.", "version": "1.0.0"}
HUMAN: JsonObject = {"kind": "human_approval"}
PLAN: JsonObject = {"kind": "acme.plan", "steps": ["one", "two"]}


@pytest.fixture(name="begin")
def start_of_a_flow(engine: Engine, tmp_path: Path) -> Callable[..., StepReady]:
    def begin(rule: object = HUMAN, context: JsonObject | None = None) -> StepReady:
        plan = {"id": "plan", "title": "Plan {{goal}}", "prompt": "Plan."}
        steps = [
            {**plan, "requireConfirmation": rule},
            {"id": "act", "title": "Act", "prompt": "Act."},
        ]
        folder = tmp_path / "project" / ".workrail" / "workflows"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "flow.json").write_text(json.dumps({**HEAD, "steps": steps}))
        request = StartRequest("flow", "it", tmp_path / "project", context=context or {})
        outcome = engine.start(request)
        assert isinstance(outcome, StepReady)
        return outcome

    return begin


def waiting(outcome: AdvanceOutcome) -> Waiting:
    assert isinstance(outcome, Waiting), outcome
    return outcome


def sent(notes: str = "The plan.", **context: str) -> Submission:
    return Submission(notes=notes, artifacts=(PLAN,), context=context)


def yes(outcome: Waiting, note: str | None = None) -> Answered:
    return Answered("approved", Digest(outcome.digest), "ada", "terminal", note)


def no(outcome: Waiting, note: str | None = None) -> Answered:
    return Answered("rejected", Digest(outcome.digest), "ada", "terminal", note)


def kinds(locations: Locations, session_id: str) -> list[str]:
    with open_reader(locations) as reader:
        return [event.kind for event in reader.events(SessionId(session_id))]


def whole(locations: Locations, session_id: str) -> bool:
    with open_reader(locations) as reader:
        return not reader.verify(SessionId(session_id)).problems


@pytest.mark.rule("RUN-30")
def test_a_complete_attempt_waits_for_a_person(
    engine: Engine, begin: Callable[..., StepReady], locations: Locations
):
    first = begin()
    outcome = waiting(engine.advance(first.token, sent()))
    assert outcome.held == ("notes", "artifact acme.plan")
    assert outcome.step_title == "Plan it"
    assert kinds(locations, first.session_id)[-1] == "approval_asked"
    assert "step_completed" not in kinds(locations, first.session_id)
    with open_reader(locations) as reader:
        assert reader.sessions(status="waiting").sessions[0].session_id == first.session_id


@pytest.mark.rule("RUN-31")
def test_an_approval_completes_the_step_with_what_was_kept(
    engine: Engine, begin: Callable[..., StepReady], locations: Locations
):
    first = begin()
    asked = waiting(engine.advance(first.token, sent(colour="blue")))
    outcome = engine.approvals.answer(asked.approval_id, yes(asked))
    assert isinstance(outcome, StepReady)
    assert outcome.step.step_id == "act"
    with open_reader(locations) as reader:
        events = list(reader.events(SessionId(first.session_id)))
        detail = reader.session(SessionId(first.session_id))
    answered = next(event.payload for event in events if event.kind == "approval_answered")
    assert answered["by"] == "ada"
    assert answered["shown"] == asked.digest
    completed = next(event.payload for event in events if event.kind == "step_completed")
    assert completed["notes"] == "The plan."
    assert detail.context["colour"] == "blue"
    assert detail.nodes[0].completed_at is not None
    assert isinstance(engine.advance(outcome.token, Submission(notes="Done.")), Completed)
    assert whole(locations, first.session_id)


@pytest.mark.rule("RUN-31")
def test_the_agent_finds_the_next_step_with_the_token_it_holds(
    engine: Engine, begin: Callable[..., StepReady]
):
    asked = waiting(engine.advance(begin().token, sent()))
    outcome = engine.approvals.answer(asked.approval_id, yes(asked))
    assert isinstance(outcome, StepReady)
    for found in (engine.rehydrate(asked.token), engine.advance(asked.token, Submission())):
        assert isinstance(found, StepReady)
        assert (found.step.step_id, found.token) == ("act", outcome.token)


@pytest.mark.rule("RUN-32")
def test_asking_again_changes_nothing_while_it_waits(
    engine: Engine, begin: Callable[..., StepReady], locations: Locations
):
    first = begin()
    asked = waiting(engine.advance(first.token, sent()))
    before = kinds(locations, first.session_id)
    for again in (Submission(), sent()):
        outcome = waiting(engine.advance(asked.token, again))
        assert outcome.recorded is Recorded.BEFORE
        assert (outcome.token, outcome.digest) == (asked.token, asked.digest)
    assert waiting(engine.rehydrate(first.token)).approval_id == asked.approval_id
    assert waiting(engine.advance(first.token, sent())).digest == asked.digest
    assert kinds(locations, first.session_id) == before


@pytest.mark.rule("RUN-33")
def test_a_rejection_is_a_blocked_attempt_that_keeps_what_was_sent(
    engine: Engine, begin: Callable[..., StepReady], locations: Locations
):
    first = begin()
    asked = waiting(engine.advance(first.token, sent()))
    outcome = engine.approvals.answer(asked.approval_id, no(asked, "Say how it is undone."))
    assert isinstance(outcome, Blocked)
    assert [blocker.code for blocker in outcome.blockers] == [BlockerCode.APPROVAL_REJECTED]
    assert "Say how it is undone." in outcome.blockers[0].message
    assert outcome.kept == ("notes", "artifact acme.plan")
    reworked = waiting(engine.advance(outcome.token, Submission(notes="And how it is undone.")))
    assert reworked.digest != asked.digest
    assert isinstance(engine.approvals.answer(reworked.approval_id, yes(reworked)), StepReady)
    assert whole(locations, first.session_id)


@pytest.mark.rule("RUN-34")
def test_what_is_sent_instead_voids_the_approval(engine: Engine, begin: Callable[..., StepReady]):
    asked = waiting(engine.advance(begin().token, sent()))
    other = waiting(engine.advance(asked.token, Submission(notes="Another plan.")))
    assert other.digest != asked.digest
    with pytest.raises(StaleApprovalError, match="no longer waited for"):
        engine.approvals.answer(asked.approval_id, yes(asked))
    with pytest.raises(StaleApprovalError, match="not what waits"):
        engine.approvals.answer(other.approval_id, yes(asked))
    assert engine.approvals.look(other.approval_id).shown["notes"] == "Another plan."


@pytest.mark.rule("RUN-34")
@pytest.mark.parametrize("decision", [yes, no])
def test_an_approval_is_answered_once(
    engine: Engine, begin: Callable[..., StepReady], decision: Callable[[Waiting], Answered]
):
    asked = waiting(engine.advance(begin().token, sent()))
    engine.approvals.answer(asked.approval_id, decision(asked))
    for again in (yes, no):
        with pytest.raises(StaleApprovalError):
            engine.approvals.answer(asked.approval_id, again(asked))


@pytest.mark.rule("RUN-35")
def test_what_is_shown_is_what_its_digest_says(engine: Engine, begin: Callable[..., StepReady]):
    asked = waiting(engine.advance(begin().token, sent()))
    pending = engine.approvals.look(asked.approval_id)
    assert digest(pending.shown) == pending.digest == asked.digest
    assert pending.artifacts == (PLAN,)
    assert pending.shown["notes"] == "The plan."
    assert engine.approvals.look(asked.session_id) == pending
    assert engine.approvals.pending() == (pending,)


@pytest.mark.rule("RUN-30")
def test_a_condition_decides_whether_a_person_is_asked(
    engine: Engine, begin: Callable[..., StepReady]
):
    rule = {"kind": "human_approval", "condition": {"var": "risk", "equals": "high"}}
    asked = waiting(engine.advance(begin(rule).token, sent(risk="high")))
    assert asked.reason == 'risk equals "high"'
    assert isinstance(engine.advance(begin(rule).token, sent(risk="low")), StepReady)


@pytest.mark.rule("RUN-36")
def test_only_an_unattended_run_waits_for_its_coordinator(
    engine: Engine, begin: Callable[..., StepReady]
):
    assert isinstance(engine.advance(begin(rule=True).token, sent()), StepReady)
    unattended = begin(rule=True, context={"is_autonomous": "true"})
    asked = waiting(engine.advance(unattended.token, sent()))
    assert asked.approver == "coordinator_eval"
    assert isinstance(engine.approvals.answer(asked.approval_id, yes(asked)), StepReady)


def test_what_is_missing_is_told_before_anyone_is_asked(
    engine: Engine, begin: Callable[..., StepReady]
):
    outcome = engine.advance(begin().token, Submission())
    assert isinstance(outcome, Blocked)
    assert isinstance(engine.advance(outcome.token, sent()), Waiting)


def test_another_branch_leaves_what_waits_alone(
    engine: Engine, begin: Callable[..., StepReady], locations: Locations
):
    first = begin()
    asked = waiting(engine.advance(first.token, sent()))
    outcome = engine.approvals.answer(asked.approval_id, yes(asked))
    assert isinstance(outcome, StepReady)
    step_again = engine.rehydrate(outcome.token)
    assert isinstance(step_again, StepReady)
    assert isinstance(engine.advance(step_again.token, Submission(notes="Done.")), Completed)
    assert whole(locations, first.session_id)


@pytest.mark.parametrize("text", ["", "sess_x.1", "nonsense", "sess_" + "a" * 26 + ".0"])
def test_a_text_that_names_no_approval_is_refused(engine: Engine, text: str):
    with pytest.raises(NotFoundError, match="names no approval"):
        engine.approvals.look(text)


def test_a_node_that_does_not_exist_is_no_approval(engine: Engine, begin: Callable[..., StepReady]):
    first = begin()
    with pytest.raises(NotFoundError):
        engine.approvals.look(f"{first.session_id}.99")
    with pytest.raises(StaleApprovalError):
        engine.approvals.look(f"{first.session_id}.1")


def test_an_approvals_id_reads_back():
    read = read_approval_id("sess_" + "a" * 26 + ".12")
    assert read is not None
    assert approval_id(*read) == "sess_" + "a" * 26 + ".12"
