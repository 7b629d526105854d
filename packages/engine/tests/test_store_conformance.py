"""The promises of `ports.SessionStore`, kept by both databases and by the store in memory."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.canonical import digest
from workrail_engine.errors import (
    ConflictError,
    CorruptSessionError,
    LeaseLostError,
    SessionNotFoundError,
)
from workrail_engine.ids import Digest, Handle, NodeId, SessionId
from workrail_engine.ports import Attempt, AttemptUse, Change, SessionStore, StepNote
from workrail_engine.session.lease import Lease
from workrail_engine.store.sql_store import open_store
from workrail_engine.testing.memory_store import MemoryStore
from workrail_engine.testing.postgres import PostgresServer
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy

SAID = {"kind": "wr.check_output", "text": "2 passed"}


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SessionStore]:
    match request.param:
        case "memory":
            yield MemoryStore()
            return
        case "sqlite":
            where: Path | str = tmp_path / "sessions.db"
        case _:
            server: PostgresServer = request.getfixturevalue("postgres")
            where = server.new_database()
    with open_store(where, SeededEntropy()) as opened:
        yield opened


def told(store: SessionStore, *changes: Change) -> None:
    for change in changes:
        store.commit(change)


def test_a_session_stands_where_its_last_change_left_it(store: SessionStore):
    script = SessionScript()

    told(store, script.start(), script.complete(), script.complete(Sent(notes="Second.")))

    head = store.head(script.session_id)
    assert (head.status, head.tip, head.last_node, head.event_count) == ("running", 3, 3, 6)
    assert head.goal == "Find out why the upload fails"
    assert head.workflow_hash == PINNED_HASH
    assert head.workspace_path == "/home/ada/shop"
    assert head.parent_session_id is None


def test_a_handle_leads_to_its_attempt_its_node_and_its_session(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.complete(Sent(context={"depth": 3})))

    standing = store.standing(script.handle(2))

    assert standing is not None
    assert standing.head == store.head(script.session_id)
    assert standing.node == script.state.nodes[NodeId(2)]
    assert standing.attempt.node_id == 2
    assert standing.attempt.used is None


def test_an_unknown_handle_leads_nowhere(store: SessionStore):
    assert store.standing(Handle(b"nobody-knows")) is None


def test_a_used_attempt_says_what_it_came_to(store: SessionStore):
    script = SessionScript()
    sent = Sent(notes="Reproduced it.")
    told(store, script.start(), script.complete(sent))

    standing = store.standing(script.handle(1))

    assert standing is not None
    assert standing.attempt.used == AttemptUse(sent.digest(), NodeId(2))
    assert standing.node.children == 1


@pytest.mark.rule("STORE-2")
def test_the_slower_of_two_writers_is_refused_and_nothing_of_it_is_kept(store: SessionStore):
    quick, slow = SessionScript(), SessionScript()
    told(store, quick.start(), quick.complete())
    slow.start()
    late = slow.complete(Sent(notes="Too late.", artifacts=({"kind": "test.log", "n": 1},)))

    with pytest.raises(ConflictError):
        store.commit(late)

    assert store.head(quick.session_id).event_count == 4
    assert store.blobs([late.blobs[-1].digest]) == {}
    standing = store.standing(quick.handle(1))
    assert standing is not None
    assert standing.attempt.used == AttemptUse(Sent().digest(), NodeId(2))


@pytest.mark.rule("STORE-2")
@pytest.mark.parametrize("decided_on", [1, 3, 9])
def test_a_change_decided_on_another_number_of_events_is_refused(
    store: SessionStore, decided_on: int
):
    script = SessionScript()
    store.commit(script.start())
    alone = replace(script.checkpoint(), nodes=(), attempts=(), expected_events=decided_on)

    with pytest.raises(ConflictError, match="has 2 events"):
        store.commit(alone)

    assert store.head(script.session_id).event_count == 2
    store.commit(replace(alone, expected_events=2))


@pytest.mark.rule("STORE-2")
def test_a_session_is_created_once(store: SessionStore):
    start = SessionScript().start()
    store.commit(start)

    with pytest.raises(ConflictError):
        store.commit(start)

    assert store.head(start.session_id).event_count == 2


def test_a_change_of_a_session_that_is_not_there_is_refused(store: SessionStore):
    script = SessionScript()
    script.start()

    with pytest.raises(ConflictError):
        store.commit(script.complete())


@pytest.mark.rule("STORE-3")
def test_an_attempt_is_used_once_even_when_the_session_has_not_moved(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.complete())
    again = script.complete(Sent(notes="The same token again."), node=1)
    assert again.used is not None

    with pytest.raises(ConflictError):
        store.commit(replace(again, used=(script.handle(1), again.used[1])))

    assert store.head(script.session_id).event_count == 4
    assert store.node(script.session_id, NodeId(1)).children == 1
    store.commit(again)
    assert store.node(script.session_id, NodeId(1)).children == 2


@pytest.mark.rule("STORE-1")
def test_a_change_that_fails_at_its_end_leaves_nothing(store: SessionStore):
    first, other = SessionScript("one"), SessionScript("two")
    told(store, first.start(), other.start())
    change = first.complete(Sent(artifacts=({"kind": "test.log"},)))
    taken = replace(change, attempts=[Attempt(other.handle(1), first.session_id, NodeId(2))])

    with pytest.raises(ConflictError):
        store.commit(taken)

    assert store.head(first.session_id).event_count == 2
    with pytest.raises(CorruptSessionError):
        store.node(first.session_id, NodeId(2))
    assert store.blobs([change.blobs[-1].digest]) == {}
    standing = store.standing(first.handle(1))
    assert standing is not None
    assert standing.attempt.used is None
    store.commit(change)


def test_a_blocked_attempt_keeps_what_was_sent_on_its_node(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.block(Sent(artifacts=({"kind": "test.log", "n": 1},))))

    node = store.node(script.session_id, NodeId(2))

    assert node == script.state.nodes[NodeId(2)]
    assert node.kind == "blocked"
    assert node.notes == "Looked, found, fixed."
    assert [artifact.kind for artifact in node.artifacts] == ["test.log"]
    assert store.head(script.session_id).status == "blocked"


@pytest.mark.rule("STORE-73")
def test_an_attempt_that_waits_keeps_what_was_sent_and_what_is_asked(store: SessionStore):
    script, diff = SessionScript(), {"kind": "wr.diff", "diff": "+ a line"}
    sent = Sent(artifacts=({"kind": "test.plan"},), checks=(SAID,))
    told(store, script.start(), script.wait(sent, diff))

    node = store.node(script.session_id, NodeId(2))

    assert node == script.state.nodes[NodeId(2)]
    assert node.kind == "waiting"
    assert node.ask is not None
    assert (node.ask.shown, node.ask.diff is None) == (sent.digest(), False)
    assert store.head(script.session_id).status == "waiting"
    assert store.node(script.session_id, NodeId(1)).children == 1
    names = [Digest(digest(content)) for content in (SAID, diff, *sent.artifacts)]
    assert set(store.blobs(names)) == set(names)
    standing = store.standing(script.handle(2))
    assert standing is not None
    assert (standing.node, standing.attempt.used) == (node, None)


@pytest.mark.rule("STORE-73")
def test_an_approval_uses_the_waiting_attempt_and_completes_its_step(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.wait(Sent(notes="The plan.")), script.approve("Go."))

    assert store.head(script.session_id).status == "running"
    standing = store.standing(script.handle(2))
    assert standing is not None
    assert standing.attempt.used is not None
    assert standing.attempt.used.outcome_node == 3
    trail = store.notes_before(script.session_id, NodeId(3), 1000)
    assert [note.notes for note in trail.notes] == ["The plan."]
    with pytest.raises(ConflictError):
        store.commit(replace(script.complete(), used=(script.handle(2), standing.attempt.used)))


@pytest.mark.rule("STORE-73")
def test_a_rejection_blocks_what_waited_and_keeps_it(store: SessionStore):
    script = SessionScript()
    held = Sent(notes="The plan.", artifacts=({"kind": "test.plan"},))
    told(store, script.start(), script.wait(held), script.reject("Why?"))

    node = store.node(script.session_id, NodeId(3))

    assert (node.kind, node.notes, node.artifacts) == ("blocked", "The plan.", held.refs())
    assert [blocker.message for blocker in node.blockers] == ["Why?"]
    assert store.head(script.session_id).status == "blocked"
    assert store.notes_before(script.session_id, NodeId(3), 1000).notes == ()


@pytest.mark.rule("STORE-73")
def test_an_attempt_that_replaces_a_waiting_one_waits_in_its_place(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.wait(Sent(notes="One.")), script.wait(Sent(notes="Two.")))

    assert store.node(script.session_id, NodeId(2)).children == 1
    assert store.node(script.session_id, NodeId(3)) == script.state.nodes[NodeId(3)]
    assert (store.head(script.session_id).tip, store.head(script.session_id).status) == (
        3,
        "waiting",
    )


@pytest.mark.rule("STORE-2")
def test_of_two_answers_one_is_kept(store: SessionStore):
    quick, slow = SessionScript(), SessionScript()
    told(store, quick.start(), quick.wait())
    slow.start()
    slow.wait()
    store.commit(quick.approve())

    with pytest.raises(ConflictError):
        store.commit(slow.reject("Too late."))

    assert store.head(quick.session_id).status == "running"


def test_a_checkpoint_stands_beside_the_step_and_is_no_child_of_it(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.checkpoint("Before the risky part."))

    assert store.node(script.session_id, NodeId(1)).children == 0
    assert store.node(script.session_id, NodeId(2)).notes == "Before the risky part."
    assert store.head(script.session_id).tip == 1
    assert store.head(script.session_id).last_node == 2


def test_a_fork_gives_its_node_a_second_child(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.complete(), script.complete())
    told(store, script.complete(Sent(notes="Another way."), node=1))

    assert store.node(script.session_id, NodeId(1)).children == 2
    assert store.node(script.session_id, NodeId(4)) == script.state.nodes[NodeId(4)]


def test_the_newest_unused_attempt_of_a_node_is_the_open_one(store: SessionStore):
    script = SessionScript()
    start = script.start()
    (first,) = start.attempts
    newer = replace(first, handle=Handle(b"\x00\x01zzzzzzzzzz"))
    newest = replace(first, handle=Handle(b"\x00\x01aaaaaaaaaa"))
    store.commit(replace(start, attempts=(first, newer, newest)))
    assert store.open_attempt(script.session_id, NodeId(1)) == newest

    done = script.complete()
    assert done.used is not None
    used = (newest.handle, done.used[1])
    store.commit(replace(done, used=used, attempts=done.attempts[:1]))
    assert store.open_attempt(script.session_id, NodeId(1)) == newer


def test_a_used_node_can_be_used_again_through_its_spare(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.complete())

    spare = store.open_attempt(script.session_id, NodeId(1))

    assert spare == Attempt(script.handle(1, use=1), script.session_id, NodeId(1))


def test_the_newest_use_of_a_node_is_that_of_its_newest_used_attempt(store: SessionStore):
    script = SessionScript()
    told(store, script.start())
    assert store.newest_use(script.session_id, NodeId(1)) is None

    change = script.complete()
    told(store, change)

    used = store.newest_use(script.session_id, NodeId(1))
    assert used is not None
    assert change.used == (used.handle, used.used)
    assert store.newest_use(script.session_id, NodeId(2)) is None


@pytest.mark.rule("RUN-82")
def test_a_change_under_a_lease_that_nobody_has_is_not_kept(store: SessionStore):
    script = SessionScript()
    told(store, script.start())
    change = script.complete()

    with pytest.raises(LeaseLostError):
        store.commit(replace(change, lease=Lease(script.session_id, "here:1", 1)))

    assert store.head(script.session_id).event_count == 2
    store.commit(change)


def test_a_node_that_ends_its_branch_has_no_open_attempt(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.finish())

    assert store.open_attempt(script.session_id, NodeId(2)) is None
    assert store.head(script.session_id).status == "completed"


def test_content_is_kept_once_and_read_back_by_its_digest(store: SessionStore):
    script = SessionScript()
    artifact = {"kind": "test.log", "lines": ["same"] * 400}
    told(store, script.start(), script.complete(Sent(artifacts=(artifact, artifact))))
    name = Digest(digest(artifact))
    unknown = Digest(digest("never stored"))

    found = store.blobs([name, unknown, Digest("sha256:nonsense")])

    assert set(found) == {name}
    assert found[name].startswith(b'{"kind":"test.log","lines":["same","same"')


def test_a_pinned_workflow_is_kept_as_it_was_first_given(store: SessionStore):
    assert store.pinned(PINNED_HASH) is None

    store.pin(PINNED_HASH, PINNED)
    store.pin(PINNED_HASH, PINNED)

    assert store.pinned(PINNED_HASH) == PINNED


def test_the_key_of_a_store_is_made_once(store: SessionStore):
    key = store.token_key()

    assert (len(key.secret), len(key.store_tag)) == (32, 2)
    assert store.token_key() == key


@pytest.mark.rule("STORE-15")
def test_notes_come_newest_first_and_older_ones_are_left_out_over_the_budget(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), *(script.complete(Sent(notes=f"Note {n}é")) for n in range(1, 6)))

    trail = store.notes_before(script.session_id, NodeId(6), budget=2 * len("Note 5é".encode()))

    assert trail.notes == (
        StepNote("step-5", None, "Note 5é"),
        StepNote("step-4", None, "Note 4é"),
    )
    assert trail.omitted == 3


def test_notes_within_the_budget_leave_nothing_out(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.complete(), script.complete(Sent(notes=None)))

    trail = store.notes_before(script.session_id, NodeId(3), budget=10_000)

    assert [note.notes for note in trail.notes] == ["Looked, found, fixed."]
    assert trail.omitted == 0


def test_notes_of_another_branch_do_not_count(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.complete(Sent(notes="Common.")))
    told(store, script.complete(Sent(notes="First way.")))
    told(store, script.complete(Sent(notes="Second way."), node=2))

    assert [
        note.notes for note in store.notes_before(script.session_id, NodeId(4), 1000).notes
    ] == [
        "Second way.",
        "Common.",
    ]
    assert [
        note.notes for note in store.notes_before(script.session_id, NodeId(3), 1000).notes
    ] == [
        "First way.",
        "Common.",
    ]


def test_notes_on_the_way_to_a_blocked_attempt_are_those_of_its_step(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), script.complete(Sent(notes="Before.")), script.block())
    told(store, script.complete(Sent(notes="At last.")))

    assert [n.notes for n in store.notes_before(script.session_id, NodeId(3), 1000).notes] == [
        "Before."
    ]
    assert [n.notes for n in store.notes_before(script.session_id, NodeId(4), 1000).notes] == [
        "At last.",
        "Before.",
    ]


def test_an_unknown_session_and_an_unknown_node_are_different_failures(store: SessionStore):
    script = SessionScript()
    store.commit(script.start())

    with pytest.raises(SessionNotFoundError):
        store.head(SessionId("sess_unknown"))
    with pytest.raises(CorruptSessionError):
        store.node(script.session_id, NodeId(9))


def test_notes_come_back_to_the_last_byte_whatever_they_hold(store: SessionStore):
    script = SessionScript()
    odd = "before\x00after \U0001f600 \u2028 \\u0000 'quoted' \"twice\"\n"
    told(store, script.start(), script.complete(Sent(notes=odd)))

    assert store.notes_before(script.session_id, NodeId(2), 1000).notes[0].notes == odd


def test_a_long_way_back_is_walked_to_its_beginning(store: SessionStore):
    script = SessionScript()
    told(store, script.start(), *(script.complete(Sent(notes=f"{n}")) for n in range(150)))

    trail = store.notes_before(script.session_id, NodeId(151), 10_000)

    assert [note.notes for note in trail.notes] == [f"{n}" for n in reversed(range(150))]
    assert trail.omitted == 0


@pytest.mark.parametrize("odd", ["\x00", "a\x00b \x1a0 \x1a\x1a", "\U0001f600 \u2028 \ufffe"])
def test_a_goal_comes_back_to_the_last_character_whatever_it_holds(store: SessionStore, odd: str):
    script = SessionScript(goal=odd)
    told(store, script.start(), script.complete())

    assert store.head(script.session_id).goal == odd
