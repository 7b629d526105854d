"""What `repair` saves of a damaged session: all that is proven, in a copy, and it says the rest."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.engine import (
    Answered,
    Engine,
    ResumeRequest,
    StartRequest,
    Submission,
    open_engine,
)
from workrail_engine.errors import CorruptSessionError, InvalidTokenError, StoreUnavailableError
from workrail_engine.ids import Digest, SessionId
from workrail_engine.outcomes import Blocked, Checkpointed, Found, StepReady, Waiting
from workrail_engine.projections.repair import Repair
from workrail_engine.reader import open_reader
from workrail_engine.registry.registry import Registry
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations, SystemClock, SystemEntropy
from workrail_engine.testing.approving import answer
from workrail_engine.testing.scripted_checks import ScriptedChecks

WORKFLOW_STEPS = [
    {"id": f"step-{n}", "title": f"Step {n}", "prompt": "Go on."} for n in range(1, 7)
]
WORKFLOW = {
    "id": "team.mend",
    "name": "Mend it",
    "description": "Six plain steps.",
    "version": "1.0.0",
    "steps": WORKFLOW_STEPS,
}
LOG = {"kind": "test.log", "lines": ["the tail of a long log"] * 20}


POSTGRESQL = {
    "CAST(x'7bff7d' AS TEXT)": "'{?}'",  # a server keeps no text that is none
    "zeroblob(32)": "decode(repeat('00', 32), 'hex')",
    "x'00'": "decode('00', 'hex')",
}
"""How the damage below is said to a server."""


@pytest.fixture
def places(tmp_path: Path, place: Path | str) -> Locations:
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "mend.json").write_text(json.dumps(WORKFLOW))
    url = None if isinstance(place, Path) else place
    return replace(Locations.under(tmp_path / "home", bundled), database_url=url)


def ready(outcome: object) -> StepReady:
    assert isinstance(outcome, StepReady)
    return outcome


def session_with_everything(engine: Engine, goal: str = "Mend the fence") -> StepReady:
    """Events 1-2 start; 3-4 step 1; 5 blocked; 6-7 step 2; 8 checkpoint; 9-10 step 3."""
    first = ready(engine.start(StartRequest("team.mend", goal)))
    second = ready(
        engine.advance(first.token, Submission("Did one.", (LOG,), {"size": 1, "gone": "soon"}))
    )
    blocked = engine.advance(second.token, Submission(context={"gone": None}))
    assert isinstance(blocked, Blocked)
    third = ready(engine.advance(blocked.token, Submission("Did two.")))
    assert isinstance(engine.checkpoint(third.token, Submission("Half way.")), Checkpointed)
    return ready(engine.advance(third.token, Submission("Did three.", context={"size": 2})))


def change(places: Locations, *statements: str) -> None:
    database = open_for_writing(places.store)
    with database.writing() as connection:
        for statement in statements:
            if places.database_url is not None:
                for ours, theirs in POSTGRESQL.items():
                    statement = statement.replace(ours, theirs)
            connection.exec_driver_sql(statement)
    database.close()


def repaired(places: Locations, session_id: str) -> Repair:
    with open_engine(places) as engine:
        return engine.repair(SessionId(session_id))


def notes(places: Locations, session_id: SessionId) -> list[str]:
    with open_reader(places) as reader:
        lines = reader.session(session_id).nodes
        return [line.notes for line in lines if line.notes is not None]


@pytest.mark.rule("STORE-60")
@pytest.mark.parametrize(
    ("damage", "kept", "reason"),
    [
        (
            "UPDATE events SET payload = replace(payload, 'three', 'trees') WHERE seq = 9",
            8,
            "event 9 was changed, or what vouches for it is missing",
        ),
        (
            "UPDATE events SET payload = CAST(x'7bff7d' AS TEXT) WHERE seq = 6",
            5,
            "event 6 (step_completed) cannot be read",
        ),
        ("UPDATE events SET payload = '{' WHERE seq = 7", 5, "event 7 (step_reached) cannot be"),
        ("DELETE FROM events WHERE seq = 5", 2, "event 4 was changed, or what vouches for it"),
        ("DELETE FROM events WHERE seq >= 9", 7, "event 8 was changed, or what vouches for it"),
        (
            "UPDATE sessions SET head_hash = zeroblob(32)",
            8,
            "event 10 was changed, or what vouches",
        ),
        ("UPDATE nodes SET position = '{}'", 10, ""),
        ("DELETE FROM nodes WHERE node = 2", 10, ""),
        ("DELETE FROM attempts", 10, ""),
        ("UPDATE sessions SET tip = 1, status = 'completed', goal = 'Other'", 10, ""),
        ("UPDATE blobs SET data = x'00' WHERE packed = 0", 10, ""),
        ("DELETE FROM blobs WHERE packed = 1", 10, "the content of artifact test.log (sha256:"),
    ],
)
def test_the_longest_proven_beginning_becomes_a_session_that_can_be_continued(
    places: Locations, damage: str, kept: int, reason: str
):
    with open_engine(places) as engine:
        stood = session_with_everything(engine)
    change(places, damage)

    result = repaired(places, stood.session_id)

    assert result.kept == kept
    assert " | ".join(result.dropped).startswith(reason)
    assert bool(result.dropped) is bool(reason)
    assert result.copy_id is not None
    with open_reader(places) as reader:
        verification = reader.verify(result.copy_id)
        assert verification.events == kept
        assert [p for p in verification.problems if "test.log" not in p] == []
        goal = reader.session(result.copy_id).summary.goal
        assert goal == f"Mend the fence (repaired from {stood.session_id})"
    with open_engine(places) as engine:
        found = engine.resume(ResumeRequest(session_id=result.copy_id))
        assert isinstance(found, Found)
        back = ready_or_blocked(engine.rehydrate(found.candidates[0].token))
        assert isinstance(
            engine.advance(back.token, Submission("Went on from the copy.")), StepReady
        )
    assert "Went on from the copy." in notes(places, result.copy_id)


def ready_or_blocked(outcome: object) -> StepReady | Blocked:
    assert isinstance(outcome, StepReady | Blocked)
    return outcome


@pytest.mark.rule("STORE-60")
def test_a_copy_tells_the_same_story_up_to_the_damage(places: Locations):
    with open_engine(places) as engine:
        stood = session_with_everything(engine)
    original = SessionId(stood.session_id)
    before = notes(places, original)
    with open_reader(places) as reader:
        told = reader.session(original)
    change(places, "DELETE FROM attempts WHERE node = 2")

    result = repaired(places, original)

    assert result.copy_id is not None
    assert sorted(before) == ["Did one.", "Did three.", "Did two.", "Half way."]
    assert notes(places, result.copy_id) == before
    with open_reader(places) as reader:
        copy = reader.session(result.copy_id)
    assert copy.nodes == told.nodes
    assert copy.context == {**told.context}
    assert copy.summary.step_title == told.summary.step_title == "Step 4"
    assert copy.summary.steps_completed == told.summary.steps_completed == 3
    assert copy.summary.updated_at == told.summary.updated_at


@pytest.mark.rule("STORE-61")
def test_the_damaged_session_is_left_exactly_as_it_is(places: Locations):
    with open_engine(places) as engine:
        stood = session_with_everything(engine)
    change(places, "UPDATE events SET payload = replace(payload, 'three', 'trees') WHERE seq = 9")
    original = SessionId(stood.session_id)
    with open_reader(places) as reader:
        before = (reader.session(original), list(reader.events(original)), reader.verify(original))

    repaired(places, original)

    with open_reader(places) as reader:
        assert before == (
            reader.session(original),
            list(reader.events(original)),
            reader.verify(original),
        )


@pytest.mark.rule("STORE-61")
def test_what_was_dropped_is_said_with_its_reason(places: Locations):
    with open_engine(places) as engine:
        stood = session_with_everything(engine)
    change(places, "UPDATE events SET payload = '{' WHERE seq = 7", "DELETE FROM workflows")

    result = repaired(places, stood.session_id)

    assert result.found == 10
    assert result.dropped[0].startswith("event 7 (step_reached) cannot be read: ")
    assert result.dropped[1] == (
        "events 6 to 10 left out: not proven, or part of a step that is not whole"
    )
    assert result.dropped[2].startswith("the pinned workflow (sha256:")
    assert result.dropped[2].endswith("is lost: the copy cannot be continued")


def test_a_whole_session_is_not_copied(places: Locations):
    with open_engine(places) as engine:
        stood = session_with_everything(engine)

        assert engine.repair(SessionId(stood.session_id)) == Repair(
            SessionId(stood.session_id), None, 10, 10, ()
        )
    with open_reader(places) as reader:
        assert reader.sessions().total == 1


def test_a_session_can_be_saved_into_a_store_of_its_own(places: Locations, tmp_path: Path):
    with open_engine(places) as engine:
        stood = session_with_everything(engine)
        other = Locations.under(tmp_path / "salvaged", places.bundled_dir)
        result = engine.repair(SessionId(stood.session_id), other)

    assert (result.found, result.kept, result.dropped) == (10, 10, ())
    assert result.copy_id is not None
    with open_reader(other) as reader:
        assert reader.sessions().total == 1
        assert reader.verify(result.copy_id).problems == ()
    with open_engine(other) as engine:
        found = engine.resume(ResumeRequest(query="fence"))
        assert isinstance(found, Found)
        back = ready(engine.rehydrate(found.candidates[0].token))
        ready(engine.advance(back.token, Submission("Went on elsewhere.")))


@pytest.mark.rule("STORE-61")
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET payload = '{' WHERE seq = 1",
        "UPDATE events SET at = at + 1 WHERE seq = 1",
        "DELETE FROM events WHERE seq = 1",
        "DELETE FROM events",
        "UPDATE events SET prev_hash = zeroblob(32)",
    ],
)
def test_where_nothing_is_proven_nothing_is_written(places: Locations, damage: str):
    with open_engine(places) as engine:
        stood = session_with_everything(engine)
    change(places, damage)

    with pytest.raises(CorruptSessionError) as failure:
        repaired(places, stood.session_id)

    assert f"Nothing of session {stood.session_id} can be proven: " in str(failure.value)
    assert "Restore the store from a backup" in str(failure.value)
    with open_reader(places) as reader:
        assert reader.sessions().total == 1


@pytest.mark.rule("STORE-62")
@pytest.mark.parametrize(
    "damage", ["DELETE FROM settings", "UPDATE settings SET value = x'00' WHERE name = 'token_key'"]
)
def test_a_store_that_lost_its_key_says_so_and_can_be_given_another(places: Locations, damage: str):
    with open_engine(places) as engine:
        stood = session_with_everything(engine)
    change(places, damage)

    with open_engine(places) as engine:
        with pytest.raises(StoreUnavailableError) as failure:
            engine.advance(stood.token, Submission("Did four."))
        assert "lost the key its tokens are made with. No session is lost" in str(failure.value)
        assert "workrail session repair --new-key" in str(failure.value)

        engine.renew_token_key()

        with pytest.raises(InvalidTokenError):
            engine.advance(stood.token, Submission("Did four."))
        found = engine.resume(ResumeRequest())
        assert isinstance(found, Found)
        back = ready(engine.rehydrate(found.candidates[0].token))
        ready(engine.advance(back.token, Submission("Did four.")))


JUDGED = {
    **WORKFLOW,
    "id": "team.judged",
    "steps": [
        {
            "id": "plan",
            "title": "Plan",
            "prompt": "Plan it.",
            "checks": [
                {"id": "tests", "kind": "command", "run": ["pytest", "-q"]},
                {"id": "review", "kind": "approval", "show": ["diff"]},
            ],
        },
        *WORKFLOW_STEPS,
    ],
}


def judged_engine(places: Locations, store: SqlStore) -> Engine:
    return Engine(store, Registry(places), SystemClock(), SystemEntropy(), ScriptedChecks())


def waiting(outcome: object) -> Waiting:
    assert isinstance(outcome, Waiting), outcome
    return outcome


def session_that_was_judged(engine: Engine) -> StepReady:
    """1-2 start; 3-4 checked, waits; 5-6 rejected; 7-8 spared, waits; 9 waits again; 10-12 approved."""
    first = ready(engine.start(StartRequest("team.judged", "Judge the fence")))
    asked = waiting(engine.advance(first.token, Submission("The plan.")))
    refused = answer(engine, asked, "Why?", yes=False)
    assert isinstance(refused, Blocked)
    asked = waiting(engine.advance(refused.token, Submission("The better plan.")))
    asked = waiting(engine.advance(asked.token, Submission("The best plan.")))
    return ready(answer(engine, asked, "Go."))


@pytest.mark.rule("STORE-77")
def test_repair_copies_what_checks_found_and_how_approvals_were_answered(places: Locations):
    (places.bundled_dir / "judged.json").write_text(json.dumps(JUDGED))
    with open_store(places.store, SystemEntropy()) as store:
        stood = session_that_was_judged(judged_engine(places, store))
    with open_reader(places) as reader:
        told = reader.session(SessionId(stood.session_id))
        outputs = {check.output for node in told.nodes for check in node.checks if check.output}
        diffs = {one.approval.diff for one in told.nodes if one.approval and one.approval.diff}
    change(places, "DELETE FROM attempts WHERE node = 2")

    result = repaired(places, stood.session_id)

    assert result.copy_id is not None
    assert result.dropped == ()
    with open_reader(places) as reader:
        copy = reader.session(result.copy_id)
        assert all(reader.artifact(content) for content in outputs | diffs)
        assert reader.verify(result.copy_id).problems == ()
    assert [node.checks for node in copy.nodes] == [node.checks for node in told.nodes]
    answers = [node.approval.answer for node in copy.nodes if node.approval]
    assert answers == [node.approval.answer for node in told.nodes if node.approval]
    assert [answer.verdict if answer else None for answer in answers] == [
        "rejected",
        None,
        "approved",
    ]
    assert outputs
    assert diffs


@pytest.mark.rule("STORE-77")
def test_what_waited_when_the_log_broke_waits_in_the_copy_and_can_be_answered(places: Locations):
    (places.bundled_dir / "judged.json").write_text(json.dumps(JUDGED))
    with open_store(places.store, SystemEntropy()) as store:
        stood = session_that_was_judged(judged_engine(places, store))
    change(places, "UPDATE events SET payload = '{' WHERE kind = 'approval_answered' AND seq > 9")

    result = repaired(places, stood.session_id)

    assert result.copy_id is not None
    with open_store(places.store, SystemEntropy()) as store:
        approvals = judged_engine(places, store).approvals
        (pending,) = [one for one in approvals.pending() if one.session_id == result.copy_id]
        assert pending.shown["notes"] == "The best plan."
        yes = Answered("approved", Digest(pending.digest), "ada", "terminal")
        assert ready(approvals.answer(pending.approval_id, yes)).step.step_id == "step-1"
    with open_reader(places) as reader:
        assert reader.verify(result.copy_id).problems == ()
