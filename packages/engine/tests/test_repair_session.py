"""What `repair` saves of a damaged session: all that is proven, in a copy, and it says the rest."""

import json
from pathlib import Path

import pytest

from workrail_engine.engine import Engine, ResumeRequest, StartRequest, Submission, open_engine
from workrail_engine.errors import CorruptSessionError, InvalidTokenError, StoreUnavailableError
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import Blocked, Checkpointed, Found, StepReady
from workrail_engine.projections.repair import Repair
from workrail_engine.reader import open_reader
from workrail_engine.store.database import open_for_writing
from workrail_engine.system import Locations

WORKFLOW = {
    "id": "team.mend",
    "name": "Mend it",
    "description": "Six plain steps.",
    "version": "1.0.0",
    "steps": [{"id": f"step-{n}", "title": f"Step {n}", "prompt": "Go on."} for n in range(1, 7)],
}
LOG = {"kind": "test.log", "lines": ["the tail of a long log"] * 20}


@pytest.fixture
def places(tmp_path: Path) -> Locations:
    bundled = tmp_path / "bundled"
    bundled.mkdir()
    (bundled / "mend.json").write_text(json.dumps(WORKFLOW))
    return Locations.under(tmp_path / "home", bundled)


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
    database = open_for_writing(places.database)
    with database.writing() as connection:
        for statement in statements:
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
