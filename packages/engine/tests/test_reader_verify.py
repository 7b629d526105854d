"""Whatever is changed in a stored session, `verify` says so and says where."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from workrail_engine.projections.verification import Verification
from workrail_engine.reader import open_reader
from workrail_engine.session.events import artifacts_of
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import open_store
from workrail_engine.testing.record import verified
from workrail_engine.testing.session_script import PINNED, PINNED_HASH, Sent, SessionScript
from workrail_engine.testing.world import SeededEntropy


def spoken(connection: Connection, statement: str) -> str:
    """A statement with its bytes as the database writes them."""
    if connection.dialect.name == "sqlite":
        return statement
    return re.sub(
        r"x'(\w*)'", r"'\\x\1'::bytea", statement.replace("zeroblob(32)", f"x'{'00' * 32}'")
    )


@dataclass(frozen=True)
class Stored:
    place: Path | str
    script: SessionScript

    def damage(self, *statements: str) -> None:
        self.change(
            lambda connection: [
                connection.exec_driver_sql(spoken(connection, statement))
                for statement in statements
            ]
        )

    def change(self, work: Callable[[Connection], object]) -> None:
        database = open_for_writing(self.place)
        with database.writing() as connection:
            work(connection)
        database.close()

    def verify(self) -> Verification:
        return verified(self.place, self.script.session_id)


@pytest.fixture
def stored(place: Path | str) -> Iterator[Stored]:
    """A session with a completed step, a blocked attempt, a checkpoint, artifacts and an end."""
    script = SessionScript()
    log = {"kind": "test.log", "lines": ["x" * 50] * 20}
    with open_store(place, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        for change in (
            script.start(),
            script.complete(Sent(artifacts=(log,), context={"size": 1})),
            script.block(),
            script.complete(Sent(notes="Sent at last.")),
            script.checkpoint(),
            script.finish(),
        ):
            store.commit(change)
        yield Stored(place, script)


@pytest.mark.rule("STORE-4")
def test_a_whole_session_has_no_problems(stored: Stored):
    verification = stored.verify()

    assert verification.problems == ()
    assert verification.events == len(stored.script.events) == 10


@pytest.mark.rule("STORE-4")
@pytest.mark.parametrize(
    ("damage", "first_problem"),
    [
        (
            "UPDATE events SET payload = replace(payload, 'found', 'faked') WHERE seq = 3",
            "event 3 was changed: event 4 recorded another hash of it",
        ),
        (
            "UPDATE events SET at = at + 1 WHERE seq = 5",
            "event 5 was changed: event 6 recorded another hash of it",
        ),
        (
            "UPDATE events SET kind = 'step_done' WHERE seq = 4",
            "event 4 (step_reached) cannot be read",
        ),
        (
            "UPDATE events SET node = 9 WHERE seq = 4",
            "event 4 (step_reached) cannot be read: its row says node 9",
        ),
        ("DELETE FROM events WHERE seq = 4", "event 4 is missing: event 5 comes next"),
        ("DELETE FROM events WHERE seq = 1", "event 1 is missing: event 2 comes next"),
        (
            "DELETE FROM events WHERE seq = 10",
            "there are 9 events, and the session's row says 10",
        ),
        (
            "UPDATE events SET payload = replace(payload, '4', '5') WHERE seq = 10",
            "event 10 was changed: the session's row recorded another hash of it",
        ),
        (
            "UPDATE events SET prev_hash = (SELECT prev_hash FROM events WHERE seq = 5)"
            " WHERE seq = 1",
            "event 1 does not begin a log",
        ),
        (
            "UPDATE events SET payload = '{' WHERE seq = 3",
            "event 3 (step_completed) cannot be read: step_completed is not JSON",
        ),
        (
            "UPDATE events SET payload = CAST(x'7bff7d' AS TEXT) WHERE seq = 3",
            "event 3 (step_completed) cannot be read",
        ),
        (
            "UPDATE sessions SET status = 'running'",
            "the session's row says status 'running', and the log says 'completed'",
        ),
        ("UPDATE sessions SET goal = 'Other'", "the session's row says goal 'Other'"),
        ("UPDATE sessions SET tip = 1", "the session's row says tip 1, and the log says 6"),
        ("UPDATE nodes SET children = 7 WHERE node = 2", "node 2 differs from the log in children"),
        (
            "UPDATE nodes SET step_id = 'x', position = replace(position, '0', '1') WHERE node = 1",
            "the row of node 1 differs from the log in step_id, position",
        ),
        ("UPDATE nodes SET position = '{}' WHERE node = 1", "the row of node 1 cannot be read"),
        ("DELETE FROM nodes WHERE node = 5", "node 5 is in the log and has no row"),
        (
            "INSERT INTO nodes SELECT session, 44, parent, kind, step_id, title, iteration,"
            " position, context_ref, kept, trace, arrival, children FROM nodes WHERE node = 1",
            "node 44 has a row and is not in the log",
        ),
        (
            "UPDATE attempts SET payload_digest = zeroblob(32) WHERE node = 1",
            "event 3 used an attempt whose row does not say so",
        ),
        ("DELETE FROM attempts", "event 3 used an attempt whose row does not say so"),
        ("DELETE FROM blobs WHERE packed = 1", "artifact test.log of event 3 is missing"),
        (
            "UPDATE blobs SET data = x'00' WHERE packed = 1",
            "artifact test.log of event 3 is not what its digest says",
        ),
        (
            "UPDATE blobs SET data = x'00' WHERE packed = 0",
            "the context of node",
        ),
        ("DELETE FROM workflows", "the pinned workflow is missing"),
        (
            "UPDATE workflows SET packed = 0, document = x'7b7d'",
            "the pinned workflow is not what its hash says",
        ),
        (
            "UPDATE workflows SET packed = 1, document = x'7b7d'",
            "the pinned workflow is not what its hash says",
        ),
    ],
)
def test_every_damage_is_found_and_named(stored: Stored, damage: str, first_problem: str):
    stored.damage(damage)

    problems = stored.verify().problems

    assert problems
    assert first_problem in _tidy(problems[0])


def _tidy(problem: str) -> str:
    """A changed kind is named as it now is; here as it was."""
    return problem.replace("(step_done)", "(step_reached)")


@pytest.mark.rule("STORE-4")
def test_an_event_put_in_with_a_matching_hash_still_contradicts_the_next_one(stored: Stored):
    def insert(connection: Connection) -> None:
        connection.exec_driver_sql("UPDATE events SET seq = -(seq + 1) WHERE seq > 3")
        connection.exec_driver_sql("UPDATE events SET seq = -seq WHERE seq < 0")
        row = connection.exec_driver_sql("SELECT * FROM events WHERE seq = 3").one()
        head = f"{row.seq}\n{row.kind}\n{row.node}\n{row.at}\n{row.payload}".encode()
        link = hashlib.sha256(row.prev_hash + head).digest()
        connection.execute(
            text(
                "INSERT INTO events VALUES (:s, 4, 'branch_started', 1, :at, :link, :payload, NULL)"
            ),
            {"s": row.session, "at": row.at, "link": link, "payload": '{"node":1}'},
        )
        connection.exec_driver_sql("UPDATE sessions SET event_count = event_count + 1")

    stored.change(insert)

    assert stored.verify().problems[0] == (
        "event 4 was changed: event 5 recorded another hash of it"
    )


@pytest.mark.rule("STORE-10")
def test_damage_of_one_session_is_no_problem_of_another(stored: Stored):
    other = SessionScript("other")
    with open_store(stored.place, SeededEntropy()) as store:
        store.commit(other.start())
    stored.damage("UPDATE events SET payload = '{}' WHERE session = 1")

    with open_reader(stored.place) as reader:
        assert reader.verify(other.session_id).problems == ()
        assert reader.verify(stored.script.session_id).problems


@pytest.fixture(name="judged")
def session_with_checks_and_approvals(place: Path | str) -> Iterator[Stored]:
    """Start 1-2, checked and waiting 3-4, rejected 5-6, waiting 7, approved 8-10."""
    script = SessionScript()
    held = Sent(notes="The plan.", checks=({"kind": "wr.check_output", "text": "2 passed"},))
    with open_store(place, SeededEntropy()) as store:
        store.pin(PINNED_HASH, PINNED)
        for change in (
            script.start(),
            script.wait(held, {"kind": "wr.diff", "diff": "+ a line"}),
            script.reject("Why?"),
            script.wait(Sent(notes="The better plan.")),
            script.approve("Go."),
        ):
            store.commit(change)
        yield Stored(place, script)


@pytest.mark.rule("STORE-78")
@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (
            "UPDATE events SET payload = replace(payload, 'passed', 'failed') WHERE seq = 3",
            "event 3 was changed: event 4 recorded another hash of it",
        ),
        (
            "UPDATE events SET payload = replace(payload, 'sha256:', 'sha256:0') WHERE seq = 4",
            "event 4 was changed: event 5 recorded another hash of it",
        ),
        (
            "UPDATE events SET payload = replace(payload, 'ada', 'eve') WHERE seq = 5",
            "event 5 was changed: event 6 recorded another hash of it",
        ),
        (
            "UPDATE events SET payload = replace(payload, 'rejected', 'approved') WHERE seq = 5",
            "event 5 was changed: event 6 recorded another hash of it",
        ),
        ("DELETE FROM events WHERE seq = 8", "event 8 is missing"),
        (
            "UPDATE nodes SET kept = replace(kept, 'plan', 'lie') WHERE node = 2",
            "the row of node 2 differs from the log in notes",
        ),
        (
            "UPDATE nodes SET kind = 'step' WHERE node = 2",
            "the row of node 2 ",
        ),
        (
            "DELETE FROM blobs WHERE digest = {output}",
            "artifact wr.check_output of event 3 is miss",
        ),
        ("DELETE FROM blobs WHERE digest = {diff}", "artifact wr.diff of event 4 is missing"),
        (
            "UPDATE blobs SET data = {other} WHERE digest = {diff}",
            "artifact wr.diff of event 4 is not what its digest says",
        ),
        (
            "UPDATE attempts SET payload_digest = NULL, outcome_node = NULL"
            " WHERE outcome_node IS NOT NULL AND node = 4",
            "event 9 used an attempt whose row does not say so",
        ),
        ("DELETE FROM attempts WHERE node = 1", "event 4 used an attempt whose row does not"),
    ],
)
def test_damage_to_checks_and_approvals_is_named(judged: Stored, damage: str, named: str):
    contents = {ref.kind: ref.digest for one in judged.script.events for ref in artifacts_of(one)}
    spelled = {
        "output": f"x'{contents['wr.check_output'].removeprefix('sha256:')}'",
        "diff": f"x'{contents['wr.diff'].removeprefix('sha256:')}'",
        "other": "x'7b7d'",
    }
    assert judged.verify().problems == ()

    judged.damage(damage.format(**spelled))

    problems = judged.verify().problems
    assert any(problem.startswith(named) for problem in problems), problems
