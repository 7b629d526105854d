"""A log is shown line by line, and what is wrong with a line is said on it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from workrail_engine.errors import SessionNotFoundError
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.event_page import EventPage
from workrail_engine.reader import Reader, open_reader
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.positions import head, history
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy

PAGE = 4096
MARK = "the marked middle of very long notes"


@pytest.fixture
def store(locations: Locations) -> Iterator[SqlStore]:
    with open_store(locations.store, SeededEntropy()) as opened:
        opened.pin(PINNED_HASH, PINNED)
        yield opened


@pytest.fixture
def reader(locations: Locations, store: SqlStore) -> Iterator[Reader]:
    with open_reader(locations) as opened:
        yield opened


def steps(store: SqlStore, count: int) -> SessionScript:
    script = SessionScript()
    store.commit(script.start())
    for number in range(1, count):
        store.commit(script.complete(Sent(notes=f"Notes {number}.")))
    return script


def change(home: Locations, statement: str, *values: object) -> None:
    opened = open_for_writing(home.store)
    with opened.writing() as connection:
        mark = "%s" if connection.dialect.name == "postgresql" else "?"
        connection.exec_driver_sql(statement.replace("?", mark), values)
    opened.close()


def seqs(page: EventPage) -> list[int]:
    return [line.seq for line in page.lines]


def test_pages_of_a_log_follow_each_other_without_gap_or_overlap(store: SqlStore, reader: Reader):
    script = steps(store, 4)

    first = reader.inspection.events(script.session_id, limit=3)
    second = reader.inspection.events(script.session_id, first.next_after or 0, limit=3)
    third = reader.inspection.events(script.session_id, second.next_after or 0, limit=3)

    assert [seqs(page) for page in (first, second, third)] == [[1, 2, 3], [4, 5, 6], [7, 8]]
    assert third.next_after is None
    assert {page.total for page in (first, second, third)} == {8}
    assert first.kinds == {"session_started": 1, "step_completed": 3, "step_reached": 4}


def test_a_full_last_page_says_it_is_the_last(store: SqlStore, reader: Reader):
    script = steps(store, 2)

    assert reader.inspection.events(script.session_id, limit=4).next_after is None


def test_a_log_can_be_narrowed_by_kind_and_node(store: SqlStore, reader: Reader):
    script = steps(store, 4)
    of = script.session_id

    assert seqs(reader.inspection.events(of, kind="step_completed")) == [3, 5, 7]
    assert seqs(reader.inspection.events(of, node=NodeId(2))) == [4, 5]
    assert seqs(reader.inspection.events(of, kind="step_reached", node=NodeId(2))) == [4]
    narrowed = reader.inspection.events(of, kind="step_completed", limit=2)
    assert (seqs(narrowed), narrowed.next_after, narrowed.total) == ([3, 5], 5, 8)
    assert seqs(reader.inspection.events(of, after=5, kind="step_completed")) == [7]
    assert reader.inspection.events(of, kind="nothing").lines == ()


@pytest.mark.rule("CON-92")
def test_a_line_has_the_hash_the_next_one_names(
    locations: Locations, store: SqlStore, reader: Reader
):
    script = steps(store, 3)
    opened = open_for_writing(locations.store)
    with opened.reading() as connection:
        links = list(history(connection, script.session_id))
        last = head(connection, script.session_id).head_hash
    opened.close()

    lines = reader.inspection.events(script.session_id).lines

    named = [f"sha256:{link.prev_hash.hex()}" for link in links[1:]]
    assert [line.hash for line in lines] == [*named, last]
    assert [line.problem for line in lines] == [None] * 6
    assert [
        line.hash
        for line in reader.inspection.events(script.session_id, kind="step_completed").lines
    ] == [
        named[2],
        named[4],
    ]
    assert lines[2].payload is not None
    assert lines[2].payload["notes"] == "Notes 1."
    assert lines[2].at == "2026-03-02T09:02:00.000000Z"


@pytest.mark.rule("CON-92")
@pytest.mark.parametrize(
    ("payload", "said"),
    [
        ("{", "its content is not a JSON object"),
        ("[1]", "its content is not a JSON object"),
        ('{"node": NaN}', "its content is not a JSON object"),
        ('{"node": "\\ud800"}', "its content is not a JSON object"),
        ("[" * 20_000, "its content is not a JSON object"),
        ('{"node": 7}', "step_reached has no field 'step_id'"),
    ],
)
def test_a_line_that_cannot_be_read_says_so_and_hides_no_other(
    locations: Locations, store: SqlStore, reader: Reader, payload: str, said: str
):
    script = steps(store, 3)
    change(locations, "UPDATE events SET payload = ? WHERE seq = 2", payload)

    lines = reader.inspection.events(script.session_id).lines

    assert [line.seq for line in lines] == [1, 2, 3, 4, 5, 6]
    assert said in (lines[1].problem or "")
    assert [line.problem for line in lines if line.seq != 2] == [None] * 5
    json.dumps([line.payload for line in lines], allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.rule("CON-92")
@pytest.mark.parametrize("seq", [3, 6])
def test_a_line_that_was_changed_says_so(
    locations: Locations, store: SqlStore, reader: Reader, seq: int
):
    script = steps(store, 3)
    before = reader.inspection.events(script.session_id).lines[seq - 1]
    change(locations, "UPDATE events SET at = at + 1 WHERE seq = ?", seq)

    lines = reader.inspection.events(script.session_id).lines

    assert [line.seq for line in lines if line.problem is not None] == [seq]
    assert "it was changed" in (lines[seq - 1].problem or "")
    assert lines[seq - 1].hash == before.hash
    assert lines[seq - 1].payload == before.payload


def test_bytes_that_are_no_text_are_a_problem_of_their_line(tmp_path: Path):
    home = Locations.under(tmp_path / "home")
    with open_store(home.store, SeededEntropy()) as store:
        script = steps(store, 2)
    change(home, "UPDATE events SET payload = CAST(x'7b226eff223a317d' AS TEXT) WHERE seq = 2")

    with open_reader(home) as reader:
        lines = reader.inspection.events(script.session_id).lines

    assert [line.payload is None for line in lines] == [False, True, False, False]
    assert lines[1].problem is not None


@pytest.mark.rule("CON-92")
def test_what_lies_where_the_file_is_damaged_is_told_by_its_place(tmp_path: Path):
    home = Locations.under(tmp_path / "home")
    script = SessionScript()
    with open_store(home.store, SeededEntropy()) as store:
        store.commit(script.start())
        store.commit(script.complete(Sent(notes=f"{'x' * 12_000}{MARK}{'y' * 12_000}")))
        store.commit(script.complete(Sent(notes="Whole.")))
    data = bytearray(home.database.read_bytes())
    page = data.index(MARK.encode()) // PAGE * PAGE
    data[page : page + 4] = b"\xff\xff\xff\xff"
    home.database.write_bytes(data)

    with open_reader(home) as reader:
        told = reader.inspection.events(script.session_id)
        rest = reader.inspection.events(script.session_id, after=3, limit=1)
        narrowed = reader.inspection.events(script.session_id, kind="step_completed")

    assert seqs(told) == [1, 2, 3, 4, 5, 6]
    assert [line.seq for line in told.lines if line.problem is not None] == [3]
    assert "the file is damaged where this event lies" in (told.lines[2].problem or "")
    assert (seqs(rest), rest.next_after) == ([4], 4)
    assert seqs(narrowed) == [3, 5]
    assert told.total == 6


@pytest.mark.parametrize("huge", [2**31, 2**63, 10**40])
def test_numbers_no_log_has_find_nothing(store: SqlStore, reader: Reader, huge: int):
    script = steps(store, 2)

    assert reader.inspection.events(script.session_id, after=huge).lines == ()
    assert reader.inspection.events(script.session_id, node=NodeId(huge)).lines == ()
    assert len(reader.inspection.events(script.session_id, after=-huge, limit=huge).lines) == 4
    assert len(reader.inspection.events(script.session_id, limit=-huge).lines) == 1


def test_a_session_that_is_not_there_has_no_log(tmp_path: Path, reader: Reader):
    unknown = SessionId("sess_unknown")
    with pytest.raises(SessionNotFoundError, match="No session sess_unknown in this store"):
        reader.inspection.events(unknown)
    with open_reader(tmp_path / "none.db") as empty, pytest.raises(SessionNotFoundError):
        empty.inspection.events(unknown)
