"""However damaged a store is, every session has a line in the list, and the damage is said on it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from workrail_engine.overview import Overview
from workrail_engine.projections.listing import ListAsk, ListedSession
from workrail_engine.reader import open_reader
from workrail_engine.session.events import Workspace
from workrail_engine.store import apart
from workrail_engine.store.database import open_for_writing
from workrail_engine.store.sql_store import SqlStore, open_store
from workrail_engine.testing.session_script import Sent, SessionScript
from workrail_engine.testing.world import MORNING, SeededEntropy

NAMES = ("whole", "hurt", "also whole")


@pytest.fixture
def overview(place: Path | str, store: SqlStore) -> Iterator[Overview]:
    with open_reader(place) as reader:
        yield reader.overview


def fill(store: SqlStore) -> dict[str, SessionScript]:
    """Three sessions, each blocked at its second step; the second of them gets number 2."""
    scripts = {name: SessionScript(name, name) for name in NAMES}
    for script in scripts.values():
        for change in (script.start(), script.complete(Sent(notes="Seen.")), script.block()):
            store.commit(change)
    return scripts


def damage(place: Path | str, *statements: str) -> None:
    database = open_for_writing(place)
    with database.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    database.close()


def without_types(path: Path, *statements: str) -> None:
    """Damage a file in ways its types would refuse."""
    loose = "UPDATE sqlite_schema SET sql = replace(sql, 'STRICT', '') WHERE name = 'sessions'"
    damage(path, "PRAGMA writable_schema = ON", loose)
    damage(path, *statements)


def by_goal(overview: Overview) -> dict[str, ListedSession]:
    lines = overview.listed(ListAsk()).lines
    return {line.summary.goal: line for line in lines}


@pytest.mark.rule("CON-34")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM nodes WHERE session = 2", "node 3, which is not there"),
        ("DELETE FROM nodes WHERE session = 2 AND node = 3", "node 3, which is not there"),
        ("UPDATE nodes SET kind = 'odd' WHERE session = 2", "of kind 'odd'"),
        ("UPDATE nodes SET kept = '{' WHERE session = 2 AND node = 3", "what node 3 holds"),
        ("UPDATE nodes SET kept = '[]' WHERE session = 2 AND node = 3", "what node 3 holds"),
        ("UPDATE events SET payload = '{' WHERE session = 2", "event 3 cannot be read"),
        ("UPDATE sessions SET status = 'odd' WHERE number = 2", "its status cannot be read"),
        ("UPDATE sessions SET tip = 99 WHERE number = 2", "node 99, which is not there"),
        ("UPDATE sessions SET tip = -1 WHERE number = 2", "its tip cannot be read"),
        ("UPDATE sessions SET session_id = 'x' WHERE number = 2", "its session id cannot be read"),
        ("UPDATE sessions SET updated_at = 9223372036854775807 WHERE number = 2", "its updated at"),
        (
            "UPDATE sessions SET updated_at = -9223372036854775807 WHERE number = 2",
            "its updated at",
        ),
        ("UPDATE sessions SET created_at = 9223372036854775807 WHERE number = 2", "its created at"),
    ],
)
def test_what_is_damaged_is_said_on_its_line_and_all_lines_stay(
    place: Path | str, store: SqlStore, overview: Overview, statement: str, said: str
):
    fill(store)
    damage(place, statement)

    lines = by_goal(overview)

    assert set(lines) == set(NAMES)
    hurt = lines["hurt"]
    assert hurt.problem is not None
    assert said in hurt.problem
    assert f"`workrail session verify {hurt.summary.session_id}`" in hurt.problem
    assert [lines[name].problem for name in ("whole", "also whole")] == [None, None]
    assert lines["whole"].marks == ("done", "blocked")
    assert hurt.summary.status == "blocked"


@pytest.mark.rule("CON-34")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET payload = '' WHERE session = 2",
        "DELETE FROM events WHERE session = 2",
        "UPDATE nodes SET parent = 3 WHERE session = 2 AND node = 3",
        "UPDATE sessions SET event_count = 0, steps_completed = 0 WHERE number = 2",
        "DELETE FROM workflows",
        "UPDATE sessions SET parent_session_id = session_id WHERE number = 2",
    ],
)
def test_other_damage_loses_no_line_either(
    place: Path | str, store: SqlStore, overview: Overview, statement: str
):
    fill(store)
    damage(place, statement)

    assert set(by_goal(overview)) == set(NAMES)
    assert overview.facets(ListAsk()).statuses[0].count == 3
    assert len(overview.attention(MORNING).blocked) == 3


@pytest.mark.rule("CON-34")
@pytest.mark.parametrize("at", ["9223372036854775807", "-9223372036854775807", "-5", "0"])
def test_pages_go_on_behind_an_impossible_time(
    place: Path | str, store: SqlStore, overview: Overview, at: str
):
    fill(store)
    damage(place, f"UPDATE sessions SET updated_at = {at} WHERE number = 2")  # noqa: S608 (numbers of ours)

    page = overview.listed(ListAsk(limit=1))
    found = [line.summary.goal for line in page.lines]
    while page.next_before is not None:
        page = overview.listed(ListAsk(limit=1, before=page.next_before))
        found += [line.summary.goal for line in page.lines]

    assert sorted(found) == sorted(NAMES)


@pytest.mark.rule("CON-34")
@pytest.mark.parametrize(
    "column",
    [
        *("workflow_id", "goal", "origin", "repository", "branch", "status", "step_title"),
        *("session_id", "parent_session_id"),
        *("steps_completed", "event_count", "tip", "created_at", "updated_at"),
    ],
)
@pytest.mark.parametrize("value", ["x'ff00'", "1.5", "'yesterday'", "zeroblob(3)"])
def test_a_row_with_anything_in_it_gives_a_line(tmp_path: Path, column: str, value: str):
    path = tmp_path / "sessions.db"
    with open_store(path, SeededEntropy()) as store:
        fill(store)
    statement = f"UPDATE sessions SET {column} = {value} WHERE number = 2"  # noqa: S608 (numbers of ours)
    without_types(path, statement)

    with open_reader(path) as reader:
        page = reader.overview.listed(ListAsk())
        first = reader.overview.listed(ListAsk(limit=1))
        rest = reader.overview.listed(ListAsk(before=first.next_before))
        reader.overview.facets(ListAsk(roots=True))
        reader.overview.attention(MORNING)
        reader.overview.health()

    assert (len(page.lines), page.total) == (3, 3)
    assert len(first.lines) + len(rest.lines) == 3
    assert sum(line.problem is None for line in page.lines) >= 2


@pytest.mark.rule("CON-34")
@pytest.mark.parametrize("table", ["nodes", "events", "sessions"])
def test_a_lost_page_of_the_file_costs_no_line(tmp_path: Path, table: str):
    path = tmp_path / "sessions.db"
    scripts = [
        SessionScript(f"s{number:03}", f"Work {number} " * 20, place_at("main"))
        for number in range(120)
    ]
    with open_store(path, SeededEntropy()) as store:
        for script in scripts:
            for change in (script.start(), script.complete(Sent(notes="Seen. " * 80))):
                store.commit(change)
    _lose_a_page(path, table)

    with open_reader(path) as reader:
        overview = reader.overview
        listed = [
            overview.listed(ListAsk(limit=200)).lines,
            _all_pages(overview, ListAsk(limit=50, status="running")),
            _all_pages(overview, ListAsk(limit=50, roots=True, branch="main")),
            overview.attention(MORNING, limit=200).running,
        ]
        counted = overview.facets(ListAsk(roots=True)).statuses
        since = overview.since(MORNING).by_status

    ids = {script.session_id for script in scripts}
    for lines in listed:
        assert {line.summary.session_id for line in lines} == ids
        assert 0 < sum(line.problem is not None for line in lines) < 100
        if table != "sessions":
            assert {line.summary.goal[:5] for line in lines} == {"Work "}
    assert [one.count for one in counted] == [120]
    assert since == {"running": 120}


@pytest.mark.rule("CON-34")
def test_behind_many_sessions_that_do_not_fit_the_pages_of_a_damaged_file_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(apart, "LOOKED_AT", 30)
    path = tmp_path / "sessions.db"
    with open_store(path, SeededEntropy()) as store:
        first = SessionScript("s000", "Work " * 60)
        store.commit(first.start())
        for number in range(1, 120):
            parent = None if number == 118 else first.session_id
            store.commit(SessionScript(f"s{number:03}", "Work " * 60, parent=parent).start())
    _lose_a_page(path, "sessions")

    with open_reader(path) as reader:
        lines = _all_pages(reader.overview, ListAsk(limit=50, roots=True))

    readable = [line.summary for line in lines if line.summary.goal]
    assert [one.parent_session_id for one in readable] == [None, None]
    assert 2 < len(lines) < 100


def place_at(branch: str) -> Workspace:
    return Workspace("/w", "/w", branch)


def _all_pages(overview: Overview, ask: ListAsk) -> list[ListedSession]:
    page = overview.listed(ask)
    lines = [*page.lines]
    while page.next_before is not None:
        page = overview.listed(replace(ask, before=page.next_before))
        lines += page.lines
    return lines


def _lose_a_page(path: Path, table: str) -> None:
    """Write over a leaf of a table in the file."""
    leaf = "SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY pageno"
    database = open_for_writing(path)
    with database.reading() as connection:
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
        leaves = connection.exec_driver_sql(leaf, (table,)).scalars().all()
    database.close()
    begin = (leaves[len(leaves) // 2] - 1) * size
    content = bytearray(path.read_bytes())
    content[begin : begin + size] = b"\xa5" * size
    path.write_bytes(content)
