"""Which records are whole: checked in the background, what is shown first."""

import sqlite3
import threading
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from workrail_console.app import create_app
from workrail_console.integrity import (
    DAMAGED_KEPT,
    WANTED_KEPT,
    WHOLE_KEPT,
    DamagedRecord,
    IntegrityBook,
    Verifier,
)
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import StepReady
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock


def begin(engine: Engine, goal: str) -> StepReady:
    outcome = engine.start(StartRequest("careful", goal))
    assert isinstance(outcome, StepReady)
    return outcome


def hurt(home: Locations, goal: str, engine: Engine) -> SessionId:
    first = begin(engine, goal)
    engine.advance(first.token, Submission(notes=f"Found {goal}."))
    with sqlite3.connect(home.database) as connection:  # noqa: TID251  # plants the damage
        connection.execute(
            f"UPDATE events SET payload = replace(payload, 'Found {goal}.', 'Lost it.')"  # noqa: S608  # a test's own text
        )
    connection.close()
    return SessionId(first.session_id)


def swept(verifier: Verifier) -> Iterator[float]:
    """One round over everything."""
    for rest in verifier.sweep():
        yield rest
        if rest > 1:
            return


@pytest.mark.rule("CON-17")
def test_a_round_finds_every_damaged_record_and_says_how_far_it_is(
    home: Locations, acting: Engine
) -> None:
    bad = {hurt(home, "one", acting), hurt(home, "two", acting)}
    for number in range(120):
        begin(acting, f"Whole {number}")
    book = IntegrityBook()
    verifier = Verifier(book, lambda: open_reader(home))

    list(swept(verifier))

    progress = book.progress()
    assert {record.session_id for record in book.damaged()} == bad
    assert {record.goal for record in book.damaged()} == {"one", "two"}
    assert (progress.checked, progress.of, progress.rounds, progress.damaged) == (122, 122, 1, 2)


@pytest.mark.rule("CON-17")
def test_what_someone_looks_at_is_checked_before_the_rest(home: Locations, acting: Engine) -> None:
    shown = hurt(home, "shown", acting)
    with open_reader(home) as reader:
        events = reader.session(shown).summary.event_count
    book = IntegrityBook()
    verifier = Verifier(book, lambda: open_reader(home))

    before = book.of(shown, events)
    worked = verifier.check_wanted()
    after = book.of(shown, events)

    assert (before.word, worked, after.word) == ("unchecked", True, "damaged")
    assert book.damaged()[0].goal == "shown"
    assert verifier.check_wanted() is False


def test_a_record_that_went_on_is_unchecked_again(home: Locations, acting: Engine) -> None:
    first = begin(acting, "Goes on")
    session_id = SessionId(first.session_id)
    book = IntegrityBook()
    with open_reader(home) as reader:
        events = reader.session(session_id).summary.event_count
        book.check(reader, session_id, events)

    assert book.of(session_id, events).word == "whole"
    assert book.of(session_id, events + 1).word == "unchecked"


def test_a_damaged_record_that_was_mended_is_whole_once_it_is_checked_again(
    home: Locations, acting: Engine
) -> None:
    first = begin(acting, "Mended")
    session_id = SessionId(first.session_id)
    book = IntegrityBook()
    with open_reader(home) as reader:
        events = reader.session(session_id).summary.event_count
        book.keep(DamagedRecord(session_id, "Mended", ("event 2 is odd",)), events)
        assert book.of(session_id, events).word == "damaged"
        book.check(reader, session_id, events)

    assert book.of(session_id, events).word == "whole"
    assert book.damaged() == ()


def test_a_session_that_is_gone_is_forgotten(home: Locations, acting: Engine) -> None:
    begin(acting, "Stays")
    gone = SessionId("sess_" + "b" * 26)
    book = IntegrityBook()
    book.keep(DamagedRecord(gone, "Gone", ("odd",)), 3)
    book.of(gone, 4)

    assert Verifier(book, lambda: open_reader(home)).check_wanted() is True
    assert book.damaged() == ()


def test_the_book_has_a_last_page() -> None:
    book = IntegrityBook()
    ids = [SessionId(f"sess_{number:026d}") for number in range(WHOLE_KEPT + 10)]
    for session_id in ids:
        book.keep(DamagedRecord(session_id, "", ()), 1)
    for session_id in ids[: DAMAGED_KEPT + 10]:
        book.keep(DamagedRecord(session_id, "", ("odd",)), 1)
    for session_id in ids:
        book.of(session_id, 2)

    assert book.damaged_count() == DAMAGED_KEPT
    wanted = 0
    while book.wanted() is not None:
        wanted += 1
    assert wanted == WANTED_KEPT


@pytest.mark.rule("CON-17")
def test_a_running_console_finds_damage_by_itself_and_stops_when_it_is_told(
    home: Locations, acting: Engine
) -> None:
    bad = hurt(home, "night", acting)
    app = create_app(lambda: open_reader(home), SystemClock())
    with TestClient(app, base_url="http://127.0.0.1:3456") as client:
        found = threading.Event()
        book: IntegrityBook = app.state.context.integrity
        for _ in range(200):
            if book.damaged_count():
                break
            found.wait(0.05)
        page = client.get("/").text

    assert f'id="damaged-{bad}"' in page
    named = [thread.name for thread in threading.enumerate() if thread.name == "verifier"]
    for thread in threading.enumerate():
        if thread.name == "verifier":
            thread.join(10)
    assert [t.name for t in threading.enumerate() if t.name == "verifier"] == [], named
