"""What can be seen of the sessions, without anything else running."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from workrail_engine.canonical import canonical_bytes, digest
from workrail_engine.errors import (
    ArtifactNotFoundError,
    CorruptSessionError,
    InvalidInputError,
    SessionNotFoundError,
)
from workrail_engine.ids import Digest, SessionId
from workrail_engine.projections.resume_ranking import ResumeAsk
from workrail_engine.projections.session_detail import ArtifactLine
from workrail_engine.projections.session_summary import SessionSummary
from workrail_engine.reader import EventRecord, Reader, open_reader
from workrail_engine.session.events import Workspace
from workrail_engine.store import queries
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import MORNING, SeededEntropy


@pytest.fixture
def home(tmp_path: Path, place: Path | str) -> Locations:
    return replace(
        Locations.under(tmp_path / "home"), database_url=place if isinstance(place, str) else None
    )


@pytest.fixture
def store(home: Locations) -> Iterator[SqlStore]:
    with open_store(home.store, SeededEntropy()) as opened:
        opened.pin(PINNED_HASH, PINNED)
        yield opened


@pytest.fixture
def reader(home: Locations, store: SqlStore) -> Iterator[Reader]:
    with open_reader(home) as opened:
        yield opened


@pytest.mark.rule("STORE-7")
def test_where_nothing_was_stored_there_is_nothing_to_see_and_nothing_is_made(home: Locations):
    with open_reader(home) as reader:
        assert reader.sessions().sessions == ()
        assert reader.ids_starting("sess_") == ()
        assert reader.candidates(ResumeAsk(query="anything")) == ()
        with pytest.raises(SessionNotFoundError):
            reader.session(SessionId("sess_x"))
        with pytest.raises(ArtifactNotFoundError):
            reader.artifact(f"sha256:{'0' * 64}")

    assert not home.home.exists()


def test_a_store_is_readable_when_its_writer_has_gone(home: Locations):
    with open_store(home.store, SeededEntropy()) as store:
        store.commit(SessionScript().start())

    with open_reader(home) as reader:
        assert reader.sessions().total == 1


def test_a_line_of_a_list_says_what_a_session_is_and_where_it_stands(
    store: SqlStore, reader: Reader
):
    parent = SessionScript("parent", "The whole")
    child = SessionScript(
        "child", "A part", Workspace("/w/shop", "/w/shop", "main"), parent.session_id
    )
    for change in (parent.start(), child.start(), child.complete()):
        store.commit(change)

    assert reader.sessions(limit=1).sessions == (
        SessionSummary(
            session_id=child.session_id,
            workflow_id="test.linear",
            workflow_name="Linear",
            goal="A part",
            status="running",
            step_title="Step 2",
            steps_completed=1,
            event_count=4,
            origin="mcp",
            parent_session_id=parent.session_id,
            repository="/w/shop",
            branch="main",
            created_at="2026-03-02T09:01:00.000000Z",
            updated_at="2026-03-02T09:02:00.000000Z",
        ),
    )


def test_pages_follow_each_other_without_gap_or_overlap(store: SqlStore, reader: Reader):
    for number in range(5):
        store.commit(SessionScript(f"s{number}", f"Work {number}").start())

    first = reader.sessions(limit=2)
    second = reader.sessions(limit=2, before=first.next_before)
    third = reader.sessions(limit=2, before=second.next_before)

    goals = [s.goal for page in (first, second, third) for s in page.sessions]
    assert goals == ["Work 4", "Work 3", "Work 2", "Work 1", "Work 0"]
    assert {page.total for page in (first, second, third)} == {5}
    assert third.next_before is None


def test_a_full_last_page_says_it_is_the_last(store: SqlStore, reader: Reader):
    for number in range(2):
        store.commit(SessionScript(f"s{number}").start())

    assert reader.sessions(limit=2).next_before is None


def test_a_place_that_came_from_no_page_is_refused(reader: Reader):
    with pytest.raises(InvalidInputError, match="'yesterday' is not a place in a list"):
        reader.sessions(before="yesterday")


def test_lists_can_be_narrowed_by_status_and_words(store: SqlStore, reader: Reader):
    done, blocked = SessionScript("done", "Ship the walrus"), SessionScript("stuck", "Walrus song")
    store.commit(done.start())
    store.commit(done.finish())
    store.commit(blocked.start())
    store.commit(blocked.block())

    assert [s.goal for s in reader.sessions(status="completed").sessions] == ["Ship the walrus"]
    assert [s.goal for s in reader.sessions(status="blocked").sessions] == ["Walrus song"]
    assert reader.sessions(query="walrus").total == 2
    assert reader.sessions(query="alru song").total == 1
    assert reader.sessions(query="walrus", status="running").total == 0


@pytest.mark.rule("STORE-14")
def test_lists_and_search_read_no_log(store: SqlStore, reader: Reader):
    script = SessionScript()
    store.commit(script.start())
    store.commit(script.complete())
    statements: list[str] = []

    def seen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", seen)
    assert reader.sessions().total == 1
    assert reader.sessions(query="found").total == 1
    event.remove(Engine, "before_cursor_execute", seen)

    assert statements
    assert [statement for statement in statements if "events." in statement] == []


def test_a_story_tells_every_point_of_every_branch(store: SqlStore, reader: Reader):
    script = SessionScript()
    log = {"kind": "test.log", "n": 1}
    changes = [
        script.start(),
        script.complete(Sent(notes="Reproduced.", context={"size": "small"})),
        script.block(Sent(notes=None, artifacts=(log,))),
        script.complete(Sent(notes="Explained.", artifacts=(log,))),
        script.checkpoint("Before the change."),
        script.finish(Sent(notes="Mended.")),
    ]
    for change in changes:
        store.commit(change)

    detail = reader.session(script.session_id)

    assert [(n.node_id, n.parent, n.kind, n.title, n.notes) for n in detail.nodes] == [
        (1, None, "step", "Step 1", "Reproduced."),
        (2, 1, "step", "Step 2", None),
        (3, 2, "blocked", "Step 2", "Explained."),
        (4, 3, "step", "Step 3", "Mended."),
        (5, 4, "checkpoint", "Step 3", "Before the change."),
        (6, 4, "end", None, None),
    ]
    assert [n.completed_at is not None for n in detail.nodes] == [
        *(True, True, True, True, False, False)
    ]
    assert [n.on_tip_branch for n in detail.nodes] == [True, True, True, True, False, True]
    assert detail.nodes[2].blockers[0].remedy == "Send notes."
    assert detail.nodes[2].artifacts == (
        ArtifactLine(Digest(digest(log)), "test.log", len(canonical_bytes(log)), accepted=True),
    )
    assert detail.nodes[0].reached_at == "2026-03-02T09:01:00.000000Z"
    assert detail.nodes[0].completed_at == "2026-03-02T09:02:00.000000Z"
    assert detail.context == {"goal": "Find out why the upload fails", "size": "small"}
    assert detail.workflow_hash == PINNED_HASH
    assert detail.summary == reader.sessions().sessions[0]


def test_a_story_names_the_sessions_started_from_it(store: SqlStore, reader: Reader):
    parent = SessionScript("parent")
    store.commit(parent.start())
    for number in range(2):
        child = SessionScript(f"child {number}", f"Part {number}", parent=parent.session_id)
        store.commit(child.start())

    assert [c.goal for c in reader.session(parent.session_id).children] == ["Part 0", "Part 1"]


def test_ids_can_be_found_by_their_beginning(store: SqlStore, reader: Reader):
    script = SessionScript("alpha")
    store.commit(script.start())
    store.commit(SessionScript("omega").start())

    assert reader.ids_starting(script.session_id[:9]) == (script.session_id,)
    assert len(reader.ids_starting("sess_")) == 2
    assert reader.ids_starting("sess_%") == ()


def test_the_whole_log_can_be_read_in_order(store: SqlStore, reader: Reader):
    script = SessionScript()
    store.commit(script.start())
    store.commit(script.complete(Sent(notes="Reproduced.")))

    records = list(reader.events(script.session_id))

    assert [(r.seq, r.kind, r.node) for r in records] == [
        (1, "session_started", None),
        (2, "step_reached", 1),
        (3, "step_completed", 1),
        (4, "step_reached", 2),
    ]
    assert records[2].payload["notes"] == "Reproduced."
    assert records[2].at == "2026-03-02T09:02:00.000000Z"
    assert isinstance(records[0], EventRecord)


def test_an_artifact_is_read_back_as_canonical_json(store: SqlStore, reader: Reader):
    script = SessionScript()
    artifact = {"z": 1, "kind": "test.log", "a": [1, 2]}
    store.commit(script.start())
    store.commit(script.complete(Sent(artifacts=(artifact,))))

    assert reader.artifact(digest(artifact)) == b'{"a":[1,2],"kind":"test.log","z":1}'
    with pytest.raises(ArtifactNotFoundError, match="No artifact banana in this store"):
        reader.artifact("banana")


def test_a_session_that_is_not_there_is_said_to_be_not_there(reader: Reader):
    unknown = SessionId("sess_unknown")
    with pytest.raises(SessionNotFoundError, match="No session sess_unknown in this store"):
        reader.session(unknown)
    with pytest.raises(SessionNotFoundError):
        reader.verify(unknown)
    with pytest.raises(SessionNotFoundError):
        list(reader.events(unknown))


def test_candidates_are_ranked_with_reasons(store: SqlStore, reader: Reader):
    store.commit(SessionScript("a", "Walrus song", began=MORNING + timedelta(days=1)).start())

    (candidate,) = reader.candidates(ResumeAsk(query="walrus"))

    assert candidate.why == ('it speaks of "walrus"',)


@pytest.mark.rule("STORE-10")
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET payload = '{' WHERE kind = 'step_completed'",
        "UPDATE nodes SET trace = '[[1,2,3]]'",
        'UPDATE nodes SET kept = \'{"blockers":[{"code":"NONE"}]}\'',
        "DELETE FROM nodes WHERE node = 2",
        "DELETE FROM blobs",
    ],
)
def test_a_story_that_cannot_be_told_says_why_and_others_can(
    home: Locations, store: SqlStore, reader: Reader, damage: str
):
    script = SessionScript()
    store.commit(script.start())
    store.commit(script.complete())
    opened = open_for_writing(home.store)
    with opened.writing() as connection:
        connection.exec_driver_sql(damage)
    opened.close()
    whole = SessionScript("whole", "Another")
    store.commit(whole.start())

    with pytest.raises(CorruptSessionError, match=script.session_id):
        reader.session(script.session_id)

    assert len(reader.session(whole.session_id).nodes) == 1
    assert reader.sessions().total == 2


def test_an_event_that_is_not_json_stops_an_export_with_its_number(
    home: Locations, store: SqlStore, reader: Reader
):
    script = SessionScript()
    store.commit(script.start())
    opened = open_for_writing(home.store)
    with opened.writing() as connection:
        connection.exec_driver_sql("UPDATE events SET payload = '{' WHERE seq = 2")
    opened.close()

    with pytest.raises(CorruptSessionError, match="event 2 cannot be read"):
        list(reader.events(script.session_id))


@pytest.mark.rule("STORE-74")
def test_a_list_counts_only_so_far_and_says_that_there_are_more(
    store: SqlStore, home: Locations, monkeypatch: pytest.MonkeyPatch
):
    for name in ("one", "two", "three"):
        store.commit(SessionScript(name=name).start())
    with open_reader(home) as reader:
        whole = reader.sessions()
        monkeypatch.setattr(queries, "MOST_COUNTED", 2)
        cut = reader.sessions()
    assert (whole.total, whole.more) == (3, False)
    assert (cut.total, cut.more) == (2, True)
    assert cut.sessions == whole.sessions
