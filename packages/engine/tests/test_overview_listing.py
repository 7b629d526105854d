"""What the console's list says of each session, and which sessions it shows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from workrail_engine.errors import InvalidInputError, SessionNotFoundError
from workrail_engine.ids import NodeId, SessionId, approval_id
from workrail_engine.outcomes import Blocker
from workrail_engine.overview import Overview
from workrail_engine.projections.driving import Driver, SeenDriver
from workrail_engine.projections.listing import (
    Counted,
    ListAsk,
    ListedPage,
    ListedSession,
    Total,
)
from workrail_engine.reader import Reader, open_reader
from workrail_engine.session.events import Workspace
from workrail_engine.store import facets, listing
from workrail_engine.store.sql_store import SqlStore
from workrail_engine.testing.session_script import (
    NOTHING_SENT,
    Sent,
    SessionScript,
)
from workrail_engine.testing.world import MORNING

BLOCKER = Blocker(NOTHING_SENT, "notes", "No notes were sent.", "Send notes.")


@pytest.fixture
def reader(place: Path | str, store: SqlStore) -> Iterator[Reader]:
    with open_reader(place) as opened:
        yield opened


@pytest.fixture
def overview(reader: Reader) -> Overview:
    return reader.overview


def the_line(overview: Overview) -> ListedSession:
    (line,) = overview.listed(ListAsk()).lines
    return line


def goals(page: ListedPage) -> list[str]:
    return [line.summary.goal for line in page.lines]


def add(
    store: SqlStore,
    name: str,
    where: Workspace | None = None,
    parent: SessionId | None = None,
    *,
    done: bool = False,
) -> SessionScript:
    hours = timedelta(hours=len(store.waiting()) + sum(map(ord, name)))
    script = SessionScript(name, name, where, parent, began=MORNING + hours)
    store.commit(script.start())
    if done:
        store.commit(script.finish())
    return script


def test_where_nothing_was_stored_a_list_is_empty(tmp_path: Path):
    with open_reader(tmp_path / "sessions.db") as reader:
        assert reader.overview.listed(ListAsk()) == ListedPage((), 0, more=False, next_before=None)
        assert reader.overview.facets(ListAsk()).statuses == ()
        assert reader.overview.attention(MORNING).running == ()
        assert reader.overview.since(MORNING).started == 0
        assert reader.overview.health() is None

    assert list(tmp_path.iterdir()) == []


def test_one_line_is_that_of_the_list(store: SqlStore, overview: Overview, tmp_path: Path):
    script = add(store, "one")
    add(store, "another")
    store.commit(script.block())
    unknown = SessionScript("nobody").session_id

    listed = {line.summary.session_id: line for line in overview.listed(ListAsk()).lines}

    assert overview.line(script.session_id) == listed[script.session_id]
    with pytest.raises(SessionNotFoundError):
        overview.line(unknown)
    with open_reader(tmp_path / "none.db") as reader, pytest.raises(SessionNotFoundError):
        reader.overview.line(unknown)


def test_a_strip_of_marks_tells_how_the_branch_went(store: SqlStore, overview: Overview):
    script = SessionScript()
    for change in (script.start(), script.complete(), script.block(), script.block()):
        store.commit(change)
    store.commit(script.complete(Sent(notes="At last.")))

    running = the_line(overview)
    store.commit(script.block())
    blocked = the_line(overview)
    store.commit(script.wait())
    waiting = the_line(overview)
    store.commit(script.approve())
    store.commit(script.checkpoint("Not the last word of the branch."))
    store.commit(script.finish(Sent(notes="Shipped.")))
    done = the_line(overview)

    assert running.marks == ("done", "retried", "current")
    assert (running.retries, running.marks_left_out, running.last_note) == (2, 0, "At last.")
    assert running.reason is None
    assert blocked.marks == ("done", "retried", "blocked")
    assert (blocked.retries, blocked.last_note) == (3, "At last.")
    assert waiting.marks == ("done", "retried", "waiting")
    assert waiting.last_note == "Looked, found, fixed."
    assert done.marks == ("done", "retried", "retried", "done", "end")
    assert (done.retries, done.last_note, done.reason) == (3, "Shipped.", None)
    assert {line.problem for line in (running, blocked, waiting, done)} == {None}


def test_marks_follow_the_branch_the_session_stands_on(store: SqlStore, overview: Overview):
    script = SessionScript()
    for change in (script.start(), script.complete(), script.block(), script.complete()):
        store.commit(change)
    store.commit(script.complete(node=1))

    assert the_line(overview).marks == ("done", "current")


def test_of_a_long_branch_the_end_is_shown_and_the_rest_counted(
    store: SqlStore, overview: Overview
):
    script = SessionScript()
    store.commit(script.start())
    for _ in range(40):
        store.commit(script.complete())

    line = the_line(overview)

    assert line.marks == (*(["done"] * 23), "current")
    assert line.marks_left_out == 17


def test_a_blocked_session_says_why_since_when_and_for_how_often(
    store: SqlStore, overview: Overview
):
    script = SessionScript()
    store.commit(script.start())
    for _ in range(30):
        store.commit(script.block())
    store.commit(script.checkpoint())

    reason = the_line(overview).reason

    assert reason is not None
    assert reason.since == "2026-03-02T09:31:00.000000Z"
    assert reason.blockers == (BLOCKER,)
    assert reason.attempts == 30
    assert (reason.approval_id, reason.approver, reason.reason) == (None, None, None)


def test_a_waiting_session_says_whose_approval_it_waits_for(store: SqlStore, overview: Overview):
    script = SessionScript()
    for change in (script.start(), script.block(), script.wait(), script.checkpoint()):
        store.commit(change)

    reason = the_line(overview).reason

    assert reason is not None
    assert reason.since == "2026-03-02T09:03:00.000000Z"
    assert reason.approval_id == approval_id(script.session_id, script.state.tip or NodeId(0))
    assert (reason.approver, reason.attempts, reason.blockers) == ("human_approval", 1, ())


def test_the_last_note_is_the_newest_that_was_written(store: SqlStore, overview: Overview):
    script = SessionScript()
    store.commit(script.start())
    assert the_line(overview).last_note is None
    store.commit(script.complete(Sent(notes="Long. " * 200)))
    store.commit(script.complete(Sent(notes=None)))
    store.commit(script.complete(Sent(notes=None)))
    note = the_line(overview).last_note
    assert note is not None
    assert (len(note), note[:6]) == (400, "Long. ")
    store.commit(script.block(Sent(notes="I could not.")))
    assert the_line(overview).last_note == "I could not."


def test_a_line_counts_the_sessions_started_from_it_and_names_its_drivers(
    store: SqlStore, overview: Overview
):
    parent = add(store, "whole")
    for number in range(3):
        add(store, f"part {number}", parent=parent.session_id, done=number > 0)
    old, new = Driver("mcp", "ada", 11, 5), Driver("daemon", "ada", 12, 6)
    store.heard_of(parent.session_id, old, MORNING)
    store.heard_of(parent.session_id, new, MORNING + timedelta(minutes=1))

    (line,) = overview.listed(ListAsk(roots=True)).lines

    assert line.children == {"running": 1, "completed": 2}
    assert line.drivers == (
        SeenDriver(new, "2026-03-02T09:01:00.000000Z"),
        SeenDriver(old, "2026-03-02T09:00:00.000000Z"),
    )


@pytest.mark.parametrize("few", [1_000, 1])
def test_a_list_can_be_narrowed_by_every_value_a_session_has(
    store: SqlStore, overview: Overview, few: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listing, "FEW", few)
    shop, lake = Workspace("/w/shop", "/w/shop", "main"), Workspace("/w/lake", "/w/lake", "fix")
    first = add(store, "a", shop)
    add(store, "b", lake, done=True)
    add(store, "c", shop, first.session_id)
    add(store, "d", Workspace("/w/loose"), SessionId("sess_gone"))

    def found(**asked: str | bool) -> list[str]:
        return goals(overview.listed(replace(ListAsk(), **asked)))

    assert found() == ["d", "c", "b", "a"]
    assert found(repository="/w/shop") == ["c", "a"]
    assert found(branch="fix") == ["b"]
    assert found(status="completed") == ["b"]
    assert found(workflow="test.linear") == ["d", "c", "b", "a"]
    assert found(workflow="test.other") == found(origin="cli") == []
    assert found(origin="mcp", repository="/w/lake") == ["b"]
    assert found(roots=True) == ["d", "b", "a"]
    assert found(roots=True, repository="/w/shop") == ["a"]
    assert found(words="c", repository="/w/shop") == ["c"]
    assert found(words="c", roots=True) == []


@pytest.mark.parametrize("few", [1_000, 2])
@pytest.mark.parametrize(
    "ask",
    [ListAsk(limit=2), ListAsk(2, roots=True), ListAsk(2, branch="main"), ListAsk(2, words="work")],
)
def test_pages_of_a_list_follow_each_other_without_gap_or_overlap(
    store: SqlStore, overview: Overview, ask: ListAsk, few: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listing, "FEW", few)
    for number in range(5):
        add(store, f"work {number}", Workspace("/w", "/w", "main"))

    pages = [overview.listed(ask)]
    while pages[-1].next_before is not None:
        pages.append(overview.listed(replace(ask, before=pages[-1].next_before)))

    assert [goal for page in pages for goal in goals(page)] == [
        f"work {n}" for n in (4, 3, 2, 1, 0)
    ]
    assert {(page.total, page.more) for page in pages} == {(5, False)}
    assert len(pages) == 3
    with pytest.raises(InvalidInputError, match="'yesterday' is not a place in a list"):
        overview.listed(replace(ask, before="yesterday"))


def test_a_count_over_several_conditions_is_cut_and_says_so(
    store: SqlStore, overview: Overview, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listing, "FEW", 1)
    monkeypatch.setattr(listing, "MOST_MET", 2)
    for number in range(4):
        add(store, f"work {number}", Workspace("/w", "/w", "main"))

    page = overview.listed(ListAsk(branch="main", repository="/w"))

    assert (page.total, page.more, len(page.lines)) == (2, True, 4)


@pytest.mark.rule("CON-30")
def test_a_list_asks_the_same_few_statements_however_many_lines_it_has(
    store: SqlStore, overview: Overview
):
    scripts = [add(store, f"s{number:02}") for number in range(30)]
    for script in scripts:
        store.commit(script.complete())
        store.commit(script.block())
    store.commit(scripts[0].wait())

    def asked(limit: int) -> list[str]:
        statements: list[str] = []

        def seen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            statements.append(statement)

        event.listen(Engine, "before_cursor_execute", seen)
        assert len(overview.listed(ListAsk(limit)).lines) == limit
        event.remove(Engine, "before_cursor_execute", seen)
        return statements

    assert len(asked(2)) == len(asked(30)) <= 12


def test_roots_are_counted_and_paged_the_same_whether_they_are_few_or_many(
    store: SqlStore, overview: Overview, monkeypatch: pytest.MonkeyPatch
):
    for number in range(4):
        root = add(store, f"root {number}")
        add(store, f"child {number}", parent=root.session_id)
    few = overview.listed(ListAsk(3, roots=True))

    monkeypatch.setattr(listing, "FEW", 1)

    assert (few.total, few.more, len(few.lines)) == (4, False, 3)
    assert overview.listed(ListAsk(3, roots=True)) == few


@pytest.mark.rule("CON-30")
def test_the_first_children_of_several_sessions_are_asked_for_at_once(
    store: SqlStore, overview: Overview, tmp_path: Path
):
    parents = [add(store, name) for name in ("one", "two", "alone")]
    for name in ("first", "second", "third"):
        add(store, name, parent=parents[0].session_id)
    add(store, "only", parent=parents[1].session_id)

    found = overview.children([one.session_id for one in parents], most=2)

    assert {parent: [child.goal for child in some] for parent, some in found.items()} == {
        parents[0].session_id: ["first", "second"],
        parents[1].session_id: ["only"],
    }
    assert (
        found[parents[1].session_id][0]
        == overview.listed(ListAsk(1, words="only")).lines[0].summary
    )
    assert overview.children([], most=2) == {}
    with open_reader(tmp_path / "none.db") as nothing:
        assert nothing.overview.children([parents[0].session_id], most=2) == {}


def test_facets_count_each_value_without_the_condition_on_it(store: SqlStore, overview: Overview):
    shop, lake = Workspace("/w/shop", "/w/shop", "main"), Workspace("/w/lake", "/w/lake", "fix")
    add(store, "a", shop)
    add(store, "b", shop, done=True)
    add(store, "c", lake)
    add(store, "d", Workspace("/w/loose"))

    everything = overview.facets(ListAsk())
    narrowed = overview.facets(ListAsk(repository="/w/shop", status="running", words="a"))

    assert everything.statuses == (Counted("running", 3), Counted("completed", 1))
    assert everything.workflows == (Counted("test.linear", 4),)
    assert everything.repositories == (Counted("/w/shop", 2), Counted("/w/lake", 1))
    assert everything.branches == (Counted("main", 2), Counted("fix", 1))
    assert everything.origins == (Counted("mcp", 4),)
    assert narrowed.statuses == (Counted("running", 1),)
    assert narrowed.repositories == (Counted("/w/shop", 1),)
    without = overview.facets(ListAsk(repository="/w/shop", roots=True))
    assert without.repositories == everything.repositories
    assert without.statuses == (Counted("completed", 1), Counted("running", 1))


def test_facets_of_many_sessions_say_that_there_may_be_more(
    store: SqlStore, overview: Overview, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(facets, "LOOKED_AT", 2)
    monkeypatch.setattr(facets, "LEAST", 2)
    for number in range(4):
        add(store, f"s{number}", Workspace("/w", "/w", f"b{number}"))

    found = overview.facets(ListAsk())

    assert found.statuses == (Counted("running", 4),)
    assert {one.more for one in (*found.branches, *found.repositories)} == {True}


def test_the_value_that_was_asked_for_is_counted_however_rare_it_is(
    store: SqlStore, overview: Overview
):
    for number in range(14):
        add(store, f"s{number:02}", Workspace("/w", "/w", f"b{number:02}"))

    branches = overview.facets(ListAsk(branch="b13")).branches

    assert len(branches) == facets.MOST_VALUES
    assert branches[-1] == Counted("b13", 1)


@pytest.mark.rule("CON-211")
@pytest.mark.parametrize("few", [1, 1_000])
@pytest.mark.parametrize(
    "ask",
    [ListAsk(2), ListAsk(2, roots=True), ListAsk(2, status="completed"), ListAsk(2, branch="b")],
)
def test_a_list_that_is_told_how_many_there_are_is_the_same_list(
    store: SqlStore, overview: Overview, monkeypatch: pytest.MonkeyPatch, few: int, ask: ListAsk
):
    monkeypatch.setattr(listing, "FEW", few)
    for number in range(4):
        root = add(store, f"root {number}", Workspace("/w", "/w", "b"), done=number > 1)
        add(store, f"child {number}", parent=root.session_id)

    total = overview.count(ask)
    whole = overview.listed(ask)

    assert (whole.total, whole.more) == (total.count, total.more)
    assert overview.listed(ask, total) == whole
    assert overview.listed(replace(ask, before=whole.next_before), total).total == whole.total


@pytest.mark.rule("CON-211")
def test_what_was_counted_is_not_counted_again(
    store: SqlStore, overview: Overview, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(listing, "FEW", 1)
    add(store, "one")
    add(store, "two")

    page = overview.listed(ListAsk(roots=True), Total(10_000, more=True))

    assert (page.total, page.more, len(page.lines)) == (10_000, True, 2)
