"""A page is used again for who asks for the same, and never when anything it is made from changed."""

import sqlite3
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from workrail_console import turns
from workrail_console.app import create_app
from workrail_console.integrity import DamagedRecord
from workrail_console.kept_pages import KEPT, MOST, KeptPages
from workrail_engine.engine import Engine, StartRequest, Submission
from workrail_engine.ids import SessionId
from workrail_engine.outcomes import StepReady
from workrail_engine.reader import open_reader
from workrail_engine.system import Locations, SystemClock

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.time = SystemClock().now()

    def now(self) -> datetime:
        return self.time


def begin(engine: Engine, goal: str) -> StepReady:
    outcome = engine.start(StartRequest("careful", goal))
    assert isinstance(outcome, StepReady)
    return outcome


def unseen(home: Locations, goal: str) -> None:
    """Give every session another goal without an event, which nothing can notice."""
    with sqlite3.connect(home.database) as connection:  # noqa: TID251  # no program of ours does this
        connection.execute("UPDATE sessions SET goal = ?", (goal,))
    connection.close()


@pytest.mark.rule("CON-20")
def test_the_list_is_made_once_for_who_asks_for_the_same_within_a_second(
    home: Locations, acting: Engine
) -> None:
    begin(acting, "First")
    clock = Clock()
    app = create_app(lambda: open_reader(home), clock)
    client = TestClient(app, base_url="http://127.0.0.1:3456")

    client.get("/")  # from now on the browser says since when it has been looking
    first = client.get("/").text
    unseen(home, "Second")
    same, other = client.get("/").text, client.get("/?all=1").text
    clock.time += KEPT
    later = client.get("/").text

    assert first == same
    assert "Second" not in same
    assert "Second" in other
    assert "Second" in later


@pytest.mark.rule("CON-20")
def test_a_change_in_the_store_or_damage_that_was_found_is_in_the_list_at_once(
    home: Locations, acting: Engine
) -> None:
    session = SessionId(begin(acting, "First").session_id)
    app = create_app(lambda: open_reader(home), Clock())
    client = TestClient(app, base_url="http://127.0.0.1:3456")

    client.get("/")
    begin(acting, "Second")
    changed = client.get("/").text
    app.state.context.integrity.keep(DamagedRecord(session, "First", ("odd",)), 1)
    hurt = client.get("/").text
    app.state.context.integrity.forget(session)
    mended = client.get("/").text

    assert "Second" in changed
    assert f'id="damaged-{session}"' not in changed + mended
    assert f'id="damaged-{session}"' in hurt


@pytest.mark.rule("CON-20")
def test_who_asks_while_a_page_is_made_waits_for_it_and_a_failure_is_not_kept() -> None:
    pages, made = KeptPages(Clock()), list[int]()
    asked, go_on = threading.Event(), threading.Event()
    got: list[bytes] = []

    def make() -> bytes:
        asked.set()
        assert go_on.wait(10)
        made.append(1)
        return b"page"

    def fail() -> bytes:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        pages.page("a", fail)
    threads = [threading.Thread(target=lambda: got.append(pages.page("a", make))) for _ in "12"]
    for thread in threads:
        thread.start()
    assert asked.wait(10)
    go_on.set()
    for thread in threads:
        thread.join(10)

    assert got == [b"page", b"page"]
    assert made == [1]


def test_the_oldest_page_goes_when_there_are_too_many() -> None:
    pages, made = KeptPages(Clock()), list[int]()

    def make(number: int) -> bytes:
        made.append(number)
        return b""

    for number in (*range(MOST), 0, MOST, 0, 1):
        pages.page(number, lambda number=number: make(number))

    assert made == [*range(MOST), MOST, 1]


def test_a_clock_that_was_set_back_makes_the_page_anew() -> None:
    clock = Clock()
    pages, made = KeptPages(clock), list[int]()
    for at in (NOON, NOON - timedelta(hours=1), NOON - timedelta(hours=1)):
        clock.time = at
        pages.page("a", lambda: made.append(1) or b"")

    assert len(made) == 2


@pytest.fixture
def impatient_python() -> Iterator[None]:
    """Threads take turns as often as they can, so that what may overlap does."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.rule("CON-21")
@pytest.mark.usefixtures("impatient_python")
def test_pages_are_made_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 60.0)
    making, together = list[int](), list[int]()

    @turns.in_turn
    def page() -> None:
        making.append(1)
        together.extend(len(making) for _ in range(100))
        making.pop()

    threads = [threading.Thread(target=lambda: [page() for _ in range(20)]) for _ in "1234"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(together) == 4 * 20 * 100
    assert set(together) == {1}


@pytest.mark.rule("CON-21")
def test_a_page_that_takes_long_does_not_keep_the_next_one_waiting() -> None:
    begun, go_on = threading.Event(), threading.Event()

    @turns.in_turn
    def page(*, slow: bool) -> str:
        if slow:
            begun.set()
            assert go_on.wait(10)
        return "made"

    slow = threading.Thread(target=lambda: page(slow=True))
    slow.start()
    assert begun.wait(10)
    quick = page(slow=False)
    still = slow.is_alive()
    go_on.set()
    slow.join(10)

    assert (quick, still) == ("made", True)


@pytest.mark.rule("CON-20")
def test_an_answer_that_is_kept_is_sent_to_each_in_the_form_they_asked_for(
    acting: Engine, console: TestClient
) -> None:
    session = begin(acting, "Look").session_id
    part = {"X-Parts": f"s-{session}"}
    plain = {"Accept-Encoding": "identity"}

    def ask(more: dict[str, str]) -> tuple[str, str | None, str]:
        answer = console.get("/", headers=more)
        return answer.text, answer.headers.get("content-encoding"), answer.headers["vary"]

    console.get("/")  # from now on the browser says since when it has been looking
    first = [ask(more) for more in ({}, plain, part, {**part, **plain})]
    again = [ask(more) for more in ({}, plain, part, {**part, **plain})]

    assert first == again
    (whole, packed, _), (same, unpacked, _), (row, _, varies), (same_row, _, _) = first
    assert whole == same
    assert row == same_row
    assert (packed, unpacked) == ("gzip", None)
    assert len(row) < len(whole) / 2
    assert "X-Parts" in varies


@pytest.mark.rule("CON-22")
def test_how_workflows_are_used_is_counted_once_while_nothing_changes_and_then_at_once(
    home: Locations, acting: Engine, console: TestClient
) -> None:
    first = begin(acting, "Look")

    def told() -> tuple[int, str]:
        (use,) = console.get("/workflows.json").json()["workflows"]
        story = console.get("/workflows/careful.json").json()["story"]
        return use["sessions"], story["recent"][0]["goal"]

    before = told()
    unseen(home, "Seen by nobody")
    still = told()
    begin(acting, "Look again")
    changed = told()
    acting.advance(first.token, Submission(notes="Seen."))

    assert before == still == (1, "Look")
    assert changed == (2, "Look again")
    assert told()[1] == "Seen by nobody"
