"""A message waits until it is dealt with, and one with a key is sent once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workrail_engine.engine import Engine
from workrail_engine.errors import SessionNotFoundError
from workrail_engine.ids import SessionId
from workrail_engine.reader import open_reader
from workrail_engine.store.database import open_for_writing
from workrail_engine.system import Locations
from workrail_engine.testing.driven import Driven, driven, with_a_workflow

UNKNOWN = SessionId("sess_" + "a" * 26)


@pytest.fixture(name="run")
def run_that_was_taken_up(engine: Engine, tmp_path: Path) -> Driven:
    return driven(engine, with_a_workflow(tmp_path / "project"))


@pytest.mark.rule("STORE-87")
def test_a_message_waits_for_its_receiver_alone_until_it_is_dealt_with(
    run: Driven, locations: Locations
):
    mail, session = run.engine.mail, run.session_id
    body = {"kind": "steer", "text": "Mind \x00 the \x1a gap \ud83d.", "n": [1, None, {"a": 0.5}]}
    steer = mail.send(session, "operator", body)
    note = mail.send(None, session, {"kind": "note"})
    later = mail.send(session, "operator", {"kind": "steer"})

    assert [one.number for one in mail.waiting(session)] == [steer, later]
    assert [one.number for one in mail.waiting(None)] == [note]
    first = mail.waiting(session)[0]
    assert (first.session_id, first.sender, first.acknowledged_at) == (session, "operator", None)
    assert first.body == {**body, "text": "Mind \x00 the \x1a gap ?."}

    mail.acknowledge(steer)
    mail.acknowledge(steer)
    mail.acknowledge(later + 7)
    assert [one.number for one in mail.waiting(session)] == [later]
    done = mail.message(steer)
    assert done is not None
    assert done.acknowledged_at is not None
    assert mail.message(later + 7) is None
    with open_reader(locations) as reader:
        assert reader.mail.waiting(session) == mail.waiting(session)
        assert reader.mail.waiting(None) == mail.waiting(None)


@pytest.mark.rule("STORE-88")
def test_a_message_with_a_key_is_sent_once_even_by_several_at_once(run: Driven):
    mail, session = run.engine.mail, run.session_id

    def ask(number: int) -> tuple[int, int]:
        body = {"kind": "question", "key": "ask:3:1", "try": number}
        return mail.send(session, "daemon", body), mail.send(None, "daemon", body)

    with ThreadPoolExecutor(4) as pool:
        numbers = set(pool.map(ask, range(8)))

    assert len(numbers) == 1
    assert (len(mail.waiting(session)), len(mail.waiting(None))) == (1, 1)
    for number in numbers.pop():
        mail.acknowledge(number)
    again = ask(9)
    assert mail.message(again[0]) is not None
    assert mail.waiting(session) == mail.waiting(None) == ()
    other = mail.send(session, "daemon", {"kind": "question", "key": "ask:3:2"})
    assert [one.number for one in mail.waiting(session)] == [other]


@pytest.mark.rule("STORE-87")
def test_nothing_is_sent_to_a_session_that_is_not_there(engine: Engine):
    with pytest.raises(SessionNotFoundError):
        engine.mail.send(UNKNOWN, "operator", {"kind": "steer"})
    with pytest.raises(SessionNotFoundError):
        engine.mail.waiting(UNKNOWN)


@pytest.mark.rule("STORE-87")
def test_a_message_that_cannot_be_read_hides_no_other(run: Driven, locations: Locations):
    run.engine.mail.send(run.session_id, "operator", {"kind": "steer"})
    run.engine.mail.send(run.session_id, "operator", {"kind": "raise", "usd": 5})
    database = open_for_writing(locations.store)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE mailbox SET body = '{' WHERE number = 1")
    database.close()

    bodies = [one.body for one in run.engine.mail.waiting(run.session_id)]
    assert bodies == [{}, {"kind": "raise", "usd": 5}]
