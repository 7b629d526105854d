"""What a driver leaves in the log is there once, whole, and only while it holds the lease."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.agent_events import (
    AgentEvent,
    Content,
    MessageGiven,
    Noticed,
    RunBegun,
    ToolBegun,
    ToolFinished,
    TurnTaken,
    content_of,
)
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.errors import (
    CorruptSessionError,
    InvalidInputError,
    LeaseLostError,
    SessionNotFoundError,
)
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.outcomes import Blocked, Completed, Recorded, StepReady
from workrail_engine.reader import open_reader
from workrail_engine.session.lease import Lease
from workrail_engine.store.database import open_for_writing
from workrail_engine.system import Locations
from workrail_engine.testing.driven import (
    TTL,
    Driven,
    a_notice,
    a_tool,
    a_turn,
    driven,
    with_a_workflow,
)
from workrail_engine.testing.record import verified

ONE = NodeId(1)
UNKNOWN = SessionId("sess_" + "a" * 26)


@pytest.fixture(name="run")
def run_that_was_taken_up(engine: Engine, tmp_path: Path) -> Driven:
    return driven(engine, with_a_workflow(tmp_path / "project"))


def facts_of(run: Driven) -> list[AgentEvent]:
    return [entry.event for entry in run.engine.journal.read(run.session_id)]


def problems(run: Driven, locations: Locations) -> tuple[str, ...]:
    return verified(locations.store, run.session_id).problems


@pytest.mark.rule("STORE-79")
def test_facts_and_what_they_name_are_read_back_in_their_order(run: Driven, locations: Locations):
    run.work()
    ready = run.step()
    run.work()
    run.end()

    entries = run.engine.journal.read(run.session_id)
    kinds = [type(entry.event).__name__ for entry in entries]
    assert isinstance(ready, StepReady)
    assert kinds == [*["RunBegun", "TurnTaken", "ToolBegun", "ToolFinished", "ToolFinished"],
                     *["MessageGiven", "ArtifactSaved", "Noticed", "RunParked"],
                     *["RunBegun", "TurnTaken", "ToolBegun", "ToolFinished", "ToolFinished"],
                     *["MessageGiven", "ArtifactSaved", "Noticed", "RunParked", "RunEnded"]]  # fmt: skip
    assert [entry.seq for entry in entries] == [*range(3, 12), *range(14, 24)]
    assert run.engine.journal.read(run.session_id, after=11, most=2) == entries[9:11]
    for digest, data in run.kept.items():
        assert run.engine.journal.content(content_of(data)) == data
        assert content_of(data).digest == digest
    assert problems(run, locations) == ()


@pytest.mark.rule("STORE-79")
def test_a_fact_whose_key_is_there_is_not_written_again_and_the_first_one_is_told(run: Driven):
    first, blocks = a_turn(ONE, 1)
    other = replace(first, model="another", content=content_of(b"[]"))
    run.append(first, contents=(blocks,))
    second, more = a_turn(ONE, 2)

    told = run.engine.journal.append(run.lease, [other, second, second], [b"[]", more])

    assert told == (first, second, second)
    assert facts_of(run) == [first, second]
    with pytest.raises(CorruptSessionError, match="is missing"):
        run.engine.journal.content(other.content)


@pytest.mark.rule("STORE-79")
def test_facts_without_a_key_may_be_said_again(run: Driven):
    run.append(a_notice(ONE), a_notice(ONE))
    run.append(a_notice(ONE))

    assert facts_of(run) == [a_notice(ONE)] * 3


@pytest.mark.rule("STORE-79")
def test_a_fact_may_name_what_is_kept_already_but_nothing_that_is_nowhere(
    run: Driven, locations: Locations
):
    done, answer = a_tool(ONE, 1)
    run.append(done, contents=(answer,))
    again, _ = a_tool(ONE, 2, answer)
    lacking, _ = a_tool(ONE, 3, b"never given")

    run.append(again)
    with pytest.raises(InvalidInputError, match="Give the bytes"):
        run.append(a_notice(ONE), lacking)

    assert facts_of(run) == [done, again]
    assert problems(run, locations) == ()


@pytest.mark.rule("STORE-79")
def test_half_characters_are_replaced_and_all_others_kept(run: Driven):
    said = "ein \x00 und \x1a1 und ü \U0001f600"
    torn = MessageGiven(ONE, 1, 1, "child", f"{said} \ud83d")
    whole = replace(torn, text=f"{said} ?")

    assert run.engine.journal.append(run.lease, [torn, a_notice(ONE, "\udc00")]) == (
        whole,
        a_notice(ONE, "?"),
    )
    assert facts_of(run) == [whole, a_notice(ONE, "?")]


@pytest.mark.rule("RUN-82")
@pytest.mark.parametrize("stolen", [("here:1", 0), ("there:2", 1), ("here:1", 2)])
def test_whoever_does_not_hold_the_lease_records_nothing(
    run: Driven, locations: Locations, stolen: tuple[str, int]
):
    right = run.lease
    run.lease = Lease(run.session_id, *stolen)
    assert right == Lease(run.session_id, "here:1", 1)

    with pytest.raises(LeaseLostError, match="Let go of the session"):
        run.append(a_notice(ONE))
    with pytest.raises(LeaseLostError):
        run.step()

    assert facts_of(run) == []
    run.lease = right
    assert isinstance(run.step(), StepReady)
    assert problems(run, locations) == ()


@pytest.mark.rule("RUN-82")
def test_a_run_that_was_taken_over_or_is_over_is_left_alone_by_its_old_driver(run: Driven):
    run.engine.runs.give_back(run.lease)
    with pytest.raises(LeaseLostError, match="the run is queued"):
        run.append(a_notice(ONE))

    claim = run.engine.runs.claim_this(run.session_id, "there:2", TTL)
    assert claim is not None
    with pytest.raises(LeaseLostError, match="there:2 drives it now"):
        run.append(a_notice(ONE))
    run.lease = claim.lease
    run.append(a_notice(ONE))
    run.end()
    with pytest.raises(LeaseLostError, match="the run is ended"):
        run.step()


@pytest.mark.rule("RUN-82")
def test_a_session_without_a_run_has_no_lease(run: Driven, tmp_path: Path):
    other = run.engine.start(StartRequest("team.drive", "Walk", tmp_path / "project"))
    lease = replace(run.lease, session_id=SessionId(other.session_id))

    with pytest.raises(LeaseLostError, match="no such run"):
        run.engine.journal.append(lease, [a_notice(ONE)])
    with pytest.raises(SessionNotFoundError):
        run.engine.journal.append(replace(lease, session_id=UNKNOWN), [a_notice(ONE)])
    with pytest.raises(SessionNotFoundError):
        run.engine.journal.read(UNKNOWN)


@pytest.mark.rule("RUN-83")
def test_what_turns_used_is_added_to_the_run_once(run: Driven):
    first, blocks = a_turn(ONE, 1, cost=250)
    second, more = a_turn(ONE, 2, cost=None)

    for _ in range(2):
        run.append(first, second, contents=(blocks, more))

    view = run.engine.runs.view(run.session_id)
    assert view is not None
    spent = view.spent
    assert (spent.turns, spent.cost) == (2, 250)
    assert (spent.input_tokens, spent.output_tokens) == (2 * 1_120, 20)


@pytest.mark.rule("RUN-83")
def test_only_a_driver_that_got_on_was_not_lost_for_nothing(run: Driven):
    run.engine.runs.give_back(run.lease)
    claim = run.engine.runs.claim_this(run.session_id, "there:2", TTL)
    assert claim is not None
    run.lease = claim.lease

    def crashes() -> int:
        view = run.engine.runs.view(run.session_id)
        assert view is not None
        return view.crashes

    run.append(RunBegun(ONE, 2, "there:2", "scripted", "none", None), a_notice(ONE))
    assert crashes() == 1
    done, answer = a_tool(ONE, 1)
    run.append(done, contents=(answer,))
    assert crashes() == 0


@pytest.mark.rule("STORE-80")
def test_facts_and_steps_from_several_sides_all_stand_in_one_whole_log(
    run: Driven, locations: Locations
):
    def say(number: int) -> None:
        run.append(MessageGiven(ONE, number, 1, "operator", f"Message {number}"))
        run.engine.journal.noted(run.session_id, Noticed(ONE, "stuck", f"Notice {number}", {}))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(say, range(12)))
        going = pool.map(say, range(12, 24))
        outcome = run.step()
        list(going)

    assert isinstance(outcome, StepReady)
    said = facts_of(run)
    assert sorted(one.turn for one in said if isinstance(one, MessageGiven)) == [*range(24)]
    assert len(said) == 48
    assert problems(run, locations) == ()


@pytest.mark.rule("RUN-84")
def test_a_step_that_was_completed_before_a_crash_gets_its_recorded_answer(run: Driven):
    first = run.node
    there = run.step("The first step.")
    run.work()
    assert isinstance(there, StepReady)

    place = run.engine.place(run.session_id, first)
    again = run.engine.advance(place.token or "", Submission(notes="The first step."))

    assert isinstance(again, StepReady)
    assert (again.token, again.recorded) == (there.token, Recorded.BEFORE)
    assert run.engine.place(run.session_id).token == there.token
    back = run.engine.return_to(run.session_id)
    assert isinstance(back, StepReady)
    assert (back.token, back.step.step_id) == (there.token, "step-2")
    assert back.preamble is not None
    assert back.recap is not None


@pytest.mark.rule("RUN-84")
def test_after_a_blocked_attempt_the_place_is_where_it_is_mended(engine: Engine, tmp_path: Path):
    run = driven(engine, with_a_workflow(tmp_path / "project"))
    first = run.node
    token = engine.place(run.session_id).token or ""
    blocked = engine.advance(token, Submission(), lease=run.lease)
    assert isinstance(blocked, Blocked)

    assert engine.place(run.session_id).token == blocked.token
    replay = engine.advance(engine.place(run.session_id, first).token or "", Submission())
    assert isinstance(replay, Blocked)
    assert replay.token == blocked.token
    assert isinstance(engine.return_to(run.session_id), Blocked)


@pytest.mark.rule("RUN-84")
def test_at_its_end_a_session_has_a_place_and_no_token(run: Driven):
    outcome = [run.step() for _ in range(4)][-1]

    assert isinstance(outcome, Completed)
    place = run.engine.place(run.session_id)
    assert (place.node, place.token) == (5, None)
    assert isinstance(run.engine.return_to(run.session_id), Completed)
    with pytest.raises(CorruptSessionError):
        run.engine.place(run.session_id, NodeId(9))
    with pytest.raises(SessionNotFoundError):
        run.engine.place(UNKNOWN)


@pytest.mark.rule("STORE-81")
@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ("DELETE FROM blobs WHERE digest IN (SELECT digest FROM journal_contents)", "is missing"),
        ("UPDATE events SET \"key\" = 'llm:9' WHERE \"key\" = 'llm:1'", "has the key 'llm:9'"),
        ('UPDATE events SET "key" = NULL WHERE "key" = \'llm:1\'', "has the key None"),
        ("DELETE FROM journal_contents", "is not noted as the session's"),
        (
            "INSERT INTO journal_contents SELECT session, context_ref FROM nodes WHERE node = 1",
            "no event names it",
        ),
        ("UPDATE events SET node = 2 WHERE kind = 'turn_taken'", "event 4"),
    ],
)
def test_damage_to_what_runs_left_is_named(
    run: Driven, locations: Locations, damage: str, complaint: str
):
    run.work()
    database = open_for_writing(locations.store)
    with database.writing() as connection:
        connection.exec_driver_sql(damage)
    database.close()

    assert complaint in "\n".join(problems(run, locations))


@pytest.mark.rule("STORE-79")
def test_the_reader_sees_the_same_and_of_no_store_nothing(
    run: Driven, locations: Locations, tmp_path: Path
):
    run.work()
    with open_reader(locations) as reader:
        assert reader.journal.read(run.session_id) == run.engine.journal.read(run.session_id)
        for data in run.kept.values():
            assert reader.journal.content(content_of(data)) == data
        assert [view.session_id for view in reader.runs.views("running")] == [run.session_id]
        assert reader.runs.tree_spent(run.session_id).turns == 1
        assert reader.runs.below(run.session_id) == ()

    with open_reader(tmp_path / "nothing.db") as reader:
        assert reader.runs.views() == ()
        assert reader.runs.view(run.session_id) is None
        assert reader.mail.waiting(None) == ()
        for ask in (reader.journal.read, reader.runs.below, reader.runs.tree_spent):
            with pytest.raises(SessionNotFoundError):
                ask(run.session_id)
        with pytest.raises(CorruptSessionError):
            reader.journal.content(Content(content_of(b"").digest, 0))


def test_a_tool_that_begun_and_its_end_have_keys_of_their_own(run: Driven):
    begun = ToolBegun(ONE, 1, 1, "Bash", "make")
    done, answer = a_tool(ONE, 1)

    run.append(begun)
    run.append(begun, done, contents=(answer,))

    assert facts_of(run) == [begun, done]
    assert not any(isinstance(one, TurnTaken | ToolFinished) for one in facts_of(run)[:1])
