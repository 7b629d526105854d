"""What waits for a person, what goes on, and how the store does."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from workrail_engine.overview import Overview
from workrail_engine.projections.driving import Driver, SeenDriver
from workrail_engine.projections.health import DrivenNow
from workrail_engine.projections.listing import Counted, ListedSession, Since
from workrail_engine.reader import open_reader
from workrail_engine.store import dialect_postgresql, schema
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import SqlStore
from workrail_engine.testing.session_script import SessionScript
from workrail_engine.testing.world import MORNING

NOON = MORNING + timedelta(hours=3)
ADA, BOB = Driver("mcp", "ada", 11, 5), Driver("daemon", "bob", 12, 6)


@pytest.fixture
def overview(place: Path | str, store: SqlStore) -> Iterator[Overview]:
    with open_reader(place) as reader:
        yield reader.overview


def started(store: SqlStore, name: str, began: datetime = MORNING) -> SessionScript:
    script = SessionScript(name, name, began=began)
    store.commit(script.start())
    return script


def goals(lines: tuple[ListedSession, ...]) -> list[str]:
    return [line.summary.goal for line in lines]


def test_what_waits_longest_and_what_was_blocked_last_come_first(
    store: SqlStore, overview: Overview
):
    for number in range(3):
        hours = timedelta(hours=number)
        store.commit(started(store, f"waits {number}", MORNING + hours).wait())
        store.commit(started(store, f"blocked {number}", MORNING + hours).block())

    found = overview.attention(NOON, limit=2)

    assert goals(found.waiting) == ["waits 0", "waits 1"]
    assert goals(found.blocked) == ["blocked 2", "blocked 1"]
    assert (found.waiting_total, found.blocked_total, found.running_total) == (3, 3, 0)
    assert found.waiting[0].reason is not None
    assert found.waiting[0].reason.approver == "human_approval"


def test_what_goes_on_changed_or_was_driven_lately(store: SqlStore, overview: Overview):
    started(store, "changed", NOON - timedelta(minutes=5))
    started(store, "long ago")
    heard = started(store, "driven")
    done = started(store, "done")
    store.commit(done.finish())
    for script in (heard, done):
        store.heard_of(script.session_id, ADA, NOON - timedelta(minutes=1))

    found = overview.attention(NOON)
    wider = overview.attention(NOON, limit=2, recent=timedelta(days=1))

    assert goals(found.running) == ["driven", "changed"]
    assert found.running_total == 2
    assert len(wider.running) == 2
    assert wider.running_total == 3


def test_since_a_moment_it_counts_what_began_and_what_moved(store: SqlStore, overview: Overview):
    old = started(store, "old")
    started(store, "older")
    moment = NOON
    store.commit(started(store, "new", NOON).finish())
    old.at = NOON
    store.commit(old.block())

    assert overview.since(moment) == Since(
        at="2026-03-02T12:00:00.000000Z", started=1, by_status={"completed": 1, "blocked": 1}
    )


def test_health_tells_what_is_in_the_store_and_who_drove_it_lately(
    store: SqlStore, overview: Overview, place: Path | str
):
    one, two = started(store, "one"), started(store, "two", NOON)
    store.commit(two.finish())
    store.heard_of(one.session_id, ADA, NOON)
    store.heard_of(two.session_id, ADA, NOON + timedelta(minutes=1))
    store.heard_of(two.session_id, BOB, NOON + timedelta(minutes=2))
    store.heard_of(one.session_id, BOB, NOON - timedelta(days=2))
    send(place)

    health = overview.health(NOON + timedelta(hours=1))

    assert health is not None
    assert health.place == (str(place) if isinstance(place, Path) else hidden(place))
    assert health.kind.split()[0] == ("SQLite" if isinstance(place, Path) else "PostgreSQL")
    assert health.kind.split()[1][0].isdigit()
    assert health.schema_version == schema.SCHEMA_VERSION
    assert health.size is not None
    assert health.size > 4096
    assert health.sessions == (Counted("completed", 1), Counted("running", 1))
    assert (health.events, health.proofs, health.unread_messages) == (6, 0, 1)
    assert health.first_at == "2026-03-02T09:01:00.000000Z"
    assert health.last_at == "2026-03-02T12:02:00.000000Z"
    assert health.drivers == (
        DrivenNow(SeenDriver(BOB, "2026-03-02T12:02:00.000000Z"), 1, two.session_id),
        DrivenNow(SeenDriver(ADA, "2026-03-02T12:01:00.000000Z"), 2, two.session_id),
    )
    assert health.journal == ("wal" if isinstance(place, Path) else None)
    assert "hidden" not in repr(health)


def test_an_empty_store_is_in_health(overview: Overview):
    health = overview.health()

    assert health is not None
    assert (health.events, health.first_at, health.last_at) == (0, None, None)
    assert health.sessions == health.drivers == ()


def test_a_server_is_not_asked_to_count_what_is_very_much(
    store: SqlStore, place: Path | str, monkeypatch: pytest.MonkeyPatch
):
    started(store, "one")
    if isinstance(place, str):
        monkeypatch.setattr(dialect_postgresql, "MANY", 1)
        database = open_for_writing(place)
        with database.writing() as connection:
            connection.exec_driver_sql("ANALYZE events")
        database.close()
    started(store, "two")
    with open_reader(place) as reader:
        health = reader.overview.health()

    assert health is not None
    assert health.events == (2 if isinstance(place, str) else 4)


def send(place: Path | str) -> None:
    """Put one message that was read and one that was not into the mailbox."""
    statement = (
        "INSERT INTO mailbox (session, sender, body, sent_at, acknowledged_at)"
        " VALUES (1, 'ada', 'Stop.', 1, {read})"
    )
    database = open_for_writing(place)
    with database.writing() as connection:
        for read in ("NULL", "2"):
            connection.exec_driver_sql(statement.format(read=read))
    database.close()


def hidden(url: str) -> str:
    return url.replace("hidden%40word", "***")
