"""A part of a long session is told as the whole is, and costs what it holds."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import pytest

from workrail_engine.errors import CorruptSessionError, SessionNotFoundError
from workrail_engine.ids import NodeId, SessionId
from workrail_engine.projections.session_window import OutlineLine, SessionWindow
from workrail_engine.reader import Reader, open_reader
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.system import Locations
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy

T = TypeVar("T")


@pytest.fixture
def store(locations: Locations) -> Iterator[SqlStore]:
    with open_store(locations.store, SeededEntropy()) as opened:
        opened.pin(PINNED_HASH, PINNED)
        yield opened


@pytest.fixture
def reader(locations: Locations, store: SqlStore) -> Iterator[Reader]:
    with open_reader(locations) as opened:
        yield opened


def begun(store: SqlStore, name: str = "one") -> SessionScript:
    script = SessionScript(name)
    store.commit(script.start())
    return script


def steps(store: SqlStore, count: int) -> SessionScript:
    script = begun(store)
    for number in range(1, count):
        store.commit(script.complete(Sent(notes=f"Notes {number}.")))
    return script


class Chance:
    """Choices that look random and are the same in every run with the same seed."""

    def __init__(self, seed: int) -> None:
        self._entropy = SeededEntropy(f"{seed}")

    def below(self, most: int) -> int:
        return int.from_bytes(self._entropy.bytes(4)) % most

    def one_of(self, values: Sequence[T]) -> T:
        return values[self.below(len(values))]


def wander(store: SqlStore, seed: int, changes: int) -> SessionScript:
    """A session with everything in it that a session can have."""
    chance = Chance(seed)
    script = begun(store, f"seed {seed}")
    log = {"kind": "test.log", "seed": seed}
    for number in range(changes):
        sent = Sent(
            notes=chance.one_of([None, f"Notes {number}."]),
            artifacts=chance.one_of([(), (log,)]),
            checks=chance.one_of([(), ({"said": f"check {number}"},)]),
        )
        tip = script.state.nodes[script.state.tip or NodeId(1)]
        if tip.kind == "waiting":
            answer = chance.one_of([script.approve, script.reject])
            store.commit(answer("So be it."))
            continue
        match chance.below(8):
            case 0 | 1:
                store.commit(script.block(sent))
            case 2:
                store.commit(script.wait(sent, {"diff": number}))
            case 3:
                store.commit(script.checkpoint(f"Checkpoint {number}."))
            case 4:
                taken = [n for n, node in script.state.nodes.items() if node.kind == "step"]
                store.commit(script.complete(sent, node=chance.one_of(taken)))
            case _:
                store.commit(script.complete(sent))
    return script


def windows(reader: Reader, session_id: SessionId, limit: int) -> list[SessionWindow]:
    starts = reader.inspection.window(session_id, limit=limit).starts
    return [reader.inspection.window(session_id, start, limit) for start in starts]


@pytest.mark.rule("CON-90")
@pytest.mark.parametrize("seed", range(4))
def test_the_windows_of_a_session_together_are_the_whole_session(
    store: SqlStore, reader: Reader, seed: int
):
    script = wander(store, seed, 70)
    whole = reader.session(script.session_id)

    for limit in (1, 7, 40):
        told = windows(reader, script.session_id, limit)

        assert tuple(line for one in told for line in one.detail.nodes) == whole.nodes
        assert all(replace(one.detail, nodes=whole.nodes) == whole for one in told)
        assert {one.nodes_in_all for one in told} == {len(whole.nodes)}
        at = 0
        for one in told:
            assert one.first == at + 1
            assert one.before == whole.nodes[max(at - 1, 0) : at]
            assert len(one.detail.nodes) <= 2 * limit
            at += len(one.detail.nodes)


def test_without_a_node_the_last_window_is_told(store: SqlStore, reader: Reader):
    script = steps(store, 25)

    window = reader.inspection.window(script.session_id, limit=10)

    assert window.starts == (1, 11, 21)
    assert (window.first, window.nodes_in_all) == (21, 25)
    assert [line.node_id for line in window.detail.nodes] == [21, 22, 23, 24, 25]
    assert [line.node_id for line in window.before] == [20]


@pytest.mark.parametrize(("node", "first"), [(1, 1), (10, 1), (11, 11), (25, 21), (99, 21), (0, 1)])
def test_a_node_is_in_its_window(store: SqlStore, reader: Reader, node: int, first: int):
    script = steps(store, 25)

    window = reader.inspection.window(script.session_id, NodeId(node), 10)

    assert window.first == first
    assert (node in {line.node_id for line in window.detail.nodes}) == (0 < node <= 25)


def test_the_last_node_of_a_window_says_how_it_was_completed(store: SqlStore, reader: Reader):
    script = steps(store, 25)

    last = reader.inspection.window(script.session_id, NodeId(1), 10).detail.nodes[-1]

    assert (last.node_id, last.notes) == (10, "Notes 10.")
    assert last.completed_at is not None


@pytest.mark.rule("CON-91")
def test_attempts_at_one_step_stay_in_one_window(store: SqlStore, reader: Reader):
    script = steps(store, 9)
    for _ in range(4):
        store.commit(script.block())
    for _ in range(5):
        store.commit(script.complete())

    first, second = windows(reader, script.session_id, 10)

    assert [line.kind for line in first.detail.nodes][8:] == ["step", *["blocked"] * 4]
    assert [line.node_id for line in second.detail.nodes] == [14, 15, 16, 17, 18]


@pytest.mark.rule("CON-210")
@pytest.mark.parametrize(
    ("nodes", "starts"),
    [(10, (1,)), (11, (1,)), (14, (1,)), (15, (1, 11)), (24, (1, 11)), (25, (1, 11, 21))],
)
def test_the_last_window_is_never_nearly_empty(
    store: SqlStore, reader: Reader, nodes: int, starts: tuple[int, ...]
):
    script = steps(store, nodes)

    window = reader.inspection.window(script.session_id, limit=10)

    assert window.starts == starts
    assert window.detail.nodes[-1].node_id == nodes


@pytest.mark.rule("CON-91")
def test_attempts_that_would_fill_a_window_are_parted_and_the_one_before_is_told(
    store: SqlStore, reader: Reader
):
    script = begun(store)
    for number in range(25):
        store.commit(script.block(Sent(notes=f"Try {number}.")))

    told = windows(reader, script.session_id, 10)

    assert [one.first for one in told] == [1, 11]
    assert [line.notes for line in told[1].before] == ["Try 8."]
    assert told[1].detail.nodes[0].kind == "blocked"


def test_a_step_says_that_it_was_completed_although_that_happened_in_another_window(
    store: SqlStore, reader: Reader
):
    script = begun(store)
    for _ in range(25):
        store.commit(script.block())
    store.commit(script.complete(Sent(notes="At last.")))

    first, *_ = windows(reader, script.session_id, 10)

    assert {line.completed_at for line in first.detail.nodes} == {"2026-03-02T09:27:00.000000Z"}
    assert first.detail.nodes[0].notes is None


def test_checks_of_an_attempt_that_led_to_a_later_window_are_told_where_it_was_made(
    store: SqlStore, reader: Reader
):
    script = steps(store, 25)
    store.commit(script.complete(Sent(checks=({"said": "late"},)), node=2))

    window = reader.inspection.window(script.session_id, NodeId(2), 10)

    (check,) = window.detail.nodes[1].checks
    assert (check.outcome, check.led_to) == ("passed", 26)
    assert [line.on_tip_branch for line in window.detail.nodes] == [True, True, *[False] * 8]


@pytest.mark.rule("CON-90")
def test_damage_elsewhere_in_the_log_does_not_keep_a_window_from_being_told(
    locations: Locations, store: SqlStore, reader: Reader
):
    script = steps(store, 40)
    opened = open_for_writing(locations.store)
    with opened.writing() as connection:
        connection.exec_driver_sql("UPDATE events SET payload = '{' WHERE seq > 40")
    opened.close()

    assert len(reader.inspection.window(script.session_id, NodeId(1), 10).detail.nodes) == 10
    assert len(reader.inspection.outline(script.session_id)) == 40
    with pytest.raises(CorruptSessionError, match=script.session_id):
        reader.inspection.window(script.session_id, NodeId(25), 10)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM nodes",
        "DELETE FROM nodes WHERE node = 4",
        "DELETE FROM blobs",
        "UPDATE blobs SET data = X'00', packed = 1",
        "UPDATE nodes SET position = '{'",
    ],
)
def test_a_session_that_contradicts_itself_is_said_to_be_damaged(
    locations: Locations, store: SqlStore, reader: Reader, damage: str
):
    script = steps(store, 4)
    opened = open_for_writing(locations.store)
    with opened.writing() as connection:
        dialect = connection.dialect.name
        said = damage.replace("X'00'", "'\\x00'") if dialect == "postgresql" else damage
        connection.exec_driver_sql(said)
    opened.close()

    with pytest.raises(CorruptSessionError, match=script.session_id):
        reader.inspection.window(script.session_id)


def test_an_outline_names_every_node(store: SqlStore, reader: Reader):
    script = steps(store, 3)
    store.commit(script.block())
    store.commit(script.complete(node=1))

    assert reader.inspection.outline(script.session_id) == (
        OutlineLine(NodeId(1), "step", "Step 1", None, on_tip_branch=True),
        OutlineLine(NodeId(2), "step", "Step 2", None, on_tip_branch=False),
        OutlineLine(NodeId(3), "step", "Step 3", None, on_tip_branch=False),
        OutlineLine(NodeId(4), "blocked", "Step 3", None, on_tip_branch=False),
        OutlineLine(NodeId(5), "step", "Step 2", None, on_tip_branch=True),
    )


def test_a_session_that_is_not_there_has_no_windows(reader: Reader):
    unknown = SessionId("sess_unknown")
    with pytest.raises(SessionNotFoundError, match="No session sess_unknown in this store"):
        reader.inspection.window(unknown)
    with pytest.raises(SessionNotFoundError):
        reader.inspection.outline(unknown)


def test_where_nothing_was_stored_no_session_is_there(locations: Locations):
    with open_reader(locations) as reader:
        with pytest.raises(SessionNotFoundError):
            reader.inspection.window(SessionId("sess_x"))
        with pytest.raises(SessionNotFoundError):
            reader.inspection.outline(SessionId("sess_x"))
